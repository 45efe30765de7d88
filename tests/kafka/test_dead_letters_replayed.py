"""`deskpulse dead-letters` on real brokers: looked at, mended, put back once, applied."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from streams.cli import run
from streams.clock import wall_ms
from streams.config import load
from streams.core.instants import MINUTE, format_rfc3339
from streams.errors import UserError
from streams.kafka.letters import put_back
from streams.wire.codec import dumps
from streams.wire.deadletters import details
from tests.brokers import Broker
from tests.kafka.reading import read_topic
from tests.kafka.workers import Application, application

Captured = pytest.CaptureFixture[str]
TRACE = (("traceparent", b"00-1"),)
EVENT = {
    "specversion": "1.0",
    "id": "1",
    "source": "s",
    "type": "ticket.created",
    "subject": "T-1",
    "time": "2026-03-02T09:00:00Z",
    "data": {},
}
OLD = EVENT | {"id": "0", "type": "ticket.updated", "time": "2025-03-02T09:00:00Z"}


@pytest.fixture
def app(broker: Broker, tmp_path: Path) -> Iterator[Application]:
    with application(broker, tmp_path, time="wall") as running:
        yield running


def commanded(app: Application, *arguments: str, capsys: Captured) -> tuple[int, str]:
    """The exit code of `deskpulse dead-letters ...`, and what it printed."""
    capsys.readouterr()
    code = run(["dead-letters", *arguments, "--config", str(app.folder / "conf")])
    said = capsys.readouterr()
    return code, said.out + said.err


def reconfigure(app: Application, extra: str) -> None:
    """Add to the configuration of the next worker and of the commands."""
    for file in (app.folder / "deskpulse.yml", app.folder / "conf" / "deskpulse.yml"):
        file.write_text(file.read_text() + extra)
    app.config = load(app.folder / "conf")


def ahead(number: int, ticket: str = "T-1") -> bytes:
    """An event whose sender's clock is half an hour fast."""
    changes = {"time": format_rfc3339(wall_ms() + 30 * MINUTE), "type": "ticket.updated"}
    return dumps(EVENT | changes | {"id": f"ahead-{number}", "subject": ticket})


def test_from_the_list_back_to_the_tickets(app: Application, capsys: Captured) -> None:
    future = [ahead(number) for number in range(3)]
    junk = b'{"half": "\xff'
    large = b" " * 1_000_001
    app.publish([(b"T-1", dumps(EVENT), ()), (b"T-1", dumps(OLD), ()), (b"T-1", junk, TRACE)])
    app.publish([*[(b"T-1", each, TRACE) for each in future], (b"T-1", large, ())])
    app.start()
    app.wait_until_read(7)
    app.stop()

    code, said = commanded(app, "list", capsys=capsys)
    assert code == 0
    counted = {line.split()[0]: line.split()[1:3] for line in said.splitlines()[1:4]}
    assert counted == {"future": ["3", "0"], "encoding": ["1", "0"], "oversize": ["1", "0"]}
    assert "2025" not in commanded(app, "list", "--topic", "late", capsys=capsys)[1]
    assert "late" in commanded(app, "list", "--topic", "late", capsys=capsys)[1]
    place = next(line.split()[0] for line in said.splitlines() if "encoding" in line.split()[4:])
    shown = commanded(app, "show", place, capsys=capsys)[1]
    assert "header      traceparent: 00-1" in shown
    assert "7b 22 68 61 6c 66 22" in shown

    code, said = commanded(app, "replay", "--yes", capsys=capsys)
    assert (code, len(source(app))) == (0, 7)
    assert "0 letters to put back" in said
    assert "4 stay, they would be refused again: 3 future, 1 encoding" in said
    assert "1 stay, only its beginning was kept" in said

    reconfigure(app, "lateness: {future_skew: 1h}\n")
    said = commanded(app, "replay", "--reason", "future", "--dry-run", capsys=capsys)[1]
    assert "3 letters to put back" in said
    assert len(source(app)) == 7
    said = commanded(app, "replay", "--reason", "future", "--yes", capsys=capsys)[1]
    assert "done: 3 letters" in said
    said = commanded(app, "replay", "--yes", capsys=capsys)[1]
    assert "0 letters to put back" in said
    assert "3 went back before" in said
    back = source(app)[7:]
    assert [(record.key, record.value) for record in back] == [(b"T-1", each) for each in future]
    assert all(record.headers[0] == TRACE[0] for record in back)
    assert all(set(details(record.headers)) == {"first_seen"} for record in back)

    app.start()
    app.wait_until_read(10)
    app.stop()
    events = app.report()["events"]
    assert (events["applied"], events["rejected"]) == (
        4,
        {"encoding": 1, "future": 3, "oversize": 1},
    )
    code, said = commanded(app, "list", "--last", "0", capsys=capsys)
    assert "went back" in said.splitlines()[0]
    assert said.splitlines()[1].split()[:3] == ["future", "3", "3"]


def source(app: Application) -> list[Any]:
    return read_topic(app, app.config.topics.source)


def test_two_at_once_put_nothing_back_twice(app: Application) -> None:
    """With transactions one of them may be fenced off; without, the engine knows the event."""
    tickets = [f"T-{number % 7}" for number in range(40)]
    events = [ahead(number, ticket) for number, ticket in enumerate(tickets)]
    app.publish([(t.encode(), event, ()) for t, event in zip(tickets, events, strict=True)])
    app.start()
    app.wait_until_read(40)
    app.stop()
    reconfigure(app, "lateness: {future_skew: 1h}\n")

    async def once() -> None:
        transactions = app.broker.transactions
        with contextlib.suppress(UserError):
            reasons = put_back(
                app.config, lambda one: one.reason == "future", transactional=transactions
            )
            async for _ in reasons:
                pass

    async def twice() -> None:
        await asyncio.gather(once(), once())
        await once()

    asyncio.run(twice())
    back = [r for r in source(app) if details(r.headers)]
    times = Counter(record.value for record in back)
    assert set(times) == {*events}
    assert not app.broker.transactions or set(times.values()) == {1}
    app.start()
    app.wait_until_read(40 + len(back))
    app.stop()
    found = app.report()["events"]
    assert (found["applied"], found["duplicate"]) == (40, len(back) - 40)
