"""One instance of an SLA clock: how much of its budget is used, and what came of it.

A clock uses up the open time of its calendar while it runs. At any instant

    used(t) = used + open time in [since, t)     while it runs
    used(t) = used                               while it is paused or stopped

so pausing, resuming and stopping only move `used` and `since`, and its deadline is the first
instant at which `used` reaches the target. When the terms change, everything is counted again
from the start, along the ticket's timeline. All of this is a function of the ticket's events;
what the mere passing of time does to a clock (`state`, `passed_by`) is asked, never stored.
"""

from collections.abc import Callable, Sequence
from sys import intern
from typing import Any, Final, NamedTuple

from streams.core.policies import Terms

ACTIVATED: Final = "activated"
PAUSED: Final = "paused"
RESUMED: Final = "resumed"
WARNED: Final = "warned"
BREACHED: Final = "breached"
MET: Final = "met"
MET_LATE: Final = "met_late"
CANCELLED: Final = "cancelled"
RETRACTED: Final = "retracted"

RUNNING: Final = "running"
AT_RISK: Final = "at_risk"
BREACHED_OPEN: Final = "breached_open"
BREACHED_CLOSED: Final = "breached_closed"

STATES: Final = (MET, BREACHED_CLOSED, BREACHED_OPEN, RUNNING, PAUSED, AT_RISK, CANCELLED)
"""Every instance is in exactly one of them."""
VERDICTS: Final = (MET, BREACHED_CLOSED, BREACHED_OPEN)
"""Those that say whether the promise was kept; they count at the deadline."""

_NEVER: Final = -1


class Stretch(NamedTuple):
    """What a ticket was like from one instant to the next entry of its timeline."""

    at: int
    status: str
    queue: str | None
    assignee: str | None

    @property
    def attributes(self) -> dict[str, str | None]:
        """By the names of the ticket's attributes."""
        return {"status": self.status, "queue": self.queue, "assignee": self.assignee}


Timeline = tuple[Stretch, ...]
"""In time order, the first at the ticket's first event."""


class Entry(NamedTuple):
    """One line of a clock's log: what happened to it, and when."""

    transition: str
    level: str
    """Of a warning, as the policy writes it; "" for all others."""
    at: int


class Mark:
    """An amount of used budget that is announced when it is passed, and when that is."""

    __slots__ = ("at", "level")

    def __init__(self, at: int, level: str) -> None:
        self.at = at
        self.level = level

    @property
    def transition(self) -> str:
        """A warning, or (without a level) the breach."""
        return WARNED if self.level else BREACHED


_SLOTS: Final[tuple[str, ...]] = (
    "ahead",
    "deadline",
    "final",
    "first_deadline",
    "gaps",
    "gone",
    "id",
    "kind",
    "log",
    "named",
    "passed",
    "policy",
    "queue",
    "running",
    "since",
    "source",
    "start",
    "stop",
    "terms",
    "urgent",
    "used",
)


class Clock:
    """One instance. Moved only by `streams.core.promises`; times are epoch milliseconds."""

    __slots__ = _SLOTS

    def __init__(self, kind: str, start: int, source: str, event_id: str) -> None:
        self.kind = kind
        self.start = start
        self.source = source
        """With `id`: the event that started it."""
        self.id = event_id
        self.terms: Terms | None = None
        """What it runs under; `None` until a policy names it."""
        self.policy: str = ""
        """The policy it belongs to: in force now or at its stop, or the last that named it."""
        self.named: bool = False
        """A policy names it (now, or at its stop)."""
        self.gone: bool = False
        """The ticket is (or was, at the stop) deleted or merged."""
        self.final: bool = False
        """Stopped for good."""
        self.running: bool = False
        self.since: int = start
        """When it last began to run, was paused or stopped."""
        self.used: int = 0
        """Budget used until `since`, milliseconds of open time."""
        self.stop: int = _NEVER
        self.gaps: tuple[tuple[int, int], ...] = ()
        """(stop, resumed): the time in between does not count."""
        self.passed: int = 0
        """How many marks are in the log."""
        self.deadline: int = _NEVER
        """The first instant at which the target is used up; `_NEVER` while that is not known."""
        self.first_deadline: int = _NEVER
        self.log: tuple[Entry, ...] = ()
        self.queue: str = ""
        """The queue it counts under: the ticket's own now, or at its stop."""
        self.urgent: bool = False
        """The ticket's priority is (or was, at the stop) urgent."""
        self.ahead: tuple[Mark, ...] | None = None
        """The marks ahead, once somebody has asked; not kept."""

    # -- what the passing of time does ------------------------------------------------------

    @property
    def key(self) -> tuple[str, str, str]:
        """Which instance of the ticket's it is: the clock and the event that started it."""
        return self.kind, self.source, self.id

    @property
    def stopped(self) -> bool:
        """Whether it has stopped and was not resumed since."""
        return self.stop >= 0

    @property
    def counted(self) -> bool:
        """Whether a policy has ever named it."""
        return bool(self.policy)

    @property
    def live(self) -> bool:
        """Whether time can do anything to it."""
        return self.named and not self.gone and self.stop < 0

    def state(self, now: int) -> str:
        """The one of `STATES` it is in; the order of the questions is KPIS.md's."""
        if not self.named or self.gone:
            return CANCELLED
        if self.stop >= 0:
            return MET if self.stop <= self.deadline else BREACHED_CLOSED
        if 0 <= self.deadline < now:
            return BREACHED_OPEN
        if not self.running:
            return PAUSED
        return AT_RISK if self.passed or self.has_passed(now) else RUNNING

    def has_passed(self, now: int) -> bool:
        """Whether a mark that is not in the log is past at `now`."""
        return bool(self.passed_by(now))

    def used_at(self, now: int) -> int:
        """Budget used until `now`, which is not before the last event."""
        if not self.running or self.terms is None:
            return self.used
        return self.used + self.terms.calendar.between(self.since, max(now, self.since))

    def marks_ahead(self) -> tuple[Mark, ...]:
        """The marks that are not in the log, with the instants at which they are used up.

        Only as far as those are known: a paused clock has none, except what it used up exactly
        when it was paused.
        """
        if self.terms is None or not self.live:
            return ()
        if self.ahead is None:
            self.ahead = self._marks(self.terms)
        return self.ahead

    def _marks(self, terms: Terms) -> tuple[Mark, ...]:
        found: list[Mark] = []
        for amount, level in terms.marks[self.passed :]:
            if self.running:
                at = terms.calendar.add(self.since, amount - self.used)
            elif amount <= self.used:
                at = self.deadline if not level and self.deadline >= 0 else self.since
            else:
                break
            found.append(Mark(at, level))
        return tuple(found)

    def passed_by(self, now: int) -> list[Mark]:
        """The marks ahead that are past at `now`: strictly after them."""
        terms = self.terms
        if terms is None or not self.live or self.passed == len(terms.marks):
            return []
        if self.passed + 1 == len(terms.marks) and not 0 <= self.deadline < now:
            # The usual case, without asking a calendar: only the deadline is ahead.
            return []
        return [mark for mark in self.marks_ahead() if mark.at < now]

    def next_due(self, now: int) -> int | None:
        """The first instant after `now` at which a mark is past; `None` for never."""
        if self.terms is None or not self.live:
            return None
        if self.passed + 1 >= len(self.terms.marks) and self.deadline >= now:
            return self.deadline + 1
        return next((mark.at + 1 for mark in self.marks_ahead() if mark.at >= now), None)

    # -- what events do ---------------------------------------------------------------------

    def note(self, transition: str, at: int, level: str = "") -> None:
        """Add a line to the log."""
        entry: Entry = tuple.__new__(Entry, (transition, level, at))
        self.log = (*self.log, entry) if self.log else (entry,)

    def log_marks(self, at: int) -> None:
        """Put what is past at an event into the log, before the event changes anything."""
        found = self.passed_by(at)
        if found:
            self.ahead = None
        for mark in found:
            self.note(mark.transition, mark.at, mark.level)
        self.passed += len(found)

    def hold(self, at: int) -> None:
        """Stop using budget, for a pause or for good."""
        self.ahead = None
        if self.running and self.terms is not None:
            self.used += self.terms.calendar.between(self.since, at)
            self.running = False
            if self.used < self.terms.target:
                self.deadline = _NEVER
        self.since = at

    def run(self, at: int) -> None:
        """Use budget from here on."""
        self.ahead = None
        self.running = True
        self.since = at
        if self.terms is not None and self.used < self.terms.target:
            self.deadline = self.terms.calendar.add(at, self.terms.target - self.used)

    def end(self, at: int) -> None:
        """Stop; the deadline stays what it was, or where running on would have reached it."""
        deadline = self.deadline
        self.hold(at)
        if self.terms is not None and self.deadline < 0:
            left = self.terms.target - self.used
            self.deadline = deadline if deadline >= 0 else self.terms.calendar.add(at, left)
        self.stop = at

    def resume(self, at: int) -> None:
        """Go on after a stop, paused for now."""
        self.ahead = None
        self.gaps = (*self.gaps, (self.stop, at))
        self.stop = _NEVER
        self.since = at
        if self.terms is not None and self.used < self.terms.target:
            self.deadline = _NEVER

    def recount(self, terms: Terms, timeline: Timeline, at: int) -> None:
        """Everything again from the start up to `at`, wholly under these terms.

        What is in the log and not true under them is taken out; what is true and not in the
        log happens now.
        """
        self.terms = terms
        self.ahead = None
        if self.first_deadline < 0:
            self.first_deadline = terms.calendar.add(self.start, terms.target)
        end = self.stop if self.stopped else at
        reached = self._use(timeline, end)
        self.since = end
        self.running = not self.stopped and timeline[-1].status not in terms.pause
        if len(reached) == len(terms.marks):
            self.deadline = reached[-1]
        elif self.running or self.stopped:
            self.deadline = terms.calendar.add(end, terms.target - self.used)
        else:
            self.deadline = _NEVER
        self.passed = sum([instant < end for instant in reached])
        if self.log or self.passed:
            self._correct_log(at)

    def _use(self, timeline: Timeline, end: int) -> list[int]:
        """Set `used` as of `end`; the instants at which the marks were used up until then."""
        terms = self.terms
        if terms is None:
            raise AssertionError("a clock without terms uses nothing")
        self.used = 0
        if end == self.start and terms.marks[0][0] > 0:
            # It has just started.
            return []
        amounts = [amount for amount, _ in terms.marks]
        reached = [self.start for amount in amounts if amount <= 0]
        for start, until, _ in self.stretches(timeline, end):
            spent = terms.calendar.between(start, until)
            while len(reached) < len(amounts) and amounts[len(reached)] <= self.used + spent:
                reached.append(terms.calendar.add(start, amounts[len(reached)] - self.used))
            self.used += spent
        return reached

    def _correct_log(self, at: int) -> None:
        if self.gone:
            # Nothing is owed; when the ticket is restored, everything is counted again.
            return
        past = (
            [Mark(at, level) for _, level in self.terms.marks[: self.passed]] if self.terms else []
        )
        wanted = {(mark.transition, mark.level) for mark in past}
        kept = tuple(e for e in self.log if e.transition not in _MARKED or e[:2] in wanted)
        known = {entry[:2] for entry in kept}
        fresh = (Entry(mark.transition, mark.level, at) for mark in past)
        self.log = (*kept, *(entry for entry in fresh if entry[:2] not in known))

    def stretches(self, timeline: Timeline, end: int) -> list[tuple[int, int, Stretch]]:
        """Where it used budget until `end`: (from, to, what the ticket was like), in order."""
        found: list[tuple[int, int, Stretch]] = []
        pause = frozenset[str]() if self.terms is None else self.terms.pause
        if self.stopped:
            end = min(end, self.stop)
        last = len(timeline) - 1
        for index, stretch in enumerate(timeline):
            until = end if index == last else min(end, timeline[index + 1].at)
            start = max(self.start, stretch.at)
            if start >= until or stretch.status in pause:
                continue
            for gap_start, gap_end in self.gaps:
                if start < min(until, gap_start):
                    found.append((start, min(until, gap_start), stretch))
                start = max(start, gap_end)
            if start < until:
                found.append((start, until, stretch))
        return found

    # -- keeping ------------------------------------------------------------------------------

    def dump(self, number: Callable[[Terms], int]) -> list[Any]:
        """The clock as JSON values; terms by their number."""
        # One by one: each changed ticket comes by here.
        return [
            _NEVER if self.terms is None else number(self.terms),
            self.deadline,
            self.final,
            self.first_deadline,
            self.gaps,
            self.gone,
            self.id,
            self.kind,
            [tuple(entry) for entry in self.log],
            self.named,
            self.passed,
            self.policy,
            self.queue,
            self.running,
            self.since,
            self.source,
            self.start,
            self.stop,
            self.urgent,
            self.used,
        ]

    @classmethod
    def load(cls, dumped: Sequence[Any], terms: Sequence[Terms]) -> "Clock":
        """The clock that `dump` wrote; without terms where there are none of that number."""
        # One by one, as in `dump`: at a restart each ticket comes by here.
        if len(dumped) != _KEPT:
            raise ValueError(f"a clock of {len(dumped)} values, this version reads {_KEPT}")
        clock = cls(intern(dumped[7]), dumped[16], intern(dumped[15]), dumped[6])
        number: int = dumped[0]
        if 0 <= number < len(terms):
            clock.terms = terms[number]
        clock.deadline = dumped[1]
        clock.final = dumped[2]
        clock.first_deadline = dumped[3]
        if dumped[4]:
            clock.gaps = tuple([(stop, resumed) for stop, resumed in dumped[4]])
        clock.gone = dumped[5]
        if dumped[8]:
            clock.log = tuple([Entry(*entry) for entry in dumped[8]])
        clock.named = dumped[9]
        clock.passed = dumped[10]
        clock.policy = intern(dumped[11])
        clock.queue = intern(dumped[12])
        clock.running = dumped[13]
        clock.since = dumped[14]
        clock.stop = dumped[17]
        clock.urgent = dumped[18]
        clock.used = dumped[19]
        return clock


_MARKED: Final = frozenset({WARNED, BREACHED})
_KEPT: Final = 20
"""How many values of a clock are kept."""
