"""Agents, customers and requesters: changelog and report are what the schemas say."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.core.customers import Customers
from streams.core.customers_report import CustomerBooks, customers_report
from streams.core.entities import SETTLED_KEY, EntityBooks
from streams.core.entity import Kind
from streams.core.events import REQUESTER_TYPES
from streams.core.instants import DAY, HOUR
from streams.core.people import Agents
from streams.core.people_report import people_report
from streams.core.processor import TOTALS_KEY
from streams.core.requesters import Requesters
from streams.core.settings import Settings
from streams.core.workdays import Tickets, Work
from streams.wire import packing
from tests.agent_events import START_MS, agent_events
from tests.contract.schema_files import validator
from tests.customer_events import customer_events, tellings
from tests.laws.entity_lives import TYPES, CloudEvent, EntityPartition, decoded

ZONE = ZoneInfo("Europe/Berlin")
AGENTS, CUSTOMERS, REQUESTERS = Agents(ZONE), Customers(ZONE), Requesters(ZONE)
SMALL = Settings(history_events=4, forgotten=40 * DAY, zone=ZONE)
FEW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
LONG = (0, 1, 31, 58, 120)


def partition(kind: Kind, events: Sequence[CloudEvent]) -> EntityPartition:
    found = EntityPartition(kind, SMALL, decoded(events, TYPES | REQUESTER_TYPES))
    found.read()
    return found


DRAWN = st.one_of(
    st.tuples(st.just(AGENTS), agent_events(LONG)),
    st.tuples(st.just(CUSTOMERS), customer_events(LONG)),
    st.tuples(st.just(REQUESTERS), tellings(LONG)),
)


@FEW
@given(DRAWN, st.booleans(), st.integers(0, 60))
def test_every_record_written_is_valid(
    drawn: tuple[Kind, list[CloudEvent]], settle: bool, ahead: int
) -> None:
    """Settled, cut early, forgotten: whatever became of them."""
    found = partition(*drawn)
    if settle:
        found.settle()
    found.processor.advance(START_MS)
    found.advance(ahead * DAY)
    for key, value in found.processor.cut().writes:
        if value is not None:
            record = packing.loads(value)
            validator("entity-changelog.json").validate(record)
            own = key in {TOTALS_KEY, SETTLED_KEY}
            assert ("history" in record) != own


@FEW
@given(agent_events(LONG), st.integers(0, 200))
def test_every_report_of_people_is_valid(events: list[CloudEvent], days: int) -> None:
    found = partition(AGENTS, events).processor
    tickets = Tickets(
        {("A1", "2026-03-27"): Work(HOUR, 3, 1), ("A7", "2026-03"): Work(HOUR)},
        {"billing": [START_MS + 9 * HOUR]},
    )
    as_of = max(START_MS + days * DAY, found.newest or 0)
    made = people_report(EntityBooks(found.records), AGENTS, SMALL, packing, as_of, tickets=tickets)
    check("people", made)


@FEW
@given(customer_events(LONG), tellings(LONG), st.integers(0, 200))
def test_every_report_of_customers_is_valid(
    events: list[CloudEvent], told: list[CloudEvent], days: int
) -> None:
    public, asked = partition(CUSTOMERS, events).processor, partition(REQUESTERS, told).processor
    books = CustomerBooks(EntityBooks(public.records), EntityBooks(asked.records))
    as_of = max(START_MS + days * DAY, public.newest or 0, asked.newest or 0)
    made = customers_report(books, CUSTOMERS, REQUESTERS, SMALL, packing, as_of, asked_often=1)
    check("customers", made)


def check(name: str, made: dict[str, Any]) -> None:
    """Valid, and the schema has a say about each key."""
    schema = validator("report.json", f"#/$defs/{name}")
    schema.validate(made)
    for key in made:
        assert not schema.is_valid({**made, key: "nothing"})


@pytest.mark.parametrize("key", [TOTALS_KEY, SETTLED_KEY])
def test_no_agent_or_customer_has_the_key_of_a_partition_s_own_records(key: bytes) -> None:
    with pytest.raises(UnicodeDecodeError):
        key.decode()
