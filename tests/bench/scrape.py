"""What a scrape of about 2,000 series costs, and what the event loop notices of it.

The worker owns 8 partitions and 100,000 active tickets, in all queues, statuses, priorities and
channels, with a day of facts in every window.
"""

import asyncio
import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.client import HTTPConnection
from statistics import median
from typing import Final
from urllib.parse import urlsplit

from streams.config.model import Metrics
from streams.core.events import PRIORITIES, STATUSES
from streams.core.facts import BOT_REPLY, DURATIONS, WINDOWED, Fact, Standing
from streams.core.instants import DAY
from streams.core.windows import EDGES, count
from streams.metrics import Exporter
from streams.metrics.catalogue import CATALOGUE
from streams.metrics.snapshot import take
from tests.bench.readings import Reading
from tests.unit.metrics.desk import START, Desk, budget

TICKETS: Final = 100_000
QUEUES: Final = 100
NAMED: Final = 14
"""Queues that keep their name."""
PARTITIONS: Final = 8
FACTS_EVERY: Final = 10
"""One ticket in so many has facts: enough to fill every histogram bucket of every queue."""
VALUED: Final = DURATIONS | {metric.fact for metric in CATALOGUE if metric.amounts}
ROUNDS: Final = 20


def measure(runs: int) -> Iterator[Reading]:
    """The same state all the time; the median of `ROUNDS` for each run."""
    desk = _busy()
    config = replace(budget(NAMED), max_series=3_000, metrics=Metrics(port=0))
    with Exporter(config, lambda: desk.now) as exporter:
        exporter.show(desk.partitions)
        body = _scrape(exporter.url)
        series = sum(line[:1] not in b"#\n" for line in body.splitlines())
        assert desk.partitions.owned[0].processor.now.depth() == TICKETS // PARTITIONS
        assert 1_900 < series < 2_100, series
        for _ in range(runs):
            yield Reading("scrape.series", "series", series)
            yield Reading("scrape.size", "bytes", len(body))
            yield Reading("scrape", "ms, request to last byte", _ms(lambda: _scrape(exporter.url)))
            snapshot_ms = _ms(lambda: take(desk.partitions, desk.now))
            yield Reading("scrape.snapshot", "ms on the loop each cycle", snapshot_ms)
            yield Reading("scrape.loop.idle", "ms longest wait in 1 s", asyncio.run(_wait_ms(None)))
            scraped_ms = asyncio.run(_wait_ms(exporter.url))
            yield Reading("scrape.loop.scraped", "ms longest wait in 1 s", scraped_ms)


def _busy() -> Desk:
    """State as the engine would have it, without the events that lead to it."""
    chance = random.Random(1)
    active, priorities = sorted(STATUSES - {"resolved", "closed"}), sorted(PRIORITIES)
    desk = Desk().own(*range(PARTITIONS))
    for owned in desk.partitions.owned.values():
        processor = owned.processor
        processor.advance(START)
        for number in range(TICKETS // PARTITIONS):
            cell = (f"queue {number % QUEUES}", chance.choice(priorities), "email")
            since = START - chance.randrange(DAY)
            standing = Standing(cell, chance.choice(active), number % 3 == 0, since, since)
            processor.now.move(None, standing)
            if number % FACTS_EVERY == 0:
                facts = [*_facts(chance, cell)]
                count(processor.windows, facts, 1)
                desk.partitions.counted.totals.add(facts, EDGES)
            processor.rhythm.note(f"source {number % 5}", since)
    return desk


def _facts(chance: random.Random, cell: tuple[str, str, str]) -> Iterator[Fact]:
    for kind in (*WINDOWED, BOT_REPLY):
        value = chance.randrange(8 * DAY) if kind in VALUED else None
        yield Fact(kind, START - chance.randrange(DAY), cell, value)


def _scrape(url: str) -> bytes:
    """One scrape; not by urllib, which would ask the proxy of the outside world."""
    connection = HTTPConnection(urlsplit(url).netloc)
    connection.request("GET", "/metrics")
    body = connection.getresponse().read()
    connection.close()
    return body


def _ms(work: Callable[[], object]) -> float:
    """How long it takes, the median of `ROUNDS`."""

    def once() -> float:
        started = time.perf_counter()
        work()
        return (time.perf_counter() - started) * 1000

    return median(once() for _ in range(ROUNDS))


async def _wait_ms(url: str | None) -> float:
    """How late a task comes at worst that asks for a turn each millisecond, for a second."""
    loop, worst = asyncio.get_running_loop(), 0.0
    end = loop.time() + 1
    reading = asyncio.create_task(_read_until(end, url)) if url else None
    while (due := loop.time() + 0.001) < end:
        await asyncio.sleep(0.001)
        worst = max(worst, loop.time() - due)
    if reading is not None:
        await reading
    return worst * 1000


async def _read_until(end: float, url: str) -> None:
    """Scrapes by another process: its own work must not be taken for the worker's."""
    code = "import sys\nfrom tests.bench.scrape import _scrape\nwhile 1: _scrape(sys.argv[1])"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, url)
    await asyncio.sleep(end - asyncio.get_running_loop().time())
    process.kill()
    await process.wait()
