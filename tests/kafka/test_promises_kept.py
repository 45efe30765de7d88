"""SLA clocks of real workers on real brokers: what is said of them, once, whoever dies."""

import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from streams.clock import wall_ms
from streams.core.instants import format_rfc3339, parse_rfc3339
from streams.kafka.publish import Message
from streams.wire.codec import dumps, loads
from tests.brokers import Broker
from tests.contract.schema_files import validator
from tests.kafka.reading import read_topic
from tests.kafka.workers import Application, application

PROMISES = """
policies:
  - name: fast
    calendar: 24x7
    objective: 99%
    targets:
      first_response: {within: 4s, warn: [50%]}
"""


@pytest.fixture
def app(broker: Broker, tmp_path: Path) -> Iterator[Application]:
    with application(broker, tmp_path, time="wall", promises=PROMISES) as running:
        yield running


def event(ticket: str, kind: str, at: int, **data: Any) -> Message:
    written = {
        "specversion": "1.0",
        "id": f"{ticket}-{kind}-{at}",
        "source": "desk/a",
        "type": kind,
        "subject": ticket,
        "time": format_rfc3339(at),
        "data": data,
    }
    return ticket.encode(), dumps(written), ()


def reply(ticket: str, at: int) -> Message:
    """What answers a ticket of these tests' sources: it is not new any more."""
    return event(ticket, "ticket.updated", at, status="open")


def transitions(app: Application) -> list[dict[str, Any]]:
    """Everything on `sla-transitions`, by ticket in the order it was said."""
    return [loads(record.value) for record in read_topic(app, app.config.topics.transitions)]


def said(app: Application, ticket: str) -> list[str]:
    return [one["transition"] for one in transitions(app) if one["ticket"] == ticket]


def test_a_breach_is_announced_without_any_event_and_once(app: Application) -> None:
    """Killed after it was said, a worker does not say it again; a late reply names it."""
    created_at = wall_ms()
    app.publish([event("T1", "ticket.created", created_at, status="new", queue="A")])
    first = app.start()
    app.wait(lambda: "breached" in said(app, "T1"), "the breach")
    first.end(signal.SIGKILL)
    app.start()
    app.publish([reply("T1", wall_ms())])
    app.wait(lambda: "met_late" in said(app, "T1"), "the late reply")
    app.stop()
    found = [one for one in transitions(app) if one["ticket"] == "T1"]
    once = {one["id"]: one for one in found}
    if app.broker.transactions:
        assert len(once) == len(found)
    assert [one["transition"] for one in once.values()] == ["warned", "breached", "met_late"]
    warned, breached, late = once.values()
    assert warned["level"] == "50%"
    assert parse_rfc3339(breached["time"]) == created_at + 4_000
    assert breached["refers_to"] == warned["id"]
    assert late["refers_to"] == breached["id"]
    check = validator("sla-transition.json")
    for one in found:
        check.validate(one)


def test_a_worker_that_comes_back_does_not_page_for_what_was_answered_meanwhile(
    app: Application,
) -> None:
    """The deadline passed while no worker ran; the reply, in time, stands in the backlog."""
    created_at = wall_ms() - 60_000
    app.publish([event("T2", "ticket.created", created_at, status="new")])
    app.publish(
        [event(f"N{n}", "ticket.created", wall_ms(), status="resolved") for n in range(2_000)]
    )
    app.publish([reply("T2", created_at + 1_000)])
    app.start()
    app.wait(lambda: said(app, "T2"), "a verdict")
    app.wait_until_read(2_002)
    app.stop()
    assert said(app, "T2") == ["met"]


def test_what_comes_late_takes_a_breach_back(app: Application) -> None:
    created_at = wall_ms()
    app.publish([event("T3", "ticket.created", created_at, status="new")])
    app.start()
    app.wait(lambda: "breached" in said(app, "T3"), "the breach")
    app.publish([reply("T3", created_at + 1_000)])
    app.wait(lambda: "met" in said(app, "T3"), "the verdict")
    app.stop()
    counted = Counter(said(app, "T3"))
    assert counted == Counter(warned=1, breached=1, retracted=2, met=1)
    found = [one for one in transitions(app) if one["ticket"] == "T3"]
    taken_back = {one["refers_to"] for one in found if one["transition"] == "retracted"}
    assert taken_back == {one["id"] for one in found if one["transition"] in ("warned", "breached")}
