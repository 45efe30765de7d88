"""A source that was deleted, made anew and filled again is not read on where the former one was."""

import asyncio
from pathlib import Path

import pytest

from streams.kafka.publish import Message
from streams.kafka.reset import reset
from streams.kafka.topics import recreate
from streams.wire.codec import dumps
from tests.brokers import Broker
from tests.kafka.workers import PATIENCE_S, application


def events(first: int, count: int) -> list[Message]:
    head = {"specversion": "1.0", "source": "acme", "subject": "T", "type": "ticket.updated"}
    return [
        (b"T", dumps({**head, "id": str(n), "time": f"2026-03-02T08:{n:02}:00Z", "data": {}}), ())
        for n in range(first, first + count)
    ]


@pytest.mark.parametrize("count", [5, 20], ids=["shorter", "longer"])
def test_a_source_made_anew_is_refused_with_what_to_do(
    broker: Broker, tmp_path: Path, count: int
) -> None:
    """Whether it ends before what was read or behind it; nothing of it is read until then."""
    with application(broker, tmp_path) as app:
        app.publish(events(0, 10))
        app.start()
        app.wait_until_read(10)
        app.stop()
        asyncio.run(recreate(app.config, app.config.topics.source))
        app.publish(events(10, count))
        worker = app.start()
        worker.may_end = True
        assert worker.process.wait(PATIENCE_S) == 1
        told = worker.log.read_text()
        assert f" of {app.config.topics.source} " in told
        assert "the topic was made anew" in told
        assert "`deskpulse reset` starts over with it" in told
        assert "Traceback" not in told
        assert app.books().outcomes.total() == 10
        if broker.transactions:
            # The embedded broker never lets a group go (docs/brokers.md).
            asyncio.run(reset(app.config))
            app.start()
            app.wait_until_read(count)
            app.stop()
            assert app.books().outcomes.total() == count
