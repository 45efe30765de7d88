"""Laws 1, 2, 3 and 8 for customers and requesters."""

from collections import Counter
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.customers import PURCHASERS, REPURCHASERS, Customers
from streams.core.entity import Kind
from streams.core.events import CUSTOMER_TYPES, REQUESTER_TYPES
from streams.core.instants import DAY, HOUR
from streams.core.processor import Outcome
from streams.core.requesters import Requesters
from streams.core.settings import Settings
from tests.customer_events import MONTHS, START_MS, at_ms, customer_events, tellings, text
from tests.laws.entity_lives import EntityPartition, decoded
from tests.laws.lives import COMMIT, CRASH, LOST_TRANSACTION, Life, lives

BERLIN = ZoneInfo("Europe/Berlin")
FORGOTTEN = 60 * DAY
SETTINGS = Settings(zone=BERLIN, forgotten=FORGOTTEN)
CUSTOMERS, REQUESTERS = Customers(BERLIN), Requesters(BERLIN, forgotten=FORGOTTEN)
SETTLE = st.just(("settle",))
SOON = st.tuples(st.just("advance"), st.sampled_from((0, HOUR, 9 * DAY)))
END = START_MS + 200 * DAY

Event = dict[str, Any]
KINDS = [
    pytest.param(CUSTOMERS, customer_events(MONTHS), id="customers"),
    pytest.param(REQUESTERS, tellings(MONTHS), id="requesters"),
]


def lived(kind: Kind, events: list[Event], life: Life | None = None) -> EntityPartition:
    """A partition after a life, with everything read."""
    arrivals = decoded(events, CUSTOMER_TYPES | REQUESTER_TYPES)
    partition = EntityPartition(kind, SETTINGS, arrivals)
    for name, *arguments in life or ():
        getattr(partition, name)(*arguments)
        partition.assert_nothing_vanished()
    partition.read()
    return partition


@given(
    st.one_of(
        st.tuples(st.just(CUSTOMERS), customer_events((0, 1, 2, 6))),
        st.tuples(st.just(REQUESTERS), tellings((0, 1, 31, 58))),
    ),
    st.data(),
)
def test_law_1_no_order_and_no_doubling_changes_an_answer(
    drawn: tuple[Kind, list[Event]], data: st.DataObject
) -> None:
    kind, events = drawn
    one = lived(kind, data.draw(st.permutations(events * 2)))
    other = lived(kind, data.draw(st.permutations(events)))
    assert one.sums(END) == other.sums(END)
    assert not any(outcome == Outcome.LATE for outcome, _ in one.outcomes())


@pytest.mark.parametrize(("kind", "events"), KINDS)
def test_law_2_splits_and_settling_change_nothing(
    kind: Kind, events: st.SearchStrategy[list[Event]]
) -> None:
    @given(events.flatmap(st.permutations), lives(COMMIT, SETTLE, SOON))
    def holds(arrived: list[Event], life: Life) -> None:
        whole, split = lived(kind, arrived), lived(kind, arrived, life)
        assert split.outcomes() == whole.outcomes()
        assert split.sums(END) == whole.sums(END)
        split.settle()
        assert split.sums(END) == whole.sums(END)

    holds()


@pytest.mark.parametrize(("kind", "events"), KINDS)
def test_law_3_a_crash_loses_and_doubles_nothing(
    kind: Kind, events: st.SearchStrategy[list[Event]]
) -> None:
    @given(events.flatmap(st.permutations), lives(COMMIT, CRASH, LOST_TRANSACTION, SETTLE, SOON))
    def holds(arrived: list[Event], life: Life) -> None:
        assert lived(kind, arrived, life).sums(END) == lived(kind, arrived).sums(END)

    holds()


@pytest.mark.parametrize(("kind", "events"), KINDS)
def test_who_is_forgotten_leaves_the_sums_and_not_the_name(
    kind: Kind, events: st.SearchStrategy[list[Event]]
) -> None:
    @given(events.flatmap(st.permutations))
    def holds(arrived: list[Event]) -> None:
        kept, dropped = lived(kind, arrived), lived(kind, arrived)
        dropped.processor.advance(START_MS)
        dropped.processor.advance(START_MS + 500 * DAY)
        late = START_MS + 600 * DAY
        assert not dropped.processor.records
        assert dropped.sums(late) == kept.sums(late)

    holds()


def test_a_telling_of_an_old_ticket_is_not_late() -> None:
    """Which ticket is read first says nothing of their requester."""

    def told(number: int, day: int) -> Event:
        at = START_MS + day * DAY
        data = {"ticket": f"T{number}", "created": at, "resolved": [], "band": "none"}
        return {
            "specversion": "1.0",
            "id": f"e{number}",
            "source": "deskpulse/tickets",
            "type": "requester.ticket",
            "subject": "C1",
            "time": f"2026-0{1 + day // 28}-01T00:00:00Z",
            "data": data | {"conflict": False},
        }

    found = lived(REQUESTERS, [told(1, 56), told(2, 0)])
    assert found.outcomes() == {(Outcome.APPLIED, ""): 2}


DAYS_OF_A_YEAR = st.lists(st.integers(1, 70), min_size=2, max_size=12).map(
    lambda pauses: [sum(pauses[: place + 1]) for place in range(len(pauses))]
)
"""With pauses that are sometimes longer than a customer is remembered."""


@given(DAYS_OF_A_YEAR, st.sampled_from((FORGOTTEN, 400 * DAY)))
def test_settling_at_every_step_forgets_no_period_and_no_purchase(
    days: list[int], forgotten: int
) -> None:
    settings = Settings(zone=BERLIN, forgotten=forgotten)
    events = [_purchase(day, number) for number, day in enumerate(days)]
    arrivals = decoded(events, CUSTOMER_TYPES)
    whole, stepwise = (EntityPartition(CUSTOMERS, settings, arrivals) for _ in "ab")
    whole.read()
    for _ in events:
        stepwise.read(1)
        stepwise.settle()
    late = START_MS + 900 * DAY
    soon = START_MS + (days[-1] + 1) * DAY
    assert stepwise.sums(soon) == whole.sums(soon)
    assert stepwise.sums(late) == whole.sums(late)


def _purchase(day: int, number: int) -> Event:
    return {
        "specversion": "1.0",
        "id": f"e{number}",
        "source": "shop",
        "type": "customer.active",
        "subject": "C1",
        "time": text(at_ms(day, 9)),
        "data": {"activity": "purchase"},
    }


@given(customer_events(MONTHS).flatmap(st.permutations), lives(COMMIT, SETTLE, SOON))
def test_no_label_has_more_who_bought_twice_than_who_bought(
    arrived: list[Event], life: Life
) -> None:
    """However a customer changes from one purchase to the next, and whatever is settled."""
    by: dict[str, Counter[tuple[Any, ...]]] = {PURCHASERS: Counter(), REPURCHASERS: Counter()}
    partition = lived(CUSTOMERS, arrived, life)
    live, settled = partition.sums(END)
    for found in (*live.values(), settled):
        for key, number in found.items():
            if key[0] in by:
                by[key[0]][key[2:]] += number
    assert by[REPURCHASERS] <= by[PURCHASERS]


def test_who_moves_between_two_purchases_counts_where_they_bought_first() -> None:
    def told(number: int, event_type: str, **data: Any) -> Event:
        return {**_purchase(number, number), "type": event_type, "data": data}

    events = [
        told(1, "customer.updated", region="north"),
        _purchase(2, 2),
        told(3, "customer.updated", region="south"),
        _purchase(4, 4),
    ]
    partition = EntityPartition(CUSTOMERS, SETTINGS, decoded(events, CUSTOMER_TYPES))
    for _ in events:
        partition.read(1)
        partition.settle()
    found = Counter[str]()
    live, settled = partition.sums(END)
    for part in (*live.values(), settled):
        for key, number in part.items():
            if key[0] in {PURCHASERS, REPURCHASERS}:
                found[f"{key[0]} {key[-1]}"] += number
    assert found == {"purchasers region=north": 1, "repurchasers region=north": 1}
