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

EXTRA: Final = ("category", "kind", "organization", "segment", "product")
"""What a transition tells of its ticket besides status, priority, queue, assignee and channel:
nothing about the requester."""
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
        """What was said and not taken back."""
        return [name for name in self.names if not name.startswith(_TAKEN_BACK)]

    def times(self, name: str, until: int) -> int:
        """How often it was said, taken back or not, before the place `until`."""
        times = 0
        for said in self.names[:until]:
            if said == name or (said.startswith(_TAKEN_BACK) and said[1:] == name):
                times += 1
        return times

    def dump(self) -> list[Any]:
        """All of it as JSON values."""
        return [*self.key, self.policy, self.target, self.names]


def announce(
    name: str, ticket: Ticket, announced: bytes, now: int, packing: Packing
) -> tuple[bytes, list[Transition]]:
    """Everything that has to be said of the ticket `name` as of `now`.

    Returns what stands said then, for the record, and the transitions in order.
    """
    said: list[_Said] = []
    by_key: dict[tuple[str, str, str], _Said] = {}
    if announced:
        for kind, source, event, policy, target, names in packing.loads(announced):
            one = _Said((kind, source, event), policy, target, names)
            said.append(one)
            by_key[one.key] = one
    found: list[Transition] = []
    clocks = {clock.key: clock for clock in instances(ticket)}
    for one in said:
        if one.key not in clocks:
            _Speaker(name, ticket, one, None, now, found).say([])
    for key, clock in clocks.items():
        true = clock.log
        passed = clock.passed_by(now)
        if passed:
            true = (*true, *[Entry(mark.transition, mark.level, mark.at) for mark in passed])
        known = by_key.get(key)
        if known is None:
            if not true:
                continue
            known = _Said(key, "", 0, [])
            said.append(known)
        _Speaker(name, ticket, known, clock, now, found).say(true)
    if not found:
        return announced, found
    return packing.dumps([one.dump() for one in said]), found


class _Speaker:
    """Says what has to be said of one instance."""

    __slots__ = ("_clock", "_found", "_name", "_now", "_said", "_ticket")

    def __init__(
        self,
        name: str,
        ticket: Ticket,
        said: _Said,
        clock: Clock | None,
        now: int,
        found: list[Transition],
    ) -> None:
        self._name = name
        self._ticket = ticket
        self._said = said
        self._clock = clock
        self._now = now
        self._found = found
        """Where what is said goes."""

    def say(self, true: Sequence[Entry]) -> None:
        """Make what stands said what is true."""
        wanted = [_named(entry) for entry in true]
        standing = self._said.standing()
        if wanted == standing:
            return
        number = len(standing)
        if wanted[:number] == standing:
            # The usual case: it went on from there.
            for entry, name in zip(true[number:], wanted[number:], strict=True):
                self._new(entry, name)
            return
        superfluous = Counter(standing) - Counter(wanted)
        for place in reversed(range(len(self._said.names))):
            name = self._said.names[place]
            if superfluous[name] > 0 and name not in _NO_VERDICTS:
                superfluous[name] -= 1
                self._take_back(place)
        known = Counter(standing)
        for entry, name in zip(true, wanted, strict=True):
            if known[name] > 0:
                known[name] -= 1
            else:
                self._new(entry, name)

    def _new(self, entry: Entry, name: str) -> None:
        said, clock = self._said, self._clock
        if clock is not None and clock.terms is not None:
            said.policy, said.target = clock.policy, clock.terms.target
        before = self._latest()
        identity = self._id(name, said.times(name, len(said.names)))
        counted = name in _STOPS and _TAKEN_BACK + name not in said.names
        said.names.append(name)
        self._add(identity, entry, before, counted=counted)

    def _take_back(self, place: int) -> None:
        said = self._said
        name = said.names[place]
        times = said.times(name, place)
        of = self._id(name, times)
        said.names[place] = _TAKEN_BACK + name
        level = name.partition(" ")[2]
        at = max(self._now, self._ticket.last_at)
        self._add(
            self._id(f"{RETRACTED} {name}", times), Entry(RETRACTED, level, at), of, counted=False
        )

    def _latest(self) -> str | None:
        """The id of what was said last and stands."""
        names = self._said.names
        for place in range(len(names) - 1, -1, -1):
            if not names[place].startswith(_TAKEN_BACK):
                return self._id(names[place], self._said.times(names[place], place))
        return None

    def _id(self, name: str, times: int) -> str:
        text = "\0".join((self._name, *self._said.key, name, str(times)))
        return blake2b(text.encode(), digest_size=16).hexdigest()

    def _add(self, identity: str, entry: Entry, refers_to: str | None, *, counted: bool) -> None:
        said, clock, ticket = self._said, self._clock, self._ticket
        transition, level, at = entry
        start = used = 0
        deadline: int | None = None
        where: tuple[tuple[tuple[str, str], int], ...] = ()
        if clock is not None:
            start = clock.start
            if 0 <= clock.deadline < FOREVER and transition != RETRACTED:
                deadline = clock.deadline
            used = _used(clock, ticket, at)
            if counted:
                since = clock.gaps[-1][1] if clock.gaps else 0
                where = tuple(sorted(spent(clock, ticket, at, since).items()))
        kind, source, event = said.key
        made: Transition = tuple.__new__(
            Transition,
            (
                identity, self._name, kind, source, event, said.policy, transition, level,
                at, start, said.target, deadline, used, _attributes(ticket, at),
                refers_to, False, where,
            ),
        )  # fmt: skip
        self._found.append(made)


def _used(clock: Clock, ticket: Ticket, at: int) -> int:
    """Budget used until `at`."""
    if at >= clock.since and not clock.gaps:
        return clock.used_at(at)
    return total(spent(clock, ticket, at))


def _attributes(ticket: Ticket, at: int) -> dict[str, str]:
    """The ticket's attributes, as far as a transition tells them."""
    status, queue, assignee = ticket.status or "new", ticket.queue, ticket.assignee
    for stretch in reversed(ticket.timeline):
        if stretch.at <= at:
            # As they were then: a batch may have gone on since.
            _, status, queue, assignee = stretch
            break
    told = {"status": status}
    if ticket.priority is not None:
        told["priority"] = ticket.priority
    if queue is not None:
        told["queue"] = queue
    if assignee is not None:
        told["assignee"] = assignee
    if ticket.channel is not None:
        told["channel"] = ticket.channel
    if ticket.extra is not None:
        for name in EXTRA:
            value = ticket.extra.get(name)
            if isinstance(value, str):
                told[name] = value
    return told


_NO_VERDICTS: Final = frozenset({ACTIVATED, PAUSED})
"""What was said in passing and is not taken back."""
_STOPS: Final = frozenset({MET, MET_LATE})


def _named(entry: Entry) -> str:
    transition, level, _ = entry
    return f"{transition} {level}" if level else transition
