"""The way to Kafka: nothing lost, arrival order like that of real systems, rates as set."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice, pairwise
from typing import Any

import pytest

from streams.core.events import Accepted, Ignored
from streams.core.instants import DAY, HOUR
from streams.simulate import TICKETS, Delivery, Scenario, events_only, generate, happenings
from streams.simulate.garbage import GARBAGE
from streams.wire.cloudevents import decode
from streams.wire.codec import dumps, loads
from tests.unit.simulate.observe import MONDAY, instant

SHORT = Scenario(start_ms=MONDAY, days=2, scale=150, seed=3)
LONG = Scenario(start_ms=MONDAY, days=30, scale=120, seed=5)
QUIET = replace(SHORT, late=0, duplicate=0, skew=0, garbage=0)


@pytest.fixture(scope="module")
def everything() -> list[Delivery]:
    return list(generate(LONG))


@pytest.fixture(scope="module")
def deliveries(everything: list[Delivery]) -> list[Delivery]:
    """Those of ticket events."""
    return of_tickets(everything)


def of_tickets(deliveries: Iterable[Delivery]) -> list[Delivery]:
    return [delivery for delivery in deliveries if delivery.topic == TICKETS]


def accepted(deliveries: list[Delivery]) -> Iterator[tuple[Delivery, dict[str, Any]]]:
    """Each delivery that a reader takes, with its event."""
    for delivery in deliveries:
        arrival = decode(
            delivery.key, delivery.value, delivery.headers,
            now_ms=delivery.due_ms, future_skew_ms=10 * HOUR,
        )  # fmt: skip
        if isinstance(arrival, Accepted):
            yield delivery, loads(delivery.value)


def test_without_noise_the_deliveries_are_the_events() -> None:
    assert [(each.topic, each.key, each.value) for each in generate(QUIET)] == [
        (each.topic, each.event["subject"].encode(), dumps(each.event))
        for each in happenings(QUIET)
    ]


def test_due_times_never_decrease_and_stay_within_the_run(everything: list[Delivery]) -> None:
    assert all(left.due_ms <= right.due_ms for left, right in pairwise(everything))
    assert everything[0].due_ms == LONG.start_ms
    assert LONG.end_ms is not None
    assert everything[-1].due_ms <= LONG.end_ms


def test_what_befalls_events_befalls_those_of_every_topic(everything: list[Delivery]) -> None:
    copies = Counter((each.topic, each.value) for each in everything)
    twice = Counter(topic for (topic, _), count in copies.items() if count > 1)
    total = Counter(each.topic for each in everything)
    assert set(total) == {"source", "agents", "customers"}
    # Four in five second deliveries are the same bytes.
    assert all(0.004 < twice[topic] / total[topic] < 0.013 for topic in total)


def test_history_before_the_start_is_due_at_the_start(deliveries: list[Delivery]) -> None:
    """|--- warm-up ---|start ---->   is delivered as   |start: all of the warm-up, then live."""
    backlog = [event for delivery, event in accepted(deliveries) if delivery.due_ms == MONDAY]
    assert len(backlog) > 500
    assert min(map(instant, backlog)) < MONDAY - 3 * DAY
    assert max(map(instant, backlog)) <= MONDAY


def test_a_demo_of_monday_morning_is_alive_at_once() -> None:
    first_hour = [
        delivery
        for delivery in of_tickets(generate(Scenario(start_ms=MONDAY, days=0.05)))
        if MONDAY < delivery.due_ms <= MONDAY + HOUR
    ]
    assert len(first_hour) > 100


def test_every_event_arrives_at_least_once() -> None:
    noisy = list(generate(replace(SHORT, skew=0)))
    sent = {(each.topic, dumps(each.event)) for each in happenings(SHORT)}
    assert sent <= {(delivery.topic, delivery.value) for delivery in noisy}


def test_a_second_delivery_repeats_the_id_and_is_stamped_no_earlier(
    deliveries: list[Delivery],
) -> None:
    copies: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for _, event in accepted(deliveries):
        copies.setdefault((event["source"], event["id"]), []).append(event)
    twice = [group for group in copies.values() if len(group) > 1]
    assert 0.007 < len(twice) / len(copies) < 0.013
    assert all(len(group) == 2 for group in twice)
    for first, second in twice:
        assert {**first, "time": ""} == {**second, "time": ""}
    restamped = sum(first["time"] != second["time"] for first, second in twice)
    assert 0.1 < restamped / len(twice) < 0.3


def test_the_share_of_garbage_is_as_set(deliveries: list[Delivery]) -> None:
    good = sum(1 for _ in accepted(deliveries))
    assert 0.001 < (len(deliveries) - good) / good < 0.003


def test_the_share_of_late_events_is_as_set_and_some_are_beyond_a_week() -> None:
    delays = []
    for delivery in generate(replace(LONG, duplicate=0, skew=0, garbage=0)):
        event = loads(delivery.value)
        if instant(event) >= MONDAY:
            delays.append(delivery.due_ms - instant(event))
    assert min(delays) >= 0
    late = [delay for delay in delays if delay > 500]
    assert 0.015 < len(late) / len(delays) < 0.025
    assert any(delay > HOUR for delay in late)
    assert 0 < sum(delay > 7 * DAY for delay in late) < 0.03 * len(late)


def test_a_short_run_has_nothing_later_than_half_a_day() -> None:
    for delivery in generate(replace(SHORT, late=1, duplicate=0, skew=0, garbage=0)):
        assert delivery.due_ms - max(instant(loads(delivery.value)), MONDAY) <= DAY / 2


def test_some_tickets_arrive_out_of_order(deliveries: list[Delivery]) -> None:
    newest: dict[bytes, int] = {}
    backwards = 0
    for delivery, event in accepted(deliveries):
        at = instant(event)
        backwards += at < newest.get(delivery.key, 0)
        newest[delivery.key] = max(at, newest.get(delivery.key, 0))
    assert 0.003 < backwards / len(deliveries) < 0.05


def test_a_skewed_clock_can_put_a_reply_before_the_creation() -> None:
    created: dict[str, int] = {}
    earliest: dict[str, int] = {}
    for delivery in of_tickets(generate(replace(QUIET, skew=1))):
        event = loads(delivery.value)
        if event["type"] == "ticket.created":
            created[event["subject"]] = instant(event)
        elif event["type"] == "ticket.replied" and event["data"]["author"]["role"] == "agent":
            earliest.setdefault(event["subject"], instant(event))
    assert any(at < created[ticket] for ticket, at in earliest.items())


REASONS = {
    "truncated": "json",
    "empty": "empty",
    "blank": "empty",
    "not_json": "json",
    "list": "shape",
    "latin1": "encoding",
    "nan": "number",
    "nested": "depth",
    "no_id": "missing:id",
    "no_source": "missing:source",
    "no_type": "missing:type",
    "no_time": "missing:time",
    "null_data": "missing:data",
    "null_id": "missing:id",
    "long_id": "value",
    "old_version": "version",
    "new_schema": "version",
    "no_zone": "timestamp",
    "no_such_day": "timestamp",
    "epoch_number": "timestamp",
    "ancient": "ancient",
    "future": "future",
    "wrong_key": "key_mismatch",
    "data_text": "type",
    "no_author": "missing:author",
    "self_merge": "self_merge",
    "score_off_scale": "value",
    "foreign": "unknown_type",
}


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_of_each_kind_is_unusable_whatever_event_it_was_made_from(name: str) -> None:
    for event in islice(events_only(QUIET), 300):
        arrival = decode(
            event["subject"].encode(), GARBAGE[name](event), (), now_ms=MONDAY, future_skew_ms=0
        )
        assert not isinstance(arrival, Accepted)
        assert getattr(arrival, "reason", None) == REASONS[name], event
        assert isinstance(arrival, Ignored) == (name == "foreign")


def test_all_kinds_of_garbage_turn_up() -> None:
    bad = Counter[str]()
    for delivery in of_tickets(generate(replace(SHORT, garbage=0.2))):
        arrival = decode(
            delivery.key, delivery.value, delivery.headers,
            now_ms=delivery.due_ms, future_skew_ms=DAY,
        )  # fmt: skip
        if not isinstance(arrival, Accepted):
            bad[getattr(arrival, "reason", "")] += 1
    assert set(bad) == set(REASONS.values())
