"""The engine's account of agents' time is that of the reference model, and both are the words'."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.core.entity import Sums
from streams.core.instants import DAY, HOUR, parse_rfc3339
from streams.core.people import Agents
from streams.core.settings import Settings
from streams.core.spans import local_day
from tests.agent_events import START_MS, agent_events
from tests.laws.entity_lives import read_whole
from tests.reference import people

BERLIN = ZoneInfo("Europe/Berlin")
SETTINGS = Settings(zone=BERLIN)
TIMES = {"scheduled", "within", "overtime", "estimated", "present_days"}

Event = dict[str, Any]


def counted(
    events: list[Event], as_of: int, *, planned_leave_counts: bool = True
) -> dict[str, Sums]:
    """The engine's times by agent."""
    kind = Agents(BERLIN, planned_leave_counts)
    live, _ = read_whole(kind, SETTINGS, events).sums(as_of)
    return {name: times_of(sums) for name, sums in live.items() if times_of(sums)}


def times_of(sums: Sums) -> Sums:
    return Sums({k: n for k, n in sums.items() if k[0] in TIMES or k[0].startswith("lost:")})


def once(events: list[Event]) -> list[Event]:
    """Of the events of one id those that count."""
    found: dict[tuple[str, ...], Event] = {}
    for event in sorted(events, key=people.key, reverse=True):
        found[event["subject"], event["source"], event["id"]] = event
    return list(found.values())


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(agent_events(), st.integers(0, 6 * 48), st.booleans())
def test_engine_and_model_agree_on_every_hour(
    events: list[Event], steps: int, leave_counts: bool
) -> None:
    as_of = START_MS + steps * people.STEP_MS
    counts = once(events)
    expected = {
        agent: times
        for agent in ("A1", "A2")
        if (
            times := people.times(
                [e for e in counts if e["subject"] == agent],
                as_of,
                BERLIN,
                planned_leave_counts=leave_counts,
            )
        )
    }
    assert counted(events, as_of, planned_leave_counts=leave_counts) == expected


# The words, as pictures. One character is an hour from 06:00 on 2 March 2026 (Berlin: +01:00).

MONDAY = parse_rfc3339("2026-03-02T06:00:00+01:00")


def drawn(*rows: str) -> list[Event]:
    """Rows of a name and a picture from column 8 on: `|====|` is a span, `^` when it is told."""
    events: list[Event] = []
    for number, row in enumerate(rows):
        what, picture = row[:8].strip(), row[8:]
        told = picture.find("^")
        spans = [i for i, character in enumerate(picture) if character == "|"]
        if what in {"online", "offline", "busy", "away", "break"}:
            events.append(event(number, told, "agent.presence", state=what, queue="chat"))
            continue
        start, end = hour(spans[0]), hour(spans[1])
        if what in {"sick", "vacation", "training", "other"}:
            events.append(event(number, told, "agent.absent", start=start, end=end, reason=what))
            continue
        shift, _, queue = what.partition("/")
        cancelled = {"cancelled": True} if "x" in picture else {}
        data = {"shift": shift, "start": start, "end": end, "queue": queue or "mail", **cancelled}
        events.append(event(number, told, "agent.scheduled", **data))
    return events


def hour(place: int) -> str:
    return f"2026-03-{2 + (6 + place) // 24:02}T{(6 + place) % 24:02}:00:00+01:00"


def event(number: int, told: int, kind: str, **data: Any) -> Event:
    at = hour(told) if told >= 0 else "2026-03-01T12:00:00+01:00"
    return {
        "specversion": "1.0",
        "id": f"e{number}",
        "source": "wfm",
        "type": kind,
        "subject": "A1",
        "time": at,
        "sequence": number,
        "data": data,
    }


def hours(*rows: str, as_of: int = 36) -> dict[str, float]:
    """Hours by measure and queue, on all days, as known so many hours after 06:00."""
    found: dict[str, float] = {}
    sums = counted(drawn(*rows), MONDAY + as_of * HOUR).get("A1", Sums())
    for (measure, _, queue), time in sums.items():
        if measure != "present_days":
            name = f"{measure} {queue}"
            found[name] = found.get(name, 0) + time / HOUR
    return found


def test_a_shift_that_is_worked() -> None:
    assert hours(
        "s1      |=======|",
        "online  ^",
        "offline         ^",
    ) == {"scheduled mail": 8, "within mail": 8}


def test_who_comes_late_and_leaves_late() -> None:
    assert hours(
        "s1      |=======|",
        "online    ^",
        "offline           ^",
    ) == {
        "scheduled mail": 8,
        "within mail": 6,
        "lost:unexplained mail": 2,
        "overtime chat": 2,
    }


def test_overlapping_shifts_count_once_and_belong_to_the_queue_that_began_last() -> None:
    assert hours(
        "s1/mail |=======|",
        "s2/chat    |==|  ",
        "s3/mail    |=======|",
    ) == {"scheduled mail": 11, "lost:unexplained mail": 11}
    assert hours(
        "s1/mail |=======|",
        "s2/chat    |==|  ",
    ) == {
        "scheduled mail": 5,
        "scheduled chat": 3,
        "lost:unexplained mail": 5,
        "lost:unexplained chat": 3,
    }


def test_a_shift_replaced_before_it_begins_leaves_no_trace() -> None:
    assert hours(
        "s1          |=======|",
        "s1      ^       |===|",
    ) == {"scheduled mail": 4, "lost:unexplained mail": 4}


def test_replaced_at_the_instant_of_its_begin_it_had_not_begun() -> None:
    assert hours(
        "s1      |===|",
        "s1      ^       |===|",
    ) == {"scheduled mail": 4, "lost:unexplained mail": 4}


def test_a_shift_edited_away_after_its_begin_does_not_hide_the_loss() -> None:
    assert hours(
        "s1      |=======|",
        "s1       ^          |===|",
    ) == {"scheduled mail": 12, "lost:unexplained mail": 12}
    assert hours(
        "s1      |=======|",
        "s1       ^  x   |=|",
    ) == {"scheduled mail": 8, "lost:unexplained mail": 8}


def test_a_shift_cancelled_before_it_begins_is_none() -> None:
    assert (
        hours(
            "s1          |=======|",
            "s1      ^  x|=======|",
        )
        == {}
    )


def test_presence_without_a_schedule_is_overtime() -> None:
    assert hours(
        "online    ^",
        "break        ^",
        "busy           ^",
        "offline          ^",
    ) == {"overtime chat": 5}


def test_a_missing_offline_ends_with_the_shift() -> None:
    assert hours(
        "s1       |=======|",
        "online  ^",
        "online                       ^",
        "offline                         ^",
    ) == {
        "scheduled mail": 8,
        "within mail": 8,
        "overtime chat": 4,
        "estimated mail": 8,
        "estimated chat": 1,
    }


def test_a_missing_offline_without_a_shift_ends_after_twelve_hours() -> None:
    assert hours("online  ^", as_of=30) == {"overtime chat": 12, "estimated chat": 12}


def test_twelve_hours_are_believed_and_nothing_is_estimated_before() -> None:
    rows = ("s1      |==|", "online  ^")
    assert hours(*rows, as_of=12) == {"scheduled mail": 3, "within mail": 3, "overtime chat": 9}
    assert hours(*rows, as_of=13) == {
        "scheduled mail": 3,
        "within mail": 3,
        "estimated mail": 3,
    }


def test_the_absence_announced_last_is_the_reason_then_the_state_then_nobody_knows() -> None:
    assert hours(
        "s1      |===========|",
        "vacation|===|",
        "sick    ^ |===|",
        "break             ^",
        "offline             ^",
    ) == {
        "scheduled mail": 12,
        "lost:vacation mail": 2,
        "lost:sick mail": 4,
        "lost:unexplained mail": 4,
        "lost:break mail": 2,
    }


def test_who_works_while_absent_works() -> None:
    found = hours("s1      |===|", "sick    |===|", "online  ^", "offline     ^")
    assert found == {"scheduled mail": 4, "within mail": 4}


def test_as_of_the_middle_of_a_shift_only_what_has_passed_counts() -> None:
    assert hours("s1      |=======|", "online  ^", as_of=3) == {
        "scheduled mail": 3,
        "within mail": 3,
    }


@pytest.mark.parametrize(
    ("day", "expected"),
    [("2026-03-28", 8), ("2026-03-29", 7), ("2026-10-25", 9)],
)
def test_a_night_shift_over_a_change_of_the_clocks_is_as_long_as_it_is(
    day: str, expected: int
) -> None:
    """22:00 to 06:00 local time; the local day of each hour is the zone's."""
    offsets = {"2026-03-28": ("+01:00", "+01:00"), "2026-03-29": ("+01:00", "+02:00")}
    before, after = offsets.get(day, ("+02:00", "+01:00"))
    start = parse_rfc3339(f"{day}T12:00:00Z") - DAY
    end = parse_rfc3339(f"{day}T06:00:00{after}")
    shift = event(1, -1, "agent.scheduled", shift="s", start="", end="", queue="mail")
    shift["data"]["start"] = f"{_date(start)}T22:00:00{before}"
    shift["data"]["end"] = f"{day}T06:00:00{after}"
    shift["time"] = f"{_date(start)}T12:00:00Z"
    found = counted([shift], end + DAY)["A1"]
    assert found["scheduled", _date(start), "mail"] == 2 * HOUR
    assert found["scheduled", day, "mail"] == (expected - 2) * HOUR


def _date(at: int) -> str:
    return local_day(at, BERLIN)
