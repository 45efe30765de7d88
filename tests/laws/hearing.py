"""Somebody who listens to what is said of clocks, and what is true of them."""

from collections import Counter
from dataclasses import dataclass, field

from streams.core import promises
from streams.core.announcing import Transition
from streams.core.processor import Processor
from tests.laws.instances import Instance

Key = tuple[str, str, str, str]
"""Ticket, clock, and the event that started the instance."""
Name = tuple[str, str]
"""Transition and level."""


@dataclass(slots=True)
class Heard:
    """Somebody who listens to all transitions."""

    known: dict[str, tuple[Key, Name]] = field(default_factory=dict)
    standing: dict[Key, dict[str, Name]] = field(default_factory=dict)
    """What was said and not taken back, by id, in order."""

    def hear(self, transition: Transition, *, again: bool) -> None:
        """Without `again` every id comes once; with it, an id says the same each time."""
        key = (transition.ticket, transition.clock, transition.source, transition.event)
        what = key, (transition.transition, transition.level)
        if again and transition.id in self.known:
            assert self.known[transition.id] == what
            return
        assert transition.id not in self.known
        standing = self.standing.setdefault(key, {})
        if transition.refers_to is not None:
            assert self.known[transition.refers_to][0] == key
        if transition.transition == "retracted":
            taken = standing.pop(transition.refers_to or "") if not again else None
            assert taken is None or taken[1] == transition.level
        elif not again:
            # It goes on from what was said last.
            assert transition.refers_to == next(reversed(standing), None)
        self.known[transition.id] = what
        if transition.transition != "retracted":
            standing[transition.id] = what[1]


def truth(processor: Processor) -> dict[Key, Counter[Name]]:
    """What is true of each instance, at effective now."""
    return {
        (name, *clock.key): Counter(entry)
        for name, record in processor.wake().items()
        for clock in promises.instances(record.ticket)
        if (
            entry := [
                *((entry.transition, entry.level) for entry in clock.log),
                *((mark.transition, mark.level) for mark in clock.passed_by(processor._clock)),
            ]
        )
    }


def assert_says(said: Counter[Name], one: Instance) -> None:
    """What stands said of an instance tells its state."""
    names = Counter(transition for transition, _ in said.elements())
    if one.state == "cancelled":
        assert names["cancelled"]
        return
    assert names["breached"] == (one.state in {"breached_open", "breached_closed"})
    assert sorted(level for _, level in said if level) == list(one.warned)
    assert bool(names["met"] + names["met_late"]) >= (one.stop is not None)
    if one.state == "met":
        assert names["met"] > names["met_late"] == 0
    if one.state == "breached_closed":
        assert names["met_late"]
