"""1, 2 and 4 workers of one application on real Kafka, exactly once: 200,000 events.

    python -m tests.bench.workers CONF

The events wait in 4 partitions; the broker and all workers share the cores of one machine. From
the first event that any worker folds until all are durable, whichever worker had them. Nothing
is read before the partitions are shared evenly. As a program it is one of the workers.
"""

import asyncio
import json
import logging
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any, Final
from unittest.mock import patch

from streams.config import load
from streams.config.model import Metrics
from streams.kafka.partitions import Partitions
from streams.kafka.worker import Worker
from streams.metrics import Exporter
from tests.bench.cluster import CONF, PARTITIONS, application, kafka, preload, recent
from tests.bench.engine import PER_TICKET
from tests.bench.machine import peak_rss
from tests.bench.readings import Reading
from tests.brokers import ROOT, Broker, unique

TICKETS: Final = 33_333
EVENTS: Final = TICKETS * PER_TICKET
WORKERS: Final = (1, 2, 4)
LOOK_S: Final = 0.01
PATIENCE_S: Final = 180.0

Said = dict[str, Any]
"""How far a worker is, in its own words."""


def measure(runs: int) -> Iterator[Reading]:
    """A new application for each number of workers and each run, on the same events."""
    source = unique("events")
    with kafka() as broker:
        with application(broker, source) as first:
            preload(first.config, recent(TICKETS))
        # What a new broker does slowly, until it has been compiled, is done by then.
        _run(broker, source, max(WORKERS))
        for _ in range(runs):
            for number in WORKERS:
                yield from _readings(number, _run(broker, source, number))


def _run(broker: Broker, source: str, number: int) -> list[Said]:
    with application(broker, source) as app, Group.of(app.folder / CONF, number) as group:
        return group.run()


def _readings(number: int, found: list[Said]) -> Iterator[Reading]:
    outcomes = sum((Counter[str](one["outcomes"]) for one in found), Counter[str]())
    assert outcomes == {"applied": EVENTS}, found
    assert sum(one["tickets"] for one in found) == TICKETS, found
    assert [one["ready"] for one in found] == [PARTITIONS // number] * number, found
    seconds = max(one["durable"] for one in found) - min(one["first"] for one in found)
    name = f"workers.{number}"
    yield Reading(name, "events/s, all together", EVENTS / seconds)
    yield Reading(name, "events/CPU s of workers", EVENTS / sum(one["cpu_s"] for one in found))
    yield Reading(name, "MB RSS, all together", sum(one["rss"] for one in found) / 1e6)


class Group:
    """Workers of one application, each a process that says how far it is whenever that changes."""

    def __init__(self, processes: list["subprocess.Popen[str]"]) -> None:
        self._processes = processes
        self._said: list[Said] = [{"ready": 0, "outcomes": {}} for _ in processes]
        for number in range(len(processes)):
            Thread(target=self._listen, args=(number,), daemon=True).start()

    @classmethod
    @contextmanager
    def of(cls, conf: Path, number: int) -> Iterator["Group"]:
        """So many workers; none is left when the block ends."""
        processes = [_started(conf) for _ in range(number)]
        try:
            yield cls(processes)
        finally:
            for process in processes:
                process.kill()
                process.wait()

    def run(self) -> list[Said]:
        """Let them read once they have shared the partitions; the last that each said."""
        fair = PARTITIONS // len(self._processes)
        self._wait("share the partitions", lambda: all(one["ready"] == fair for one in self._said))
        self._tell("go")
        self._wait("make all durable", lambda: sum(map(_durable, self._said)) >= EVENTS)
        self._tell("stop")
        ended = [process.wait(PATIENCE_S) for process in self._processes]
        assert not any(ended), f"the workers ended with {ended}"
        return self._said

    def _listen(self, number: int) -> None:
        for line in self._processes[number].stdout or ():
            self._said[number] = json.loads(line)

    def _tell(self, what: str) -> None:
        for process in self._processes:
            assert process.stdin is not None
            process.stdin.write(f"{what}\n")
            process.stdin.flush()

    def _wait(self, what: str, happened: Callable[[], bool]) -> None:
        give_up = time.monotonic() + PATIENCE_S
        while not happened():
            assert time.monotonic() < give_up, f"the workers did not {what}: {self._said}"
            time.sleep(LOOK_S)


def _started(conf: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.bench.workers", str(conf)]
    return subprocess.Popen(
        command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


def _durable(said: Said) -> int:
    return sum(count for name, count in said["outcomes"].items() if name != "flag")


async def work(conf: Path) -> None:
    """One worker: reads from `go` on standard input until `stop`, and says how far it is."""
    config = replace(load(conf), metrics=Metrics(port=0))
    told = {"go": asyncio.Event(), "stop": asyncio.Event()}
    fetchable = Worker.fetchable

    def gated(worker: Worker, tp: Any) -> bool:
        return told["go"].is_set() and fetchable(worker, tp)

    with Exporter(config) as exporter, patch.object(Worker, "fetchable", gated):
        worker = Worker(config, exactly_once=True, on_cycle=exporter.show)
        running = asyncio.create_task(worker.run())
        saying = asyncio.create_task(_say(worker.partitions))
        for event in told.values():
            await asyncio.to_thread(sys.stdin.readline)
            event.set()
        worker.stopping.set()
        saying.cancel()
        with suppress(asyncio.CancelledError):
            await saying
        await running


async def _say(partitions: Partitions) -> None:
    said: Said = {}
    cpu_before = 0.0
    while True:
        processors = [one.processor for one in partitions.owned.values() if one.ready]
        now: Said = {
            "ready": len(processors),
            "first": said.get("first"),
            "outcomes": _outcomes(partitions),
            "tickets": sum(processor.kept for processor in processors),
        }
        if now["first"] is None and any(processor.position for processor in processors):
            now["first"], cpu_before = time.monotonic(), time.process_time()
        if any(said.get(name) != value for name, value in now.items()):
            said = now | {
                "durable": time.monotonic(),
                "cpu_s": time.process_time() - cpu_before,
                "rss": peak_rss(),
            }
            print(json.dumps(said), flush=True)
        await asyncio.sleep(LOOK_S)


def _outcomes(partitions: Partitions) -> dict[str, int]:
    found = Counter[str]()
    for (outcome, _), count in partitions.counted.outcomes.items():
        found[outcome] += count
    return dict(found)


if __name__ == "__main__":
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    asyncio.run(work(Path(sys.argv[1])))
