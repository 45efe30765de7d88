"""The engine's account of customers is that of the reference model, on any set of events."""

from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.core.customers import Customers
from streams.core.customers_report import CustomerBooks, _next, customers_report
from streams.core.entities import EntityBooks
from streams.core.events import REQUESTER_TYPES
from streams.core.instants import DAY, HOUR
from streams.core.requesters import Requesters
from streams.core.settings import Settings
from streams.core.surveys import index, satisfied
from streams.wire import packing
from tests.customer_events import START_MS, at_ms, customer_events, tellings, text
from tests.laws.entity_lives import EntityPartition, decoded, read_whole
from tests.reference import customers as model
from tests.reference.people import key

BERLIN = ZoneInfo("Europe/Berlin")
SETTINGS = Settings(zone=BERLIN)
# Months apart, but never late: the order of arrival is that of time.
LONG = (0, 1, 2, 4, 9, 31, 33, 62)

Event = dict[str, Any]
Report = dict[str, Any]


def reported(public: list[Event], told: list[Event], as_of: int) -> Report:
    """The engine's report."""
    kinds = Customers(BERLIN), Requesters(BERLIN)
    customers = read_whole(kinds[0], SETTINGS, sorted(public, key=key)).processor
    partition = EntityPartition(kinds[1], SETTINGS, decoded(told, REQUESTER_TYPES))
    partition.read()
    books = CustomerBooks(
        EntityBooks(customers.records, customers.settled),
        EntityBooks(partition.processor.records, partition.processor.settled),
    )
    return customers_report(books, *kinds, SETTINGS, packing, as_of)


def comparable(found: Report) -> Report:
    """What the model knows of it."""
    contacts, support = found["contacts"], found["retention_after_support"]
    answer = contacts["speed_of_answer"]
    groups = {
        "all": support,
        "conflict": support["conflict"],
        "without": support["without_ticket"],
        **support["by_csat"],
    }
    rows = {n: [g["customers"], g["retained"], g["pending"]] for n, g in groups.items()}
    ends = ("queued", "answered", "abandoned", "waiting", "unknown")
    return {
        "retention": {
            period: {name: n for name, n in row.items() if name != "value"}
            for period, row in found["retention"].items()
        },
        **{name: found[name] for name in ("purchasers", "repurchasers", "churned")},
        "contacts": {name: contacts[name] for name in ends}
        | {"waited_ms": round((answer["mean_s"] or 0) * answer["count"] * 1000)},
        "months": {
            month: {name: n for name, n in row.items() if name != "contacts_per_customer"}
            for month, row in found["tickets"]["months"].items()
        },
        "repeat_contacts": found["tickets"]["repeat_contacts"],
        "after_support": {name: row for name, row in rows.items() if row[0]},
        "deflection": {
            name: found["self_service"][name] for name in ("sessions", "deflected", "pending")
        },
    }


def once(events: list[Event]) -> list[Event]:
    """Of the events of one id those that count."""
    found: dict[tuple[str, ...], Event] = {}
    for event in sorted(events, key=key, reverse=True):
        found[event["subject"], event["source"], event["id"]] = event
    return list(found.values())


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(customer_events(LONG).map(once), tellings(LONG), st.integers(0, 140))
def test_engine_and_model_agree(public: list[Event], told: list[Event], day: int) -> None:
    as_of = START_MS + day * DAY + 5 * HOUR
    expected = model.report(public, told, as_of, BERLIN)
    assert comparable(reported(public, told, as_of)) == expected


def event(kind: str, day: int, hour: int, number: int, **data: Any) -> Event:
    return {
        "specversion": "1.0",
        "id": f"e{number}",
        "source": "shop",
        "type": kind,
        "subject": "C1",
        "time": text(at_ms(day, hour)),
        "data": data,
    }


def test_whom_support_kept_is_told_by_csat_and_conflict() -> None:
    """Resolved on day 0 with a good score; active 30 days later to the hour: retained."""
    ticket = {"ticket": "T1", "created": at_ms(0, 9), "resolved": [at_ms(0, 12)]}
    told = event("requester.ticket", 0, 12, 1, **ticket, band="satisfied", conflict=True)
    for hour, retained in ((12, 1), (13, 0)):
        active = event("customer.active", 30, hour, 2, activity="login")
        found = reported([active], [told], at_ms(40, 0))["retention_after_support"]
        assert found["value"] == retained
        assert found["by_csat"]["satisfied"]["retained"] == retained
        assert found["conflict"]["customers"] == 1
        assert found["without_ticket"]["customers"] == 0


def test_a_ticket_that_changes_hands_leaves_its_former_requester() -> None:
    ticket = {"ticket": "T1", "created": at_ms(0, 9), "resolved": [], "band": "none"}
    first = event("requester.ticket", 0, 9, 1, **ticket, conflict=False) | {"sequence": 1}
    del ticket["created"]
    second = event("requester.ticket", 0, 10, 2, **ticket, conflict=False) | {"sequence": 2}
    assert reported([], [first], at_ms(1, 0))["tickets"]["tickets"] == 1
    assert reported([], [second, first], at_ms(1, 0))["tickets"]["tickets"] == 0


def test_a_question_asked_often_is_listed_with_its_share_and_its_trend() -> None:
    told = []
    for number in range(16):
        day = 3 if number < 12 else 12
        data = {"ticket": f"T{number}", "created": at_ms(day, 9), "resolved": []}
        data |= {"category": "login" if number in {13, 14} else "refund"}
        made = event("requester.ticket", day, 9, number, **data, band="none", conflict=False)
        told.append(made | {"subject": f"C{number}"})
    kinds = Customers(BERLIN), Requesters(BERLIN)
    partition = EntityPartition(kinds[1], SETTINGS, decoded(told, REQUESTER_TYPES))
    partition.read()
    books = CustomerBooks(requesters=EntityBooks(partition.processor.records))
    found = customers_report(books, *kinds, SETTINGS, packing, at_ms(12, 20), asked_often=2)
    assert found["repeated_questions"] == [
        {
            "category": "login",
            "tickets": 2,
            "before": 0,
            "change": 2,
            "share": 0.5,
            "cumulative_share": 0.5,
        },
        {
            "category": "refund",
            "tickets": 2,
            "before": 12,
            "change": -10,
            "share": 0.5,
            "cumulative_share": 1.0,
        },
    ]


def test_speed_of_answer_by_channel_and_the_share_of_those_who_gave_up() -> None:
    where = {"channel": "phone", "queue": "billing"}
    public = [
        event("contact.queued", 0, 9, 1, **where),
        event("contact.answered", 0, 10, 2, **where),
        event("contact.queued", 1, 9, 3, **where),
        event("contact.abandoned", 1, 11, 4, **where),
        event("contact.queued", 2, 9, 5, channel="chat", queue="billing"),
    ]
    found = reported(public, [], at_ms(2, 10))["contacts"]
    phone = found["by_channel"]["phone"]
    assert (phone["abandonment"], phone["speed_of_answer"]["p90_s"]) == (0.5, 3600)
    assert phone["gave_up_after_mean_s"] == 7200
    assert (found["by_channel"]["chat"]["waiting"], found["queued"]) == (1, 3)
    assert found["by_queue"]["billing"]["queued"] == 3


def test_a_fact_is_counted_under_what_was_known_of_the_customer_right_then() -> None:
    public = [
        event("customer.active", 0, 9, 1, activity="purchase"),
        event("customer.updated", 0, 10, 2, segment="pro"),
        event("customer.active", 0, 11, 3, activity="purchase"),
        event("customer.churned", 0, 12, 4),
    ]
    by = reported(public, [], at_ms(1, 0))["by"]["segment"]
    # The second purchase counts beside the first one.
    assert (by[""]["purchasers"], by[""]["repurchasers"], by["pro"]["churned"]) == (1, 1, 1)
    assert by["pro"]["purchasers"] == by["pro"]["repurchasers"] == by[""]["churned"] == 0


def test_the_period_after() -> None:
    assert [_next(p) for p in ("2025-12", "2026-01", "2025-Q4", "2026-Q1", "2025")] == [
        "2026-01",
        "2026-02",
        "2026-Q1",
        "2026-Q2",
        "2026",
    ]


def test_two_thirds_of_any_scale_satisfy() -> None:
    assert [satisfied(score, 1, 5) for score in (3, 4)] == [False, True]
    assert [satisfied(score, 1, 7) for score in (4, 5)] == [False, True]
    assert [satisfied(score, 0, 1) for score in (0, 1)] == [False, True]
    assert [index(score, 1, 5) for score in (1, 3, 5)] == [0, 50_000, 100_000]
