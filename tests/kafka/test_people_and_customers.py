"""Agents, customers and the requesters of tickets through workers on real brokers."""

import asyncio
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from streams.core.customers_report import CustomerBooks, customers_report
from streams.core.entities import EntityBooks
from streams.core.instants import DAY, HOUR, format_rfc3339
from streams.core.people_report import people_report
from streams.core.requesters import facts_in, newest
from streams.errors import UserError
from streams.kafka.publish import Message
from streams.kafka.reset import reset
from streams.wire import packing
from streams.wire.codec import dumps
from tests.brokers import Broker
from tests.kafka.workers import Application, application

MONDAY_MS = 1_772_434_800_000
"""2026-03-02T07:00:00Z."""
TICKETS = 400
CUSTOMERS = 37
END = MONDAY_MS + 60 * DAY

Report = dict[str, Any]


@pytest.fixture
def app(broker: Broker, tmp_path: Path) -> Iterator[Application]:
    with application(broker, tmp_path) as running:
        yield running


def message(subject: str, number: int, kind: str, at: int, **data: Any) -> Message:
    event = {
        "specversion": "1.0",
        "id": str(number),
        "source": "test",
        "type": kind,
        "subject": subject,
        "time": format_rfc3339(at),
        "data": data,
    }
    return subject.encode(), dumps(event), ()


def tickets() -> list[Message]:
    """Each created, resolved an hour later; every fourth changes hands in between."""
    found = []
    for number in range(TICKETS):
        name, at = f"T{number}", MONDAY_MS + number * HOUR
        owner = {"requester": f"C{number % CUSTOMERS}", "category": "refund"}
        found.append(message(name, 1, "ticket.created", at, **owner))
        if number % 4 == 0:
            other = {"requester": f"C{(number + 1) % CUSTOMERS}"}
            found.append(message(name, 2, "ticket.updated", at + HOUR // 2, **other))
        found.append(message(name, 3, "ticket.updated", at + HOUR, status="resolved"))
    return found


def public() -> list[Message]:
    """Every other customer comes back a day later."""
    return [
        message(f"C{n}", 1, "customer.active", MONDAY_MS + TICKETS * HOUR + DAY, activity="login")
        for n in range(0, CUSTOMERS, 2)
    ]


def shifts() -> list[Message]:
    found = []
    for agent in range(20):
        start, end = MONDAY_MS + DAY, MONDAY_MS + DAY + 8 * HOUR
        span = {"start": format_rfc3339(start), "end": format_rfc3339(end)}
        name, queue = f"A{agent}", "billing"
        found += [
            message(name, 1, "agent.scheduled", MONDAY_MS, shift="s", queue=queue, **span),
            message(name, 2, "agent.presence", start, state="online", queue=queue),
            message(name, 3, "agent.presence", end - HOUR, state="offline", queue=queue),
        ]
    return found


def publish(app: Application) -> None:
    app.publish(shifts(), app.config.topics.agents)
    app.publish(public(), app.config.topics.customers)
    app.publish(tickets())


def people(app: Application) -> Report:
    kind = app.config.agents
    books = app.entities(kind)
    return people_report(books, kind, app.config.engine, packing, END)


def customers(app: Application) -> Report:
    config = app.config
    books = CustomerBooks(app.entities(config.customers), app.entities(config.requesters))
    kinds = config.customers, config.requesters
    return customers_report(books, *kinds, config.engine, packing, END)


def settled_down(app: Application) -> bool:
    """Whether every ticket has told whose it is in the end."""
    found = customers(app)
    support = found["retention_after_support"]
    return (
        found["tickets"]["tickets"] == TICKETS
        and support["customers"] == CUSTOMERS
        and resolved(app.entities(app.config.requesters)) == TICKETS
        and people(app)["scheduled_s"] == 20 * 8 * 3600
    )


def resolved(books: EntityBooks) -> int:
    """Tickets that are told to be resolved, each by one requester."""
    told: Sequence[Any] = [
        facts_in(event.data)
        for record in books.records.values()
        for event in newest(packing.unpack(record.history))
    ]
    return sum(bool(one.resolved) for one in told)


def check(app: Application) -> None:
    """All that must hold once everything was read."""
    found = people(app)
    assert (found["scheduled_s"], found["lost_s"]) == (20 * 8 * 3600, 20 * 3600)
    met = customers(app)
    assert met["tickets"]["tickets"] == TICKETS, "none is counted twice, none is lost"
    back = met["retention_after_support"]
    assert (back["customers"], back["retained"]) == (CUSTOMERS, len(public()))


def test_three_more_processors_run_beside_the_tickets(app: Application) -> None:
    publish(app)
    app.start()
    app.wait(lambda: settled_down(app), "all of it")
    app.stop()
    check(app)


def test_killed_in_the_middle_nothing_is_lost_or_counted_twice(app: Application) -> None:
    half = len(tickets()) // 2
    app.publish(tickets()[:half])
    first = app.start()
    app.wait_until_read(half // 2)
    first.end(signal.SIGKILL)
    app.start()
    app.publish(shifts(), app.config.topics.agents)
    app.publish(public(), app.config.topics.customers)
    app.publish(tickets()[half:])
    app.start()
    app.wait_until_read(half + half // 2)
    app.workers[1].end(signal.SIGKILL)
    app.wait(lambda: settled_down(app), "all of it")
    app.stop()
    check(app)


def test_a_reset_reads_all_of_it_again(kafka_broker: str, tmp_path: Path) -> None:
    with application(Broker(kafka_broker, transactions=True), tmp_path) as app:
        publish(app)
        app.start()
        app.wait(lambda: settled_down(app), "all of it")
        app.stop()
        asyncio.run(reset(app.config))
        assert people(app)["scheduled_s"] == 0
        app.start()
        app.wait(lambda: settled_down(app), "all of it, again")
        app.stop()
        check(app)


def test_on_the_embedded_broker_a_reset_says_what_to_do_instead(
    embedded_broker: str, tmp_path: Path
) -> None:
    """It takes no positions of a group that once had members."""
    with application(Broker(embedded_broker, transactions=False), tmp_path) as app:
        app.publish(tickets()[:4])
        app.start()
        app.wait_until_read(4)
        app.stop()
        with pytest.raises(UserError, match="end it and start it again"):
            asyncio.run(reset(app.config))
