"""The same tickets in 10, 100 and 1,000 queues: what an event, a picture and a scrape cost.

Every queue is a label value in the engine's sums; on the page they get names as long as
`max_series` lasts, here its default, and share `other` beyond.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from streams.config.model import Metrics
from streams.core.processor import Processor
from streams.kafka.partitions import Partitions
from streams.metrics import Exporter
from streams.metrics.snapshot import take
from streams.simulate import bulk
from tests.bench import scrape
from tests.bench.engine import BATCH, CUT_AT, PER_TICKET, Message, fold
from tests.bench.readings import Reading
from tests.unit.metrics.desk import Desk, budget

QUEUES: Final = (10, 100, 1_000)
TICKETS: Final = 10_000
EVENTS: Final = TICKETS * PER_TICKET
_QUEUE: Final = re.compile(rb'(?<="queue":")[^"]+')


def measure(runs: int) -> Iterator[Reading]:
    """Everything again for each run."""
    messages = list(bulk(TICKETS, PER_TICKET, seed=1, leave_open=True))
    for queues in QUEUES:
        spread = list(in_queues(messages, queues))
        for _ in range(runs):
            yield from _measure(spread, queues)


def in_queues(messages: list[tuple[bytes, bytes]], queues: int) -> Iterator[Message]:
    """The events with each ticket in one of so many queues."""
    for key, value in messages:
        queue = b"queue-%d" % (int(key.removeprefix(b"B")) % queues)
        yield key, _QUEUE.sub(queue, value)


def _measure(messages: list[Message], queues: int) -> Iterator[Reading]:
    config = replace(budget(queues), metrics=Metrics(port=0))
    desk = Desk(config).own(0)
    processor = desk.partitions.owned[0].processor
    started = time.process_time()
    _run(desk.partitions, processor, messages)
    cpu_s = time.process_time() - started
    assert processor.outcomes == {("applied", ""): EVENTS}, processor.outcomes
    assert processor.now.depth() == TICKETS
    assert len({queue for queue, *_ in processor.now.active}) == queues
    assert processor.newest is not None
    desk.now = processor.newest
    with Exporter(config, lambda: desk.now) as exporter:
        exporter.show(desk.partitions)
        body = scrape._scrape(exporter.url)
        series = sum(line[:1] not in b"#\n" for line in body.splitlines())
        assert series <= config.max_series, series
        name = f"labels.{queues}_queues"
        yield Reading(name, "us CPU/event", cpu_s * 1e6 / EVENTS)
        yield Reading(name, "series", series)
        picture_ms = scrape._ms(lambda: take(desk.partitions, desk.now))
        yield Reading(name, "ms for a picture", picture_ms)
        yield Reading(name, "ms for a scrape", scrape._ms(lambda: scrape._scrape(exporter.url)))


def _run(partitions: Partitions, processor: Processor, messages: list[Message]) -> None:
    for offset in range(0, len(messages), BATCH):
        fold(processor, messages[offset : offset + BATCH], offset)
        if processor.pending >= CUT_AT or offset + BATCH >= len(messages):
            partitions.counted.totals.merge(processor.cut().totals)
