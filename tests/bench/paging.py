"""From a deadline until the page is received, and from the answer until its end: the direct way.

`deskpulse worker` and `deskpulse notify` on real Kafka, exactly once, an Alertmanager with the
receivers replaced and the waits of docs/notifying.md. Every quarter of a second an urgent ticket
is left unanswered; later each is answered. Whoever is called notes when.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import Any, Final

from streams.clock import wall_ms
from streams.config import Config
from streams.core.instants import format_rfc3339
from streams.kafka.publish import Message, publish
from streams.pace import at_rate
from streams.wire.codec import dumps
from tests.bench.cluster import application, kafka
from tests.bench.readings import Reading
from tests.brokers import unique
from tests.deploy.notifiers import alertmanager_that_calls, ending, start_notifier
from tests.deploy.pager import Pager, pager

SAMPLES: Final = 100
PER_SECOND: Final = 4
TARGET_S: Final = 5
PROMISES: Final = f"""
policies:
  - name: samples
    calendar: 24x7
    targets: {{first_response: {TARGET_S}s}}
"""
LATE_S: Final = 30.0
"""A page that is not there by then is a wrong answer."""


def measure(_: int) -> Iterator[Reading]:
    """One run, whatever was asked for: it has `SAMPLES`."""
    with kafka() as broker, application(broker, unique("events"), PROMISES) as app:
        worker = app.start()
        app.wait(lambda: worker.get("/ready")[0] == 200, "the worker to be ready")
        with pager() as paged, TemporaryDirectory() as folder:
            alerts = alertmanager_that_calls(paged, Path(folder))
            with ending(alerts):
                notifier = start_notifier(app, alerts.address)
                with ending(notifier):
                    created = _send(app.config, "ticket.created", CREATED)
                    opened = _told(paged, "firing")
                    answered = _send(app.config, "ticket.replied", REPLIED)
                    ended = _told(paged, "resolved")
    late = [opened[ticket] - at - TARGET_S * 1000 for ticket, at in created.items()]
    assert min(late) >= 0, "paged before the deadline"
    yield from _percentiles("paging.page", "ms after the deadline", late)
    after = [ended[ticket] - at for ticket, at in answered.items()]
    yield from _percentiles("paging.end", "ms after the answer", after)


CREATED: Final = {"queue": "samples", "status": "new", "priority": "urgent"}
REPLIED: Final = {"author": {"id": "a1", "role": "agent"}, "visibility": "public"}


def _send(config: Config, kind: str, data: Mapping[str, Any]) -> dict[str, int]:
    """An event for each ticket, one after the other; when each happened."""
    times: dict[str, int] = {}

    async def messages() -> Any:
        names = [(f"sample-{number}".encode(), b"") for number in range(SAMPLES)]
        async for key, _ in at_rate(names, PER_SECOND):
            times[key.decode()] = at = wall_ms()
            yield _event(key.decode(), kind, at, data)

    async def send() -> None:
        async for _ in publish(config, messages()):
            pass

    asyncio.run(send())
    return times


def _event(ticket: str, kind: str, at: int, data: Mapping[str, Any]) -> Message:
    event = {
        "specversion": "1.0",
        "id": f"{ticket}-{kind}",
        "source": "bench/paging",
        "type": kind,
        "subject": ticket,
        "time": format_rfc3339(at),
        "data": data,
    }
    return ticket.encode(), dumps(event), ()


def _told(paged: Pager, status: str) -> dict[str, int]:
    """When each ticket first came in this status, once all have."""
    give_up = time.monotonic() + LATE_S
    while True:
        first: dict[str, int] = {}
        for at, one in list(paged.told):
            if one["status"] == status:
                first.setdefault(one["annotations"]["ticket"], at)
        if len(first) == SAMPLES:
            return first
        assert time.monotonic() < give_up, f"{len(first)} of {SAMPLES} tickets were {status}"
        time.sleep(0.1)


def _percentiles(name: str, unit: str, values: Sequence[float]) -> Iterator[Reading]:
    percentiles = quantiles(values, n=100, method="inclusive")
    yield Reading(f"{name}.p50", unit, percentiles[49])
    yield Reading(f"{name}.p99", unit, percentiles[98])
    yield Reading(f"{name}.max", unit, max(values))
