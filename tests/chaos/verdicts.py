"""What has to be true in the end, whatever befell the workers: the laws, and the reference model.

The reference model knows nothing of partitions, workers and time that passed meanwhile: it is
given all events that were sent, and the instant.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from streams.core.announcing import Transition
from streams.core.processor import Processor
from streams.wire import packing
from streams.wire.cloudevents import decode
from tests.chaos.stories import books_of
from tests.chaos.worlds import World
from tests.laws import recount
from tests.laws.driving import CloudEvent, Report, Rules, engine_report, reference_report
from tests.laws.hearing import Heard, Key, Name, assert_says, truth
from tests.laws.instances import of_reference
from tests.reference.events import parse_time

Standing = Mapping[Key, Counter[Name]]


class Ending(NamedTuple):
    """A world in which everything was read, and what was sent to it."""

    world: World
    rules: Rules
    sent: Sequence[CloudEvent]
    """Every event, in the order in which it arrived."""
    garbage: int
    """How many records were no JSON besides."""

    def compare(self) -> None:
        """Raises `AssertionError` where anything is not as it has to be."""
        processors = self.world.processors()
        for one in processors:
            # The next owner is told the time before it shows anything.
            one.advance(self.world.now)
        self._outcomes(processors)
        self._aside()
        if self.sent:
            self._report(processors)
            self._live(processors)
            self._announcements(processors)

    def _outcomes(self, processors: Sequence[Processor]) -> None:
        """Every record of a partition came to exactly one outcome (law 8)."""
        for one, log in zip(processors, self.world.logs, strict=True):
            outcomes = one.outcomes.items()
            assert sum(n for (kind, _), n in outcomes if kind != "flag") == len(log)

    def _aside(self) -> None:
        """Refused and late: those that one worker that reads it all puts aside."""
        expected = [
            (reason, partition, offset)
            for partition in range(len(self.world.logs))
            for reason, offset in self._put_aside(partition)
        ]
        found = Counter(self.world.aside())
        assert found.keys() == set(expected)
        assert not self.world.exactly_once or found == Counter(expected)

    def _put_aside(self, partition: int) -> list[tuple[str, int]]:
        settings, log = self.rules.engine, self.world.logs[partition]
        skew, now = settings.future_skew, self.world.now
        arrivals = [decode(r.key, r.value, r.headers, now_ms=now, future_skew_ms=skew) for r in log]
        reader = Processor(settings, packing, announcing=False)
        verdicts = reader.apply(list(enumerate(arrivals)))
        return [(one.reason or "late", one.place) for one in verdicts]

    def _report(self, processors: Sequence[Processor]) -> None:
        found = engine_report(books_of(processors), self.rules, self.world.now)
        expected = reference_report(self.sent, self.rules, self.world.now)
        assert _without_garbage(found, self.garbage) == expected

    def _live(self, processors: Sequence[Processor]) -> None:
        """What a next owner shows of now, and in its windows (law 4)."""
        for number, one in enumerate(processors):
            sent = [e for e in self.sent if self.world.partition_of(e["subject"]) == number]
            tickets = recount.tickets(sent, self.rules.reference)
            assert recount.live_gauges(one) == recount.gauges(tickets, self.rules.reference)
            assert recount.live_windows(one) == {
                span: recount.window(tickets, self.rules.reference, self.world.now, span)
                for span in self.rules.engine.windows
            }

    def _announcements(self, processors: Sequence[Processor]) -> None:
        """What was said and not taken back is what is true, and what the reference model says.

        At least once, what left right before a crash is forgotten, so more may stand.
        """
        true: dict[Key, Counter[Name]] = {}
        for one in processors:
            true |= truth(one)
        if not self.world.exactly_once:
            assert all(self._said()[key] >= names for key, names in true.items())
            return
        heard = Heard()
        for transition in map(_heard, self.world.transitions()):
            heard.hear(transition, again=False)
        standing = {key: Counter(names.values()) for key, names in heard.standing.items() if names}
        assert standing == true
        for instance in of_reference(self.sent, self.rules, self.world.now):
            key = (instance.ticket, instance.clock, *instance.event)
            assert_says(standing.get(key, Counter()), instance)

    def _said(self) -> dict[Key, Counter[Name]]:
        """Everything ever said; each id says the same each time."""
        by_id: dict[str, tuple[Key, Name]] = {}
        said: dict[Key, Counter[Name]] = {}
        for one in map(_heard, self.world.transitions()):
            key = (one.ticket, one.clock, one.source, one.event)
            what = (key, (one.transition, one.level))
            if by_id.setdefault(one.id, what) is what:
                said.setdefault(key, Counter())[what[1]] += 1
            assert by_id[one.id] == what
        return said


def _heard(told: Mapping[str, Any]) -> Transition:
    """A record of `sla-transitions`, as it was before it was written."""
    return Transition(
        id=told["id"],
        ticket=told["ticket"],
        clock=told["clock"],
        source=told["instance"]["source"],
        event=told["instance"]["id"],
        policy=told["policy"],
        transition=told["transition"],
        level=told.get("level", ""),
        at=parse_time(told["time"]),
        start=parse_time(told["started_at"]),
        target=int(told["target_s"] * 1000),
        deadline=None,
        used=0,
        attributes=told["attributes"],
        refers_to=told.get("refers_to"),
    )


def _without_garbage(found: Report, garbage: int) -> Report:
    """The report as if nothing had come but events."""
    events = dict(found["events"])
    rejected = dict(events.pop("rejected", {}))
    assert rejected.pop("json", 0) == garbage
    events["read"] -= garbage
    return {**found, "events": events | ({"rejected": rejected} if rejected else {})}
