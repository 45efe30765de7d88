"""No ticket, no name and no text of an event is in a label or in a log.

Queues, channels, segments and sources are labels by design, within their budgets.
"""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest

from streams.kafka.child import end
from streams.kafka.embedded import free_port
from streams.kafka.publish import Message
from streams.metrics.scrape import fetch
from streams.wire.codec import dumps
from tests.brokers import Broker
from tests.kafka.loud import loudly
from tests.kafka.workers import PATIENCE_S, Application, application

CANARY: Final = "Ca-nary"
PROMISES: Final = """
policies:
  - {name: all, calendar: 24x7, targets: {first_response: 30m, resolution: 1h}}
"""
DAY: Final = "2026-03-02"


def canary(where: str) -> str:
    """A text that tells where it was."""
    return f"{CANARY} {where} \n<b>"


def everything() -> dict[str, Any]:
    """Every attribute that may hold somebody or something."""
    free = ("assignee", "requester", "organization", "category", "product", "language")
    odd = ("status", "priority", "kind", "complexity", "wait_reason", canary("unknown attribute"))
    return {
        **{name: canary(name) for name in (*free, *odd)},
        "tags": [canary("tags")],
        "queue": "billing",
        "channel": "email",
        "segment": "enterprise",
    }


def event(kind: str, at: str, data: object, ticket: str, number: int = 1, **more: object) -> bytes:
    head = {"specversion": "1.0", "id": f"{CANARY}-{kind}-{at}-{number}", "source": "acme"}
    time = f"{DAY}T{at}:00Z"
    return dumps({**head, "type": kind, "subject": ticket, "time": time, "data": data, **more})


def messages() -> list[Message]:
    """What can be said with a name in it: applied, late, refused, ignored, forgotten."""
    ticket = canary("ticket")
    author = {"id": canary("author"), "role": "agent"}
    reply = {"author": author, "visibility": "public", "text": canary("text")}
    old = event("ticket.updated", "08:00", {"assignee": canary("late")}, ticket)
    values: list[bytes | None] = [
        event("ticket.created", "09:00", {**everything(), "actor": author}, ticket),
        event("ticket.replied", "11:00", reply, ticket),
        event("ticket.replied", "11:00", {**reply, "text": canary("conflict")}, ticket),
        event("ticket.updated", "12:00", {"status": "resolved"}, ticket),
        event("ticket.merged", "12:10", {"into": canary("into")}, ticket),
        event("ticket.merged", "12:20", {"into": ticket}, ticket),
        event("ticket.worked", "12:30", {"agent": canary("agent"), "seconds": "x"}, ticket),
        event(canary("type"), "12:40", {}, ticket),
        event("ticket.created", "12:50", {canary("key"): {canary("key"): 1}}, ticket, 2),
        old.replace(f"{DAY}T".encode(), b"2020-01-01T"),
        old.replace(f"{DAY}T".encode(), b"2999-01-01T"),
        event("ticket.updated", "13:00", {}, canary("another ticket")),
        dumps(canary("no object")),
        f'{{"{CANARY}": '.encode(),
        canary("no JSON").encode(),
        dumps({"specversion": "1.0", "subject": ticket}),
        None,
    ]
    key, headers = ticket.encode(), ((CANARY, CANARY.encode()),)
    return [(key, value, headers) for value in values]


@pytest.fixture
def app(broker: Broker, tmp_path: Path) -> Iterator[Application]:
    port = f"metrics: {{port: {free_port()}}}\n"
    with application(broker, tmp_path, port, promises=PROMISES) as running:
        yield running


def test_no_name_is_in_a_label_or_a_log(app: Application) -> None:
    """Also where somebody makes every library speak."""
    sent = messages()
    app.publish(sent)
    log = app.folder / "loud.log"
    conf = app.folder / "conf"
    process = loudly(conf, [["worker", "--log-level", "debug"]], log, {})
    try:
        app.wait_until_read(len(sent))
        page = fetch(f"http://127.0.0.1:{app.config.metrics.port}/metrics")
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_S)
    finally:
        end(process)
    said = log.read_text()
    assert 'queue="billing"' in page, "what is a label by design is there"
    assert "DEBUG:aiokafka" in said
    nowhere(page)
    nowhere(said)


def nowhere(text: str) -> None:
    """No canary sings in a text, however it may be written."""
    for form in (CANARY, quote(CANARY), CANARY.lower(), CANARY.encode().hex()):
        at = text.find(form)
        assert at < 0, text[max(0, at - 300) : at + 100]
