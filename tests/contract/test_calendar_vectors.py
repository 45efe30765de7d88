"""The calendar vectors are right: counted minute by minute, and computed by the engine.

The counting reads the calendars of the file itself and shares no code with the engine, so that
another project can trust the numbers, whatever it computes with.
"""

import json
from datetime import date
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import TypeAdapter

from streams.config.promises import calendars_of
from streams.config.sla import Calendars
from streams.core.calendars import Calendar
from streams.core.instants import format_rfc3339, parse_rfc3339
from tests.calendar_minutes import MIDNIGHT, Minutes, Openings
from tests.contract.schema_files import SCHEMAS, validator

VECTORS: dict[str, Any] = json.loads((SCHEMAS / "vectors" / "calendars.json").read_text())
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WORKING = [case for case in VECTORS["cases"] if "working_s" in case]
REACHING = [case for case in VECTORS["cases"] if "reaches" in case]


def minute(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def openings(texts: list[str]) -> Openings:
    pairs = [tuple(map(minute, text.split("-"))) for text in texts]
    return tuple((start, end if start < end else end + MIDNIGHT) for start, end in pairs)


def minutes_of(written: dict[str, Any]) -> Minutes:
    """A calendar of the file, to be counted."""
    week: list[Openings] = [()] * 7
    for days, hours in written["hours"].items():
        first, last = (days.split("-") * 2)[:2]
        day = DAYS.index(first)
        week[day] = openings(hours)
        while DAYS[day] != last:
            day = (day + 1) % 7
            week[day] = openings(hours)
    dates: dict[date, Openings] = {}
    for holiday in written.get("holidays", []):
        dates.setdefault(date.fromisoformat(holiday["date"]), openings(holiday.get("hours", [])))
    return Minutes(ZoneInfo(written["timezone"]), week, dates)


@cache
def counted(name: str) -> Minutes:
    return minutes_of(VECTORS["calendars"][name])


@cache
def computed() -> dict[str, Calendar]:
    """The calendars as the configuration makes them."""
    adapter = TypeAdapter(Calendars)
    entries = adapter.validate_json(json.dumps(VECTORS["calendars"]))
    return calendars_of(entries, ZoneInfo("UTC"))


def milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def test_the_vectors_match_their_schema() -> None:
    validator("calendar-vectors.json").validate(VECTORS)


@pytest.mark.parametrize("case", WORKING, ids=lambda case: case["says"])
def test_so_much_open_time_lies_between(case: dict[str, Any]) -> None:
    start, end = parse_rfc3339(case["from"]), parse_rfc3339(case["to"])
    expected = milliseconds(case["working_s"])
    assert counted(case["calendar"]).working(start, end) == expected
    assert computed()[case["calendar"]].between(start, end) == expected


@pytest.mark.parametrize("case", REACHING, ids=lambda case: case["says"])
def test_so_much_open_time_has_passed_first(case: dict[str, Any]) -> None:
    start, amount = parse_rfc3339(case["start"]), milliseconds(case["add_s"])
    expected = case["reaches"]
    assert format_rfc3339(counted(case["calendar"]).reaches(start, amount)) == expected
    assert format_rfc3339(computed()[case["calendar"]].add(start, amount)) == expected


def test_every_calendar_has_cases_of_both_kinds() -> None:
    names = set(VECTORS["calendars"])
    assert names == {case["calendar"] for case in WORKING}
    assert names == {case["calendar"] for case in REACHING}


def test_the_cases_tell_themselves_apart() -> None:
    said = [(case["says"], "reaches" in case) for case in VECTORS["cases"]]
    assert len(set(said)) == len(said)
