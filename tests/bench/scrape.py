"""What a scrape costs, and what the event loop notices of it. Prints; asserts no time.

    python -m tests.bench.scrape [TICKETS]

The worker owns 8 partitions and exports about as many series as `max_series` allows: tickets
in all queues, statuses, priorities and channels, with a day of facts in every window.
"""

import asyncio
import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.client import HTTPConnection
from statistics import median
from typing import NamedTuple
from urllib.parse import urlsplit

from streams.config import Config
from streams.config.model import Metrics
from streams.core.events import PRIORITIES, STATUSES
from streams.core.facts import DURATIONS, Fact, Standing
from streams.core.settings import DAY, MINUTE
from streams.core.windows import WINDOWED
from streams.metrics import Exporter
from streams.metrics.snapshot import take
from tests.unit.metrics.desk import START, Desk

PARTITIONS = 8
ROUNDS = 20


class Cost(NamedTuple):
    """Milliseconds, the median of several rounds, and how many series there were."""

    series: int
    take_ms: float
    """On the event loop, once per commit cycle."""
    scrape_ms: float
    """From the request to the last byte, over HTTP."""
    idle_delay_ms: float
    """The longest the event loop kept a task waiting in a second without scrapes."""
    scraped_delay_ms: float
    """The same in a second of scrapes one after the other."""


def measure(tickets: int, queues: int) -> Cost:
    """The cost with so many active tickets in so many queues."""
    desk = _busy(tickets, queues)
    config = replace(Config(), metrics=Metrics(port=0))
    with Exporter(config, lambda: desk.now) as exporter:
        exporter.show(desk.partitions)
        series = sum(line[:1] not in b"#\n" for line in _scrape(exporter.url).splitlines())
        return Cost(
            series,
            _median_ms(lambda: take(desk.partitions, desk.now)),
            _median_ms(lambda: _scrape(exporter.url)),
            asyncio.run(_delay_ms(None)),
            asyncio.run(_delay_ms(exporter.url)),
        )


def _busy(tickets: int, queues: int) -> Desk:
    """State as the engine would have it, without the events that lead to it."""
    chance = random.Random(1)
    desk = Desk().own(*range(PARTITIONS))
    for owned in desk.partitions.owned.values():
        processor = owned.processor
        processor.advance(START)
        for number in range(tickets // PARTITIONS):
            cell = (f"queue {number % queues}", chance.choice(sorted(PRIORITIES)), "email")
            since = START - chance.randrange(DAY)
            status = chance.choice(sorted(STATUSES))
            standing = Standing(cell, status, number % 3 == 0, since, since)
            processor.now.move(None, standing)
            if number < 20_000:
                facts = [*_facts(chance, cell)]
                processor.windows.add(facts, 1)
                desk.partitions.counted.totals.add(facts, processor.windows.edges)
            processor.rhythm.note(f"source {number % 5}", since)
    return desk


def _facts(chance: random.Random, cell: tuple[str, str, str]) -> Iterator[Fact]:
    for kind in WINDOWED:
        value = chance.randrange(8 * DAY) if kind in DURATIONS else None
        yield Fact(kind, START - chance.randrange(DAY), cell, value)


def _scrape(url: str) -> bytes:
    """One scrape; not by urllib, which would ask the proxy of the outside world."""
    connection = HTTPConnection(urlsplit(url).netloc)
    connection.request("GET", "/metrics")
    body = connection.getresponse().read()
    connection.close()
    return body


def _median_ms(work: Callable[[], object]) -> float:
    def once() -> float:
        started = time.perf_counter()
        work()
        return (time.perf_counter() - started) * 1000

    return median(once() for _ in range(ROUNDS))


async def _delay_ms(url: str | None) -> float:
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


def _note_ns(events: int = 500_000) -> float:
    """What noting the source of one event costs the hot path."""
    rhythm = Desk().own(0).partitions.owned[0].processor.rhythm
    started = time.perf_counter()
    for number in range(events):
        rhythm.note("zendesk/acme", START + number * MINUTE // 100)
    return (time.perf_counter() - started) * 1e9 / events


def main(tickets: int) -> None:
    """Print the costs."""
    print(
        f"{'tickets':>9} {'queues':>6} {'series':>6} {'take':>8} {'scrape':>8} "
        f"{'loop idle':>10} {'loop scraped':>13}   (ms)"
    )
    for queues in (10, 100):
        cost = measure(tickets, queues)
        print(
            f"{tickets:>9} {queues:>6} {cost.series:>6} {cost.take_ms:>8.2f} "
            f"{cost.scrape_ms:>8.1f} {cost.idle_delay_ms:>10.1f} {cost.scraped_delay_ms:>13.1f}"
        )
    print(f"rhythm.note: {_note_ns():.0f} ns an event")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
