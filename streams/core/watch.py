"""The live sums of all SLA clocks of one partition.

Every number is the sum of what each instance contributes (`streams.core.promises.Standing`):
how many run, are at risk, paused or overdue now; which deadlines are to come; and which
promises were kept of those due in the trailing windows - in wall time, and in the working
time of the policy's calendar, where a window of one hour is the last hour that was open.

A verdict counts at its deadline, not when it was reached, so an unanswered ticket counts from
the moment its deadline passes.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from streams.core.aggregates import adjust
from streams.core.calendars import FOREVER, Calendar
from streams.core.clocks import (
    AT_RISK,
    BREACHED_OPEN,
    PAUSED,
    RUNNING,
    VERDICTS,
)
from streams.core.instants import MINUTE
from streams.core.policies import Policies
from streams.core.promises import Standing
from streams.core.windows import Windows

OutcomeKey = tuple[str, ...]
"""(policy, clock, one of `OUTCOMES`)."""

OPEN: Final = (RUNNING, AT_RISK, PAUSED, BREACHED_OPEN)
"""States of instances that are not over: the gauges of now."""
OUTCOMES: Final = VERDICTS
"""States that windows count."""
PRESSING: Final = frozenset({AT_RISK, BREACHED_OPEN})
_DUE: Final = frozenset({RUNNING, AT_RISK})


class Deadlines:
    """A multiset of instants; asks for the number of those in the near future are cheap."""

    __slots__ = ("_minutes",)

    def __init__(self) -> None:
        self._minutes: dict[int, dict[int, int]] = {}

    def move(self, at: int, sign: int) -> None:
        """Add (+1) or take out (-1) one instant."""
        place = at // MINUTE
        minute = self._minutes.get(place)
        if minute is None:
            self._minutes[place] = {at: sign}
            return
        left = minute.get(at, 0) + sign
        if left:
            minute[at] = left
            return
        del minute[at]
        if not minute:
            del self._minutes[place]

    def within(self, now: int, spans: Sequence[int]) -> list[int]:
        """How many lie in [now, now + span] for each of the spans."""
        edges = [now + span for span in spans]
        found = [0] * len(edges)
        for minute in range(now // MINUTE, max(edges) // MINUTE + 1):
            for at, number in self._minutes.get(minute, {}).items():
                for place, edge in enumerate(edges):
                    if now <= at <= edge:
                        found[place] += number
        return found


class Watch:
    """The sums of one partition."""

    __slots__ = ("_calendars", "due", "now", "open", "urgent", "wall", "working")

    def __init__(self, policies: Policies, spans: Iterable[int]) -> None:
        spans = tuple(spans)
        self.open: dict[tuple[str, str, str, str], int] = {}
        """Instances by (policy, clock, queue, state), for states in `OPEN`."""
        self.urgent: dict[tuple[str, str, str, str], int] = {}
        """Those in `PRESSING` of tickets of urgent priority, by (policy, clock, queue, state)."""
        self.due: dict[tuple[str, str], Deadlines] = {}
        """Deadlines of running clocks, by (policy, clock)."""
        self.wall: Windows[OutcomeKey] = Windows(spans)
        self.working: dict[Calendar, Windows[OutcomeKey]] = {}
        """By calendar, in its open time; one that is always open has the windows of wall time."""
        self.now: int | None = None
        self._calendars: dict[str, Calendar] = {}
        for policy in policies.policies:
            calendar = self._calendars.setdefault(policy.name, policy.calendar)
            if not calendar.always:
                self.working.setdefault(calendar, Windows(spans))

    def windows(self, policy: str) -> Windows[OutcomeKey]:
        """The windows in the working time of a policy."""
        calendar = self._calendars.get(policy)
        return self.wall if calendar is None else self.working.get(calendar, self.wall)

    def pressing(self) -> Counter[tuple[str, str, str]]:
        """Urgent instances that press now, by (clock, queue, state).

        One that is at risk presses only while its calendar is open: overnight it stands still.
        """
        found: Counter[tuple[str, str, str]] = Counter()
        for (policy, clock, queue, state), count in self.urgent.items():
            calendar = self._calendars.get(policy)
            runs = calendar is None or self.now is None or calendar.is_open(self.now)
            if runs or state == BREACHED_OPEN:
                found[clock, queue, state] += count
        return found

    def move(self, before: Sequence[Standing], after: Sequence[Standing]) -> None:
        """Replace what one ticket contributed by what it contributes now."""
        if before == after:
            return
        gained = list(after)
        for standing in before:
            if standing in gained:
                gained.remove(standing)
            else:
                self._count(standing, -1)
        for standing in gained:
            self._count(standing, 1)

    def advance(self, now: int) -> None:
        """Move effective now forward; the windows of a calendar only while it is open."""
        if self.now is None or now > self.now:
            self.now = now
        self.wall.advance(now)
        for calendar, windows in self.working.items():
            windows.advance(calendar.before(now))

    def expect(self, earliest: int) -> None:
        """Effective now will not be earlier than this."""
        self.wall.expect(earliest)
        for calendar, windows in self.working.items():
            windows.expect(calendar.before(earliest))

    def settle(self) -> None:
        """Bring the windows up to date with what was moved."""
        self.wall.settle()
        for windows in self.working.values():
            windows.settle()

    def _count(self, one: Standing, sign: int) -> None:
        if one.state in OPEN:
            adjust(self.open, (one.policy, one.clock, one.queue, one.state), sign)
            if one.urgent and one.state in PRESSING:
                adjust(self.urgent, (one.policy, one.clock, one.queue, one.state), sign)
            if one.state in _DUE:
                self.due.setdefault((one.policy, one.clock), Deadlines()).move(one.deadline, sign)
        if one.state in OUTCOMES and one.deadline < FOREVER:
            key = (one.policy, one.clock, one.state)
            self.wall.put(one.deadline, key, sign)
            calendar = self._calendars.get(one.policy)
            if calendar is not None and not calendar.always:
                self.working[calendar].put(calendar.before(one.deadline), key, sign)
