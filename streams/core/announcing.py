"""What is said of a ticket's clocks on `sla-transitions`, each thing once.

What is true of a clock is its log and the marks that time has passed since. What was said of
it stands in the ticket's record. `announce` compares the two: what is true and not said is
said now, and what was said and is not true any more is taken back, visibly (law 6). So it
does not matter whether a timer, an event, a late event or another policy brought the
difference about, and a restart says nothing twice.

The id of a transition is a hash of ticket, clock, instance, transition, level and how often it
was said before; the same after any crash.
"""

from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from streams.core.calendars import FOREVER
from streams.core.clocks import (
    ACTIVATED,
    MET,
    MET_LATE,
    PAUSED,
    RETRACTED,
    Clock,
    Entry,
)
from streams.core.promises import instances, spent, total
from streams.core.record import Packing
from streams.core.ticket import Ticket

ATTRIBUTES: Final = (
    "status",
    "priority",
    "queue",
    "assignee",
    "channel",
    "category",
    "kind",
    "organization",
    "segment",
    "product",
)
"""What a transition tells of its ticket: nothing about the requester."""
_TAKEN_BACK: Final = "!"


class Transition(NamedTuple):
    """One thing said of one instance of a clock. Times are epoch milliseconds."""

    id: str
    ticket: str
    clock: str
    source: str
    """With `event`: the event that started the instance."""
    event: str
    policy: str
    transition: str
    level: str
    at: int
    """When it happened, in event time."""
    start: int
    target: int
    """Milliseconds of the calendar's open time."""
    deadline: int | None
    """`None` where it is not known (paused), or the instance is no more."""
    used: int
    """Budget used until `at`."""
    attributes: dict[str, str]
    refers_to: str | None
    """The id of what it takes back or goes on from."""
    by_timer: bool = False
    """Found because time had passed, with nothing else to find it by."""
    spent: tuple[tuple[tuple[str, str], int], ...] = ()
    """Of a stop: where the budget went since the clock last began, by (part, value)."""


class _Said:
    """What was said of one instance."""

    __slots__ = ("key", "names", "policy", "target")

    def __init__(
        self, key: tuple[str, str, str], policy: str, target: int, names: list[str]
    ) -> None:
        self.key = key
        self.policy = policy
        self.target = target
        self.names = names
        """Everything ever said, in order; what was taken back is marked."""

    def standing(self) -> list[str]:
        return [name for name in self.names if not name.startswith(_TAKEN_BACK)]

    def times(self, name: str, until: int | None = None) -> int:
        """How often it was said, taken back or not, before the place `until`."""
        return sum(said.removeprefix(_TAKEN_BACK) == name for said in self.names[:until])

    def dump(self) -> list[Any]:
        return [*self.key, self.policy, self.target, self.names]


def announce(
    name: str, ticket: Ticket, announced: bytes, now: int, packing: Packing
) -> tuple[bytes, list[Transition]]:
    """Everything that has to be said of the ticket `name` as of `now`.

    Returns what stands said then, for the record, and the transitions in order.
    """
    said = (
        [_Said(tuple(one[:3]), *one[3:]) for one in packing.loads(announced)] if announced else []
    )
    by_key = {one.key: one for one in said}
    found: list[Transition] = []
    clocks = {clock.key: clock for clock in instances(ticket)}
    for one in said:
        if one.key not in clocks:
            found += _Speaker(name, ticket, one, None, now).say([])
    for key, clock in clocks.items():
        true = [*clock.log]
        if clock.has_passed(now):
            true += (Entry(mark.transition, mark.level, mark.at) for mark in clock.passed_by(now))
        if key not in by_key:
            if not true:
                continue
            by_key[key] = _Said(key, "", 0, [])
            said.append(by_key[key])
        found += _Speaker(name, ticket, by_key[key], clock, now).say(true)
    if not found:
        return announced, found
    return packing.dumps([one.dump() for one in said]), found


class _Speaker:
    """Says what has to be said of one instance."""

    def __init__(
        self, name: str, ticket: Ticket, said: _Said, clock: Clock | None, now: int
    ) -> None:
        self._name, self._ticket, self._said, self._clock, self._now = (
            name,
            ticket,
            said,
            clock,
            now,
        )

    def say(self, true: Sequence[Entry]) -> list[Transition]:
        wanted = [_named(entry) for entry in true]
        standing = self._said.standing()
        if wanted == standing:
            return []
        found = []
        superfluous = Counter(standing) - Counter(wanted)
        for place in reversed(range(len(self._said.names))):
            name = self._said.names[place]
            if superfluous[name] > 0 and name not in _NO_VERDICTS:
                superfluous[name] -= 1
                found.append(self._take_back(place))
        known = Counter(standing)
        for entry, name in zip(true, wanted, strict=True):
            if known[name] > 0:
                known[name] -= 1
            else:
                found.append(self._new(entry, name))
        return found

    def _new(self, entry: Entry, name: str) -> Transition:
        said, clock = self._said, self._clock
        if clock is not None and clock.terms is not None:
            said.policy, said.target = clock.policy, clock.terms.target
        before = self._latest()
        identity = self._id(name, said.times(name))
        counted = name in _STOPS and _TAKEN_BACK + name not in said.names
        said.names.append(name)
        return self._transition(identity, entry, before, counted=counted)

    def _take_back(self, place: int) -> Transition:
        said = self._said
        name = said.names[place]
        times = said.times(name, place)
        of = self._id(name, times)
        said.names[place] = _TAKEN_BACK + name
        level = name.partition(" ")[2]
        identity = self._id(f"{RETRACTED} {name}", times)
        return self._transition(
            identity,
            Entry(RETRACTED, level, max(self._now, self._ticket.last_at)),
            of,
            counted=False,
        )

    def _latest(self) -> str | None:
        """The id of what was said last and stands."""
        names = self._said.names
        for place in reversed(range(len(names))):
            if not names[place].startswith(_TAKEN_BACK):
                return self._id(names[place], self._said.times(names[place], place))
        return None

    def _id(self, name: str, times: int) -> str:
        text = "\0".join((self._name, *self._said.key, name, str(times)))
        return blake2b(text.encode(), digest_size=16).hexdigest()

    def _transition(
        self, identity: str, entry: Entry, refers_to: str | None, *, counted: bool
    ) -> Transition:
        said, clock, ticket = self._said, self._clock, self._ticket
        start = used = 0
        deadline: int | None = None
        where: tuple[tuple[tuple[str, str], int], ...] = ()
        if clock is not None:
            start = clock.start
            if 0 <= clock.deadline < FOREVER and entry.transition != RETRACTED:
                deadline = clock.deadline
            split = spent(clock, ticket, entry.at)
            used = total(split)
            if counted:
                if clock.gaps:
                    split = spent(clock, ticket, entry.at, clock.gaps[-1][1])
                where = tuple(sorted(split.items()))
        kind, source, event = said.key
        values = {each: ticket.attribute(each) for each in ATTRIBUTES}
        for stretch in reversed(ticket.timeline):
            if stretch.at <= entry.at:
                # As they were then: a batch may have gone on since.
                values |= stretch.attributes
                break
        return Transition(
            identity, self._name, kind, source, event, said.policy, entry.transition, entry.level,
            entry.at, start, said.target, deadline, used,
            {each: value for each, value in values.items() if isinstance(value, str)},
            refers_to, spent=where,
        )  # fmt: skip


_NO_VERDICTS: Final = frozenset({ACTIVATED, PAUSED})
"""What was said in passing and is not taken back."""
_STOPS: Final = frozenset({MET, MET_LATE})


def _named(entry: Entry) -> str:
    return f"{entry.transition} {entry.level}" if entry.level else entry.transition
