"""Agents: what they were to do, what they did, and the hours in between that were lost.

Four answers to what events leave open (docs/decisions/0014):

* A shift that is announced again is replaced, unless it had begun: what was planned when its
  time began stays, so a shift edited away does not hide the loss.

        first      |=========|                 first      |=========|
        edit   ^ (before it begins)            edit            ^ (after)
        then            |=========|            then            |=========|
        planned         |=========|            planned    |==============|

* Shifts that overlap count once. Where they are of several queues, time belongs to the one that
  began last.
* A state holds until the next one. One that nothing followed for `BELIEVED` ended with the last
  shift within that time, or where there is none, after it; that presence is `estimated`.

        online  ^                                   (nothing for 12 h)
        shift      |==============|
        present |-----------------|

* Of an hour that was planned and not worked the reason is the absence that was announced last,
  else what the agent's state says, else it is unexplained.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from itertools import pairwise
from typing import Any, Final, NamedTuple

from streams.core import surveys
from streams.core.entity import REACH, Sums
from streams.core.events import ABSENCES, ABSENT, PRESENCE, SCHEDULED, Event
from streams.core.instants import HOUR, parse_rfc3339
from streams.core.settings import Settings
from streams.core.spans import Span, by_day, local_day, midnight, painted

WORKING: Final = frozenset({"online", "busy"})
"""States in which an agent serves customers."""
PAUSED: Final = ("away", "break")
"""States that are a reason of their own."""
PLANNED_LEAVE: Final = frozenset({"vacation", "training"})
UNEXPLAINED: Final = "unexplained"
REASONS: Final = (*sorted(ABSENCES), *PAUSED, UNEXPLAINED)
"""Why an hour was lost."""

BELIEVED: Final = 12 * HOUR
"""A state that is not followed by any other for longer did not last."""

SCHEDULED_TIME: Final = "scheduled"
WITHIN: Final = "within"
"""Present in a shift."""
OVERTIME: Final = "overtime"
"""Present outside of all shifts."""
ESTIMATED: Final = "estimated"
"""The part of the presence whose end nobody has told."""
PRESENT_DAYS: Final = "present_days"
LOST: Final = {reason: f"lost:{reason}" for reason in REASONS}


class State(NamedTuple):
    """What an agent does for a while."""

    state: str
    queue: str
    estimated: bool


class Moment(NamedTuple):
    """A stretch of an agent's time in which nothing changes."""

    start: int
    end: int
    planned: str | None
    """The queue of the shift."""
    reason: str | None
    """The absence."""
    state: State | None


@dataclass(frozen=True, slots=True)
class Agents:
    """How agents are counted; keys of the sums are (measure, day, queue), in milliseconds."""

    zone: tzinfo = UTC
    planned_leave_counts: bool = True
    """Without it, vacation and training are taken out of the shifts."""

    @property
    def name(self) -> str:
        """Of the processor."""
        return "agents"

    @property
    def ahead(self) -> int:
        """A shift or an absence may be told `REACH` later, and moves what was believed."""
        return REACH + BELIEVED

    @property
    def hindsight(self) -> bool:
        """What happened is known when it is told."""
        return False

    def on_time(self, settings: Settings) -> int:
        """As for tickets."""
        return settings.apply_within

    def floor(self, at: int) -> int:
        """Local midnight."""
        return midnight(local_day(at, self.zone), self.zone) if at > 0 else -1

    def count(self, events: Sequence[Event], since: int, until: int, as_of: int) -> Sums:
        """Time by measure, local day and queue; and surveys of the staff."""
        sums: Sums = Counter()
        days = set()
        for moment in self.moments(events, since, until, as_of):
            for day, start, end in by_day(moment.start, moment.end, self.zone):
                self._add(moment, day, end - start, sums)
                if moment.state is not None and moment.state.state in WORKING:
                    days.add(day)
        for day in days:
            sums[PRESENT_DAYS, day, ""] = 1
        surveys.count(events, since, until, self.zone, sums)
        return sums

    def _add(self, moment: Moment, day: str, time: int, sums: Sums) -> None:
        queue, state = moment.planned, moment.state
        present = state is not None and state.state in WORKING
        if queue is not None:
            sums[SCHEDULED_TIME, day, queue] += time
            measure = WITHIN if present else LOST[_reason(moment)]
            sums[measure, day, queue] += time
        elif present and state is not None:
            queue = state.queue
            sums[OVERTIME, day, queue] += time
        if present and state is not None and state.estimated and queue is not None:
            sums[ESTIMATED, day, queue] += time

    def unredacted(self, events: Sequence[Event]) -> list[Event]:
        """All of them: who has to be forgotten here is so by a tombstone."""
        return list(events)

    def touching(self, events: Sequence[Event], since: int) -> list[Event]:
        """What is since, and what reaches into it: shifts with their next version, absences."""
        earliest = since - BELIEVED
        followed = {one.event for one in versions(events) if one.end > earliest}
        followed |= {one.next for one in versions(events) if one.end > earliest and one.next}
        kept = []
        for event in events:
            if event.at >= since or event.type == PRESENCE:
                touches = event.at >= earliest
            elif event.type == SCHEDULED:
                touches = event[:4] in followed
            elif event.type == ABSENT:
                touches = instant(event, "end") > earliest
            else:
                touches = surveys.touching(event, since)
            if touches:
                kept.append(event)
        return kept

    # -- the time of an agent -------------------------------------------------------------

    def moments(
        self, events: Sequence[Event], since: int, until: int, as_of: int
    ) -> Iterator[Moment]:
        """The agent's time in [since, until), without the parts in which there is nothing."""
        plan = planned(events)
        absences = painted(
            Span(max(instant(e, "start"), e.at - REACH), instant(e, "end"), e.data["reason"])
            for e in events
            if e.type == ABSENT
        )
        for moment in merged(plan, absences, states(events, plan, as_of), since, until):
            if not self.planned_leave_counts and moment.reason in PLANNED_LEAVE:
                yield moment._replace(planned=None)
            else:
                yield moment


class Version(NamedTuple):
    """One announcement of a shift."""

    start: int
    end: int
    queue: str
    event: tuple[Any, ...]
    """Order key of its event."""
    next: tuple[Any, ...] | None
    """Order key of the one that replaces it."""
    counts: bool
    """Not cancelled, and begun before it was replaced."""


def versions(events: Sequence[Event]) -> list[Version]:
    """Every announcement of every shift, in order of begin, then of their order keys."""
    by_shift: dict[str, list[Event]] = {}
    for event in events:
        if event.type == SCHEDULED:
            by_shift.setdefault(event.data["shift"], []).append(event)
    found = []
    for announced in by_shift.values():
        for event, later in _followed(announced):
            begun = later is None or later.at > instant(event, "start")
            found.append(
                Version(
                    max(instant(event, "start"), event.at - REACH),
                    instant(event, "end"),
                    event.data["queue"],
                    event[:4],
                    None if later is None else later[:4],
                    begun and not event.data.get("cancelled", False),
                )
            )
    return sorted(found, key=lambda version: (version.start, version.event))


def planned(events: Sequence[Event]) -> list[Span[str]]:
    """When the agent was to work, and for which queue."""
    return painted(Span(v.start, v.end, v.queue) for v in versions(events) if v.counts)


def states(events: Sequence[Event], plan: Sequence[Span[str]], as_of: int) -> list[Span[State]]:
    """What the agent did, as far as events tell; offline is nothing."""
    told = [event for event in events if event.type == PRESENCE]
    found = []
    for event, later in _followed(told):
        start, end = event.at, as_of if later is None else later.at
        state, queue = event.data["state"], event.data["queue"]
        estimated = end - start > BELIEVED
        if estimated:
            end = _believed_until(start, plan)
        if state != "offline":
            found.append(Span(start, end, State(state, queue, estimated)))
    return painted(found)


def _followed(events: Sequence[Event]) -> Iterator[tuple[Event, Event | None]]:
    """Each event with the one after it."""
    for place, event in enumerate(events, 1):
        yield event, events[place] if place < len(events) else None


def _believed_until(start: int, plan: Sequence[Span[str]]) -> int:
    """The end of the last planned time in the next `BELIEVED`, or of that time itself."""
    bound = start + BELIEVED
    ends = [min(shift.end, bound) for shift in plan if shift.start < bound and shift.end > start]
    return max(ends, default=bound)


def merged(
    plan: Sequence[Span[str]],
    absences: Sequence[Span[str]],
    told: Sequence[Span[State]],
    since: int,
    until: int,
) -> Iterator[Moment]:
    """Three rows of disjoint spans as one, within [since, until)."""
    rows: tuple[Sequence[Span[Any]], ...] = (plan, absences, told)
    edges = {edge for row in rows for span in row for edge in span[:2]}
    if until <= since:
        return
    inside = sorted({since, until, *(edge for edge in edges if since < edge < until)})
    at = [0, 0, 0]
    for start, end in pairwise(inside):
        seen: list[Any] = []
        for place, row in enumerate(rows):
            while at[place] < len(row) and row[at[place]].end <= start:
                at[place] += 1
            span = row[at[place]] if at[place] < len(row) else None
            seen.append(span.value if span is not None and span.start <= start else None)
        if any(value is not None for value in seen):
            yield Moment(start, end, seen[0], seen[1], seen[2])


def _reason(moment: Moment) -> str:
    """Why planned time was not worked."""
    if moment.reason is not None:
        return moment.reason
    state = moment.state
    return state.state if state is not None and state.state in PAUSED else UNEXPLAINED


def instant(event: Event, name: str) -> int:
    """A time in the payload of an event."""
    return parse_rfc3339(event.data[name])
