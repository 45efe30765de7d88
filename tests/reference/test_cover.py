"""Cover, minute by minute: what the engine counts is what a count of every half hour says."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.calendars import Calendar
from streams.core.cover import by_band, cover, union
from streams.core.entities import EntityBooks
from streams.core.instants import HOUR, MINUTE, parse_rfc3339
from streams.core.people import Agents
from streams.core.people_report import people_report
from streams.core.policies import FIRST_RESPONSE, Policies, Policy, Terms
from streams.core.settings import Settings
from streams.core.spans import Span
from streams.core.workdays import Tickets, Work
from streams.wire import packing
from tests.laws.entity_lives import read_whole
from tests.reference.test_people import MONDAY, drawn, event

BERLIN = ZoneInfo("Europe/Berlin")
STEP = 30 * MINUTE
SATURDAY = parse_rfc3339("2026-03-28T00:00:00+01:00")
"""The clocks go forward in the night that follows."""

STRETCHES = st.lists(
    st.tuples(st.integers(0, 120), st.integers(1, 40)).map(
        lambda pair: (SATURDAY + pair[0] * STEP, SATURDAY + sum(pair) * STEP)
    ),
    max_size=4,
)


def band(at: int) -> str:
    """Of one instant, by its local reading."""
    local = datetime.fromtimestamp(at / 1000, UTC).astimezone(BERLIN)
    if local.weekday() in {5, 6}:
        return "weekend"
    if 8 <= local.hour < 18:
        return "office"
    return "evening" if 18 <= local.hour < 22 else "night"


@settings(deadline=None)
@given(STRETCHES, st.lists(STRETCHES, max_size=3), st.integers(1, 2), st.sets(st.integers(0, 170)))
def test_every_half_hour_is_counted_as_it_is(
    hours: list[tuple[int, int]],
    staff: list[list[tuple[int, int]]],
    least: int,
    arrivals: set[int],
) -> None:
    promised = union(hours)
    apart = [union(one) for one in staff]
    present = [Span(start, end, "q") for one in apart for start, end in one]
    came = [SATURDAY + number * STEP for number in arrivals]
    found = cover(promised, present, least, came, BERLIN)
    expected: dict[str, list[int]] = {}
    inside = uncovered = 0
    for number in range(170):
        at = SATURDAY + number * STEP
        if not any(start <= at < end for start, end in hours):
            continue
        there = sum(any(start <= at < end for start, end in one) for one in staff)
        expected.setdefault(band(at), []).append(there >= least)
        inside += number in arrivals
        uncovered += number in arrivals and there < least
    assert found.promised == {name: len(each) * STEP for name, each in expected.items()}
    assert +found.covered == {n: sum(each) * STEP for n, each in expected.items() if sum(each)}
    assert (found.arrivals, found.uncovered) == (inside, uncovered)
    lost = sum(end - start for start, end in found.gaps)
    assert lost == found.promised.total() - found.covered.total()
    assert all(one[1] < other[0] for one, other in zip(found.gaps, found.gaps[1:], strict=False))


def test_the_bands_of_a_day_on_which_an_hour_is_missing() -> None:
    """Sunday is weekend for 23 hours; Monday has 10, 4 and 10 hours."""
    lengths = dict.fromkeys(("weekend", "office", "evening", "night"), 0)
    for name, start, end in by_band(SATURDAY + 24 * HOUR, SATURDAY + 71 * HOUR, BERLIN):
        lengths[name] += (end - start) // HOUR
    assert lengths == {"weekend": 23, "office": 10, "evening": 4, "night": 10}


PLAN = (
    "s1      |=======|",
    "online  ^",
    "offline         ^",
)


def reported(*rows: str, settings: Settings, tickets: Tickets) -> dict[str, object]:
    """The report at midnight of the day drawn."""
    partition = read_whole(Agents(BERLIN), settings, drawn(*rows))
    books = EntityBooks(partition.processor.records)
    as_of = MONDAY + 18 * HOUR
    return people_report(books, Agents(BERLIN), settings, packing, as_of, tickets=tickets)


def test_promised_is_what_a_policy_says_of_the_queue_else_the_shifts() -> None:
    calendar = Calendar("office", BERLIN, [((8 * HOUR, 16 * HOUR),)] * 5 + [()] * 2)
    terms: dict[str | None, Terms] = {None: Terms("p", FIRST_RESPONSE, HOUR, calendar)}
    targets = {FIRST_RESPONSE: terms}
    policies = Policies((Policy("p", targets, calendar=calendar),))
    tickets = Tickets(arrivals={"chat": [MONDAY + 3 * HOUR, MONDAY + 9 * HOUR, MONDAY + 11 * HOUR]})
    ruled = Settings(zone=BERLIN, policies=policies)
    found = reported(*PLAN, settings=ruled, tickets=tickets)["cover"]
    assert isinstance(found, dict)
    assert found["chat"] == {
        "promised_s": 8 * 3600,
        "covered_s": 6 * 3600,
        "value": 0.75,
        "bands": {"office": {"promised_s": 8 * 3600, "covered_s": 6 * 3600, "value": 0.75}},
        "gaps": 1,
        "gaps_s": 2 * 3600,
        "longest_gaps": [{"from": "2026-03-02T13:00:00Z", "to": "2026-03-02T15:00:00Z"}],
        "arrivals": 2,
        "arrivals_without_cover": 1,
        "promised_by": "policy",
    }
    unruled = reported(*PLAN, settings=Settings(zone=BERLIN), tickets=tickets)["cover"]
    assert isinstance(unruled, dict)
    assert (unruled["mail"]["promised_by"], unruled["mail"]["value"]) == ("shifts", 0.0)


def test_occupancy_is_handled_time_over_the_presence_of_the_same_days() -> None:
    work = {
        ("A1", "2026-03-02"): Work(4 * HOUR, touched=6, resolved=3),
        ("A1", "2026-03-01"): Work(HOUR, touched=1),
        ("A2", "2026-03-02"): Work(HOUR, touched=9),
    }
    found = reported(*PLAN, settings=Settings(zone=BERLIN), tickets=Tickets(work))["agents"]
    assert isinstance(found, dict)
    agent = found["A1"]
    assert agent["occupancy"] == pytest.approx(0.5)
    assert (agent["handled_s"], agent["touched"], agent["days"]) == (5 * 3600, 7, 1)
    assert (agent["touched_per_day"], agent["resolved_per_day"]) == (7, 3)


def test_without_presence_it_is_tickets_per_day_with_work() -> None:
    """An agent of whom nothing but tickets is known; what is older is told by month only."""
    work = {
        ("A9", "2026-02-27"): Work(HOUR, touched=3, resolved=1),
        ("A9", "2026-03-02"): Work(HOUR, touched=4, resolved=2),
        ("A9", "2024-11"): Work(HOUR, touched=50, resolved=50),
    }
    found = reported(*PLAN, settings=Settings(zone=BERLIN), tickets=Tickets(work))["agents"]
    assert isinstance(found, dict)
    agent = found["A9"]
    assert (agent["occupancy"], agent["handled_s"], agent["touched"]) == (None, 3 * 3600, 57)
    assert (agent["days"], agent["touched_per_day"], agent["resolved_per_day"]) == (2, 3.5, 1.5)


@pytest.mark.parametrize("month", ["2026-03", "2026-02"])
def test_work_of_forgotten_tickets_counts_in_the_month_of_the_presence(month: str) -> None:
    tickets = Tickets({("A1", month): Work(4 * HOUR)})
    found = reported(*PLAN, settings=Settings(zone=BERLIN), tickets=tickets)["agents"]
    assert isinstance(found, dict)
    assert found["A1"]["occupancy"] == (0.5 if month == "2026-03" else 0)


def test_the_figures_add_up_and_the_staff_is_asked() -> None:
    rows = ("s1      |=======|", "online    ^", "offline           ^")
    events = drawn(*rows)
    for number, score in enumerate((5, 4, 3)):
        answer = event(9 + number, 1, "survey.responded", survey=f"q{number}", score=score)
        answer["data"] |= {"kind": "esat", "scale": {"min": 1, "max": 5}}
        events.append(answer)
    partition = read_whole(Agents(BERLIN), Settings(zone=BERLIN), events)
    books = EntityBooks(partition.processor.records)
    found = people_report(books, Agents(BERLIN), Settings(zone=BERLIN), packing, MONDAY + 18 * HOUR)
    assert found["scheduled_s"] == found["present_within_s"] + found["lost_s"] == 8 * 3600
    assert found["present_s"] == found["present_within_s"] + found["overtime_s"] == 8 * 3600
    assert found["lost_by_reason_s"] == {"unexplained": 2 * 3600}
    assert found["adherence"] == 0.75
    assert set(found["queues"]) == {"chat", "mail"}
    assert set(found["days"]) == {"2026-03-02"}
    esat = found["surveys"]["esat"]
    assert (esat["responses"], esat["satisfied"], esat["index"]) == (3, 2, 75.0)
