"""Agents for the reference model: every `STEP_MS` of their time is looked at by itself.

Written from KPIS.md ("lost service hours") and docs/decisions/0014, apart from the engine: no
intervals are merged or cut here, each step asks what holds right then. Events are CloudEvents
dicts, their times multiples of the step.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any

from tests.reference.events import parse_time

STEP_MS = 30 * 60_000
REACH_MS = 35 * 86_400_000
BELIEVED_MS = 12 * 3_600_000
EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")

CloudEvent = Mapping[str, Any]
Times = Counter[tuple[str, str, str]]
"""Milliseconds by (what, local day, queue)."""


def key(event: CloudEvent) -> tuple[int, int, str, str]:
    """The order key."""
    return (
        parse_time(event["time"]),
        int(event.get("sequence") or 0),
        event["source"],
        event["id"],
    )


def times(
    events: Sequence[CloudEvent], as_of: int, zone: tzinfo, *, planned_leave_counts: bool = True
) -> Times:
    """What became of an agent's time up to `as_of`."""
    ordered = sorted((e for e in events if parse_time(e["time"]) <= as_of), key=key)
    found: Times = Counter()
    days = set()
    for at in range(_first(ordered, as_of), as_of, STEP_MS):
        day = (EPOCH + timedelta(milliseconds=at)).astimezone(zone).date().isoformat()
        reason, state = _absence(ordered, at), _state(ordered, at, as_of)
        queue = _planned(ordered, at)
        if reason in {"vacation", "training"} and not planned_leave_counts:
            queue = None
        present = state is not None and state[0] in {"online", "busy"}
        if present:
            days.add(day)
        if queue is not None:
            found["scheduled", day, queue] += STEP_MS
            why = reason or (state[0] if state and state[0] in {"away", "break"} else "unexplained")
            found["within" if present else f"lost:{why}", day, queue] += STEP_MS
        elif present and state is not None:
            found["overtime", day, state[1]] += STEP_MS
        if present and state is not None and state[2]:
            found["estimated", day, queue if queue is not None else state[1]] += STEP_MS
    for day in days:
        found["present_days", day, ""] = 1
    return found


def _first(events: Sequence[CloudEvent], as_of: int) -> int:
    starts = [parse_time(e["time"]) for e in events]
    starts += [parse_time(e["data"]["start"]) for e in events if "start" in e["data"]]
    return min(starts, default=as_of)


def _covers(event: CloudEvent, at: int) -> bool:
    """Whether a shift or an absence holds at an instant, and was told soon enough to say so."""
    start, end = parse_time(event["data"]["start"]), parse_time(event["data"]["end"])
    return start <= at < end and at >= parse_time(event["time"]) - REACH_MS


def _planned(events: Sequence[CloudEvent], at: int) -> str | None:
    """The queue of the shift that began last, of those that were to be worked right then."""
    candidates = []
    for place, event in enumerate(events):
        if event["type"] != "agent.scheduled" or event["data"].get("cancelled"):
            continue
        start = parse_time(event["data"]["start"])
        edits = [
            parse_time(later["time"])
            for later in events[place + 1 :]
            if later["type"] == "agent.scheduled"
            and later["data"]["shift"] == event["data"]["shift"]
        ]
        in_time = bool(edits) and edits[0] <= start
        if not in_time and _covers(event, at):
            told_from = max(start, parse_time(event["time"]) - REACH_MS)
            candidates.append(((told_from, key(event)), event["data"]["queue"]))
    return max(candidates)[1] if candidates else None


def _absence(events: Sequence[CloudEvent], at: int) -> str | None:
    told = [e["data"]["reason"] for e in events if e["type"] == "agent.absent" and _covers(e, at)]
    return told[-1] if told else None


def _state(events: Sequence[CloudEvent], at: int, as_of: int) -> tuple[str, str, bool] | None:
    """State, queue, and whether its end is a guess."""
    told = [e for e in events if e["type"] == "agent.presence"]
    so_far = [e for e in told if parse_time(e["time"]) <= at]
    if not so_far or so_far[-1]["data"]["state"] == "offline":
        return None
    event = so_far[-1]
    begun = parse_time(event["time"])
    following = [parse_time(e["time"]) for e in told[len(so_far) :]]
    guessed = (following[0] if following else as_of) - begun > BELIEVED_MS
    if guessed and at >= _guess(events, begun):
        return None
    return event["data"]["state"], event["data"]["queue"], guessed


def _guess(events: Sequence[CloudEvent], begun: int) -> int:
    """The end of the last shift in the hours for which a state is believed, or of those."""
    steps = range(begun, begun + BELIEVED_MS, STEP_MS)
    worked = [at + STEP_MS for at in steps if _planned(events, at) is not None]
    return max(worked, default=begun + BELIEVED_MS)
