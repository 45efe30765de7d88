"""What goals and comparisons ask of clocks, agents and customers is what the report says of them.

Over all days a measure is the report's figure; over parts of the time, and over slices, its parts
add up to that.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from streams.core.attained import of_promises
from streams.core.contrast import Days, Elsewhere
from streams.core.customers import Customers
from streams.core.customers_report import CustomerBooks, customers_report
from streams.core.elsewhere import of_agents, of_customers
from streams.core.entities import EntityBooks
from streams.core.events import AGENT_TYPES, CUSTOMER_TYPES, REQUESTER_TYPES
from streams.core.instants import DAY, local_day
from streams.core.people import Agents
from streams.core.people_report import people_report
from streams.core.recount import Recount
from streams.core.report import report
from streams.core.requesters import Requesters
from streams.core.settings import Settings
from streams.core.workdays import Tickets, Work
from streams.wire import packing
from tests import agent_events, customer_events, promised, strategies
from tests.laws.driving import Partition, Rules, engine
from tests.laws.driving import decoded as arrivals
from tests.laws.entity_lives import EntityPartition, decoded
from tests.laws.instances import of_reference
from tests.laws.lives import SQUASH, Life, live, lives
from tests.scored import configured, kept
from tests.tickets_told import MONDAY, event

BERLIN: Final = ZoneInfo("Europe/Berlin")
SETTINGS: Final = Settings(zone=BERLIN)
EVER: Final = Days(1, 2_000_000)
Cuts = st.lists(st.integers(0, 40), min_size=1, max_size=3, unique=True).map(sorted)


def parts_of(first: int, cuts: Iterable[int]) -> list[Days]:
    """All days, cut after some of them."""
    edges = [EVER.first - 1, *(first + cut for cut in cuts), EVER.last]
    return [Days(start + 1, end) for start, end in pairwise(edges)]


def value(found: Elsewhere, days: Days = EVER, **slice_: str) -> float | None:
    return found({name: frozenset({one}) for name, one in slice_.items()}, days).reading.value


def summed(found: Elsewhere, parts: Iterable[Days]) -> tuple[float, float]:
    """The two parts of a fraction over several runs of days."""
    readings = [found({}, days).reading for days in parts]
    return sum(one.top for one in readings), sum(one.bottom for one in readings)


def held(partition: EntityPartition) -> EntityBooks:
    there = partition.processor
    return EntityBooks(there.records, there.settled, Counter(partition.outcomes()))


def read(kind: Any, events: Iterable[Mapping[str, Any]], types: frozenset[str]) -> EntityBooks:
    partition = EntityPartition(kind, SETTINGS, decoded(events, types))
    partition.read()
    return held(partition)


# -- agents -----------------------------------------------------------------------------------

AGENTS: Final = Agents(BERLIN)
AS_OF: Final = agent_events.START_MS + 7 * DAY
FIRST: Final = local_day(agent_events.START_MS, BERLIN)
WORK: Final = st.dictionaries(
    st.tuples(st.sampled_from(("A1", "A2", "A3")), st.sampled_from(("2026-03-27", "2026-03-28"))),
    st.builds(Work, st.integers(0, 7_200_000), st.integers(0, 4), st.integers(0, 4)),
    max_size=4,
)
ARRIVED: Final = agent_events.agent_events((0, 1, 2, 6))


@given(ARRIVED, WORK, st.integers(1, 2))
def test_measures_of_agents_are_those_of_the_report(
    events: list[dict[str, Any]], work: dict[tuple[str, str], Work], staff: int
) -> None:
    books = read(AGENTS, events, AGENT_TYPES)
    known = of_agents(books, AGENTS, SETTINGS, packing, AS_OF, Tickets(work), staff)
    if not events:
        assert not known
        return
    found = people_report(
        books, AGENTS, SETTINGS, packing, AS_OF, tickets=Tickets(work), min_staff=staff
    )
    assert value(known["lost_service_hours"]) == pytest.approx(found["lost_s"])
    assert value(known["adherence"]) == pytest.approx(found["adherence"])
    surveys = found["surveys"].get("esat")
    if surveys is not None:
        assert value(known["staff_satisfaction"]) == surveys["value"]
    for name, one in found["agents"].items():
        assert value(known["adherence"], agent=name) == pytest.approx(one["adherence"])
        assert value(known["lost_service_hours"], agent=name) == pytest.approx(one["lost_s"])
        assert value(known["touched_per_day"], agent=name) == one["touched_per_day"]
        assert value(known["resolved_per_day"], agent=name) == one["resolved_per_day"]
        assert value(known["occupancy"], agent=name) == pytest.approx(one["occupancy"])
    for queue, one in found["queues"].items():
        assert value(known["adherence"], queue=queue) == pytest.approx(one["adherence"])
    lately = Days(FIRST - 20, FIRST + 20)
    for queue, one in found["cover"].items():
        assert value(known["cover"], lately, queue=queue) == pytest.approx(one["value"])


@given(ARRIVED, WORK, Cuts)
def test_parts_of_the_time_of_agents_add_up(
    events: list[dict[str, Any]], work: dict[tuple[str, str], Work], cuts: list[int]
) -> None:
    books = read(AGENTS, events, AGENT_TYPES)
    known = of_agents(books, AGENTS, SETTINGS, packing, AS_OF, Tickets(work))
    assume(known)
    for name in ("lost_service_hours", "adherence", "occupancy", "touched_per_day"):
        whole = summed(known[name], [EVER])
        assert summed(known[name], parts_of(FIRST, cuts)) == pytest.approx(whole)


def test_days_of_which_presence_is_gone_have_no_cover() -> None:
    """Half of them would be a number that nobody could explain."""
    shift = {"start": "2026-03-27T08:00:00Z", "end": "2026-03-27T16:00:00Z"}
    online = {"state": "online", "queue": "billing"}
    events = [
        told("agent.scheduled", "2026-03-27T07:00:00Z", shift="s", queue="billing", **shift),
        told("agent.presence", "2026-03-27T08:00:00Z", **online),
        told("agent.presence", "2026-03-27T12:00:00Z", **{**online, "state": "offline"}),
    ]
    books = read(AGENTS, events, AGENT_TYPES)
    known = of_agents(books, AGENTS, SETTINGS, packing, AS_OF, Tickets())
    assert value(known["cover"], Days(FIRST, FIRST), queue="billing") == 0.5
    assert value(known["cover"], Days(FIRST - 40, FIRST), queue="billing") is None


def told(kind: str, time: str, **data: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"{kind} {time} {data.get('state')}",
        "source": "wfm",
        "type": kind,
        "subject": "A1",
        "time": time,
        "data": data,
    }


# -- customers --------------------------------------------------------------------------------

CUSTOMERS, REQUESTERS = Customers(BERLIN), Requesters(BERLIN)
LATER: Final = customer_events.START_MS + 40 * DAY
BEGUN: Final = local_day(customer_events.START_MS, BERLIN)
OF_CUSTOMERS: Final = customer_events.customer_events((0, 1, 2, 20, 31))
MONTHS: Final = {"2025-12": Days(739_586, 739_616), "2026-01": Days(739_617, 739_647)}
"""The months around the turn of the year."""


@given(OF_CUSTOMERS, customer_events.tellings((0, 1, 31)))
def test_measures_of_customers_are_those_of_the_report(
    events: list[dict[str, Any]], tellings: list[dict[str, Any]]
) -> None:
    books = CustomerBooks(
        read(CUSTOMERS, events, CUSTOMER_TYPES), read(REQUESTERS, tellings, REQUESTER_TYPES)
    )
    known = asked(books)
    if not events:
        assert not known
        return
    found = customers_report(books, CUSTOMERS, REQUESTERS, SETTINGS, packing, LATER)
    assert value(known["churned"]) == found["churned"]
    assert value(known["repurchase"]) == found["repurchase"]
    contacts = found["contacts"]
    assert value(known["abandonment"]) == contacts["abandonment"]
    assert value(known["speed_of_answer"]) == pytest.approx(contacts["speed_of_answer"]["mean_s"])
    for label in ("channel", "queue"):
        for name, one in contacts[f"by_{label}"].items():
            assert value(known["abandonment"], **{label: name}) == one["abandonment"]
    for channel, one in found["reviews"].items():
        assert value(known["review_index"], channel=channel) == pytest.approx(one["index"])
        assert value(known["review_sentiment"], channel=channel) == pytest.approx(
            one["sentiment"], abs=1e-9
        )
    for name, one in found["by"]["region"].items():
        assert value(known["repurchase"], customer_region=name) == one["repurchase"]
        assert value(known["churned"], customer_region=name) == one["churned"]
    for month, days in MONTHS.items():
        one = found["retention"].get(month, {"value": None, "returning": None})
        if month in found["retention"]:
            assert value(known["retention"], days) == one["value"]
            assert value(known["returning_customers"], days) == one["returning"]
    lately = Days(BEGUN - 30, BEGUN + 60)
    assert value(known["deflection"], lately) == found["self_service"]["deflection"]


def asked(books: CustomerBooks) -> dict[str, Elsewhere]:
    return of_customers(
        books,
        CUSTOMERS,
        SETTINGS,
        packing,
        LATER,
        30 * DAY,
        repeat_window=REQUESTERS.repeat_window,
    )


@given(OF_CUSTOMERS, Cuts)
def test_parts_of_the_time_of_customers_add_up(
    events: list[dict[str, Any]], cuts: list[int]
) -> None:
    known = asked(CustomerBooks(read(CUSTOMERS, events, CUSTOMER_TYPES), EntityBooks()))
    assume(known)
    for name in ("churned", "abandonment", "speed_of_answer", "review_index"):
        whole = summed(known[name], [EVER])
        assert summed(known[name], parts_of(BEGUN, cuts)) == pytest.approx(whole)


def test_customers_of_a_period_are_known_of_whole_ones_only() -> None:
    events = [{**told("customer.active", "2026-01-03T08:00:00Z", activity="login"), "subject": "c"}]
    known = asked(CustomerBooks(read(CUSTOMERS, events, CUSTOMER_TYPES), EntityBooks()))
    january = MONTHS["2026-01"]
    assert value(known["returning_customers"], january) == 0
    assert value(known["returning_customers"], january._replace(last=january.last - 1)) is None
    assert value(known["retention"], january._replace(first=january.first + 1)) is None


# -- SLA clocks -------------------------------------------------------------------------------

RULES: Final = st.builds(Rules.of, strategies.settings(), promised.slas())
TICKETS: Final = strategies.event_sets(days=(0, 1, 20, 40), tickets=2)


@given(TICKETS, RULES, lives(SQUASH))
def test_promises_are_attained_on_the_day_of_their_deadline(
    events: list[dict[str, Any]], rules: Rules, life: Life
) -> None:
    """By the reference model, whatever has been squashed since."""
    partition = Partition(rules.engine, arrivals(events, rules.engine))
    live(partition, life)
    partition.read()
    books = partition.books()
    assume(books.newest is not None)
    as_of = books.newest or 0
    expected: Counter[tuple[str, str, int, bool]] = Counter()
    for one in of_reference(events, rules, as_of):
        if one.state in {"met", "breached_closed", "breached_open"}:
            day = local_day(one.deadline or 0, rules.engine.zone)
            expected[one.policy, one.clock, day, one.state == "met"] += 1
    known = of_promises(Recount(books, rules.engine, packing, as_of))
    for policy, clock, day in {key[:3] for key in expected}:
        slice_ = {"policy": frozenset({policy}), "clock": frozenset({clock})}
        reading = known["sla_attainment"](slice_, Days(day, day)).reading
        met = expected[policy, clock, day, True]
        assert (reading.top, reading.bottom) == (met, met + expected[policy, clock, day, False])
    if known:
        assert known["sla_attainment"]({}, EVER).reading.bottom == expected.total()


@given(TICKETS, RULES)
def test_the_report_says_how_much_of_the_budget_is_used(
    events: list[dict[str, Any]], rules: Rules
) -> None:
    books = engine(events, rules).books()
    assume(books.newest is not None)
    found = report(books, rules.engine, packing, books.newest or 0)
    objectives = {one.name: one.objective for one in rules.engine.policies.policies}
    for row in found["sla"]:
        judged = row["met"] + row["breached_closed"] + row["breached_open"]
        assert row["attainment"] == (row["met"] / judged if judged else None)
        assert row["objective"] == objectives.get(row["policy"])
        for one in row["periods"].values():
            due = one["met"] + one["missed"]
            assert due <= judged
            if row["objective"] is not None and due and row["objective"] < 1:
                allowed = (1 - row["objective"]) * due
                assert one["allowed"] == pytest.approx(allowed)
                assert one["budget_used"] == pytest.approx(one["missed"] / allowed)


def test_promises_that_were_all_cancelled_have_rows_and_no_attainment() -> None:
    """Also once nothing is promised any more."""
    policy = {"name": "all", "calendar": "24x7", "targets": {"first_response": "1h"}}
    rules = configured(policies=[policy]).engine
    events = [
        event("T", MONDAY, "ticket.created"),
        event("T", MONDAY + 1, "ticket.deleted", reason="deleted"),
    ]
    books = kept(events, rules)
    rows = [
        row
        for settings in (rules, configured().engine)
        for row in report(books, settings, packing, MONDAY + DAY)["sla"]
    ]
    assert rows[0]["cancelled"] == rows[0]["started"] == 1
    for row in rows:
        assert row["attainment"] is row["periods"]["month"]["budget_used"] is None
