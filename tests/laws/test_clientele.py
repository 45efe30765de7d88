"""KPIs by attributes of the customer: each ticket under what its requester is now."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from streams.core.clientele import NOBODY, clientele
from streams.core.customers import Customers
from streams.core.entities import EntityBooks
from streams.core.events import CUSTOMER_TYPES
from streams.core.instants import DAY, format_rfc3339, parse_rfc3339
from streams.core.report import Books, report
from streams.core.settings import Settings
from streams.wire import packing
from tests import promised, strategies
from tests.laws.catalogues import Report, comparable
from tests.laws.driving import CloudEvent, Rules, canonical, engine
from tests.laws.entity_lives import EntityPartition, decoded
from tests.laws.lives import COMMIT, CRASH, Life, lives
from tests.reference.catalogue import by_customer

ATTRIBUTES = ("plan", "region")
KIND = Customers(attributes=ATTRIBUTES)
START_MS = int(strategies.START.timestamp() * 1000)
RULES = st.builds(Rules.of, strategies.catalogue_settings(), promised.slas())
ARRIVED = strategies.event_sets(catalogue=True).flatmap(strategies.arrivals)
SETTLE = st.just(("settle",))


@st.composite
def told(draw: st.DrawFn) -> list[CloudEvent]:
    """What is told of customers, some of whom have tickets, in any order."""
    changes = st.lists(
        st.tuples(
            st.sampled_from(("r1", "r2", "r1", "nobody's")),
            st.sampled_from((0, 1, 2, 5, 40, 300)),
            st.dictionaries(
                st.sampled_from((*ATTRIBUTES, "undeclared")),
                st.sampled_from(("gold", "north", None)),
                max_size=3,
            ),
        ),
        max_size=8,
        unique_by=lambda change: change[:2],
    )
    return [
        {
            "specversion": "1.0",
            "id": f"u{number}",
            "source": "crm",
            "type": "customer.updated",
            "subject": customer,
            "time": format_rfc3339(START_MS + day * DAY),
            "data": data,
        }
        for number, (customer, day, data) in enumerate(draw(st.permutations(draw(changes))))
    ]


def known(events: Sequence[CloudEvent], attribute: str, as_of: int) -> dict[str, str]:
    """By customer, the value told last: the slow way. What arrives too late says nothing."""
    found: dict[str, str] = {}
    newest: dict[str, int] = {}
    on_time: list[CloudEvent] = []
    for event in events:
        at = parse_rfc3339(event["time"])
        newest[event["subject"]] = max(at, newest.get(event["subject"], at))
        if at >= newest[event["subject"]] - Settings().apply_within:
            on_time.append(event)
    for event in sorted(on_time, key=lambda one: parse_rfc3339(one["time"])):
        if attribute in event["data"] and parse_rfc3339(event["time"]) <= as_of:
            found[event["subject"]] = event["data"][attribute] or ""
    return found


def by_attribute(
    books: Books, rules: Rules, events: list[CloudEvent], life: Life, as_of: int
) -> Report:
    """The engine's figures by the customers' attributes, after a life of their partition."""
    partition = EntityPartition(KIND, rules.engine, decoded(events, CUSTOMER_TYPES))
    for name, *arguments in life:
        getattr(partition, name)(*arguments)
    partition.read()
    there = partition.processor
    held = EntityBooks(there.records, there.settled, Counter(partition.outcomes()))
    customers = clientele(held, KIND, rules.engine, packing, as_of)
    found = report(books, rules.engine, packing, as_of, clientele=customers)["by"]
    return {name: found[f"customer_{name}"] for name in ATTRIBUTES if f"customer_{name}" in found}


@given(ARRIVED, told(), RULES, lives(COMMIT, CRASH, SETTLE))
def test_they_are_those_of_the_reference_model(
    arrived: list[CloudEvent], events: list[CloudEvent], rules: Rules, life: Life
) -> None:
    books = engine(arrived, rules).books()
    if books.newest is None:
        return
    as_of = max(books.newest, *(parse_rfc3339(event["time"]) for event in events), 0)
    found = by_attribute(books, rules, events, life, as_of)
    assert set(found) == (set(ATTRIBUTES) if events else set())
    for name, by_value in found.items():
        expected = by_customer(
            canonical(arrived),
            known(events, name, as_of),
            settings=rules.reference,
            as_of=as_of,
            sla=rules.sla,
        )
        assert comparable({"by": by_value}) == comparable({"by": expected})


@given(ARRIVED, told(), RULES)
def test_the_values_of_an_attribute_add_up_to_everything(
    arrived: list[CloudEvent], events: list[CloudEvent], rules: Rules
) -> None:
    books = engine(arrived, rules).books()
    if books.newest is None or not events:
        return
    whole = report(books, rules.engine, packing, books.newest)
    for by_value in by_attribute(books, rules, events, [], books.newest).values():
        for part in ("tickets", "counts"):
            for name, number in whole[part].items():
                assert sum(row[part][name] for row in by_value.values()) == number


def test_without_events_of_customers_there_is_no_such_dimension() -> None:
    rules = Rules.of({})
    created: dict[str, Any] = {
        "specversion": "1.0",
        "id": "1",
        "source": "s",
        "type": "ticket.created",
        "subject": "T1",
        "time": format_rfc3339(START_MS),
        "data": {"requester": "r1"},
    }
    books = engine([created], rules).books()
    found = report(books, rules.engine, packing, START_MS, clientele=NOBODY)["by"]
    assert not [name for name in found if name.startswith("customer_")]
