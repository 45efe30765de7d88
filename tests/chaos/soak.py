"""A worker on Apache Kafka under steady load, for as long as somebody wants to look.

    python -m tests.chaos.soak --minutes 30

A simulated support team (`streams.simulate`) sends at an even pace; its days pass so fast that
tickets are forgotten all the time, and memory has no reason to grow. Printed are the slope of
memory, open files and how late the event loop is; held are the answers.
"""

import argparse
import asyncio
import json
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import linear_regression, median, quantiles
from typing import Any, Final

from streams.core.instants import parse_rfc3339
from streams.kafka.publish import Message, send
from streams.pace import at_rate
from streams.simulate import AGENTS, CUSTOMERS, GOALS, PROMISES, TICKETS, Scenario, Topic, generate
from tests.brokers import ApacheKafka, Broker
from tests.chaos.soaked import TOLD
from tests.figures import keep
from tests.kafka.workers import Application, Worker, application

MINUTES: Final = 30.0
RATE: Final = 300.0
"""Events per second, of all topics."""
START: Final = "2024-03-04T07:30:00Z"
WARM_UP: Final = 0.25
"""Of the time: what comes then is not looked at."""
SETTINGS: Final = """\
lateness: {apply_within: 1d}
retention: {closed_ticket: 2d, forgotten: 4d}
windows: [5m, 1h, 24h]
queues: {second-line: {tier: 2}}
max_series: 4000
"""
SCRAPE_S: Final = 5.0
SPARE_FILES: Final = 3
"""Connections that a client of Kafka may have opened meanwhile, and closes again."""


@dataclass(frozen=True, slots=True)
class Soaked:
    """What was seen. Times are milliseconds, memory is megabytes."""

    seed: int
    minutes: float
    produced: int
    """Records acknowledged by the broker, of all topics."""
    judged: int
    """Records that came to an outcome, each to one."""
    rss_first: float
    rss_last: float
    rss_per_minute: float
    kept_first: int
    kept_last: int
    """Tickets, agents, customers and requesters in memory."""
    files_first: int
    files_last: int
    lag_p50: float
    lag_p99: float
    lag_max: float

    def __str__(self) -> str:
        return (
            f"soak, seed {self.seed}: {self.minutes:.1f} minutes\n"
            f"  records produced {self.produced:,}, judged {self.judged:,}\n"
            f"  memory {self.rss_first:.1f} to {self.rss_last:.1f} MB, "
            f"{self.rss_per_minute:+.3f} MB a minute after the warm-up\n"
            f"  kept {self.kept_first:,} to {self.kept_last:,} tickets, agents and requesters\n"
            f"  open files {self.files_first} to {self.files_last}\n"
            f"  event loop late by {self.lag_p50:.1f} ms (p50), {self.lag_p99:.1f} (p99), "
            f"{self.lag_max:.1f} (max)"
        )


class Soak:
    """One run."""

    def __init__(self, app: Application, seed: int, minutes: float, rate: float) -> None:
        self._app, self._seed, self._minutes, self._rate = app, seed, minutes, rate
        self._produced: Counter[Topic] = Counter()

    def run(self) -> Soaked:
        """Send for so long, let everything be read, and look at what the worker told."""
        worker = self._app.start((sys.executable, "-m", "tests.chaos.soaked"))
        asyncio.run(self._load(worker))
        self._app.wait_until_read(self._produced[TICKETS])
        told = worker.log.with_name("conf-0") / TOLD
        looks = [json.loads(line) for line in told.read_text().splitlines()]
        assert worker.end(signal.SIGTERM) == 0, worker.log.read_text()[-2000:]
        return self._seen(looks)

    def judged(self) -> int:
        """How many records of the three topics came to an outcome."""
        app, config = self._app, self._app.config
        people = (app.entities(kind).outcomes for kind in (config.agents, config.customers))
        return sum(
            number
            for outcomes in (app.books().outcomes, *people)
            for (outcome, _), number in outcomes.items()
            if outcome != "flag"
        )

    async def _load(self, worker: Worker) -> None:
        looking = asyncio.ensure_future(self._scrape(worker))
        async for _ in send(self._app.config.kafka, self._messages()):
            assert worker.process.poll() is None, worker.log.read_text()[-2000:]
        looking.cancel()

    async def _messages(self) -> AsyncIterator[tuple[str, Message]]:
        topics = self._app.config.topics
        names = {TICKETS: topics.source, AGENTS: topics.agents, CUSTOMERS: topics.customers}
        scenario = Scenario(parse_rfc3339(START), self._seed)
        until = time.monotonic() + self._minutes * 60
        async for delivery in at_rate(generate(scenario), self._rate):
            if time.monotonic() > until:
                return
            self._produced[delivery.topic] += 1
            yield names[delivery.topic], (delivery.key, delivery.value, delivery.headers)

    async def _scrape(self, worker: Worker) -> None:
        """As Prometheus does."""
        while True:
            await asyncio.sleep(SCRAPE_S)
            await asyncio.to_thread(worker.get, "/metrics")

    def _seen(self, looks: Sequence[Mapping[str, Any]]) -> Soaked:
        steady = [look for look in looks if look["at"] >= WARM_UP * self._minutes * 60]
        megabytes = [look["rss"] / 1e6 for look in steady]
        per_minute = linear_regression([look["at"] / 60 for look in steady], megabytes).slope
        lags = [lag for look in steady for lag in look["lags"]]
        cuts, part = quantiles(lags, n=100), max(1, len(steady) // 5)
        return Soaked(
            self._seed,
            self._minutes,
            self._produced.total(),
            self.judged(),
            round(megabytes[0], 1),
            round(megabytes[-1], 1),
            round(per_minute, 3),
            steady[0]["kept"],
            steady[-1]["kept"],
            int(median(look["files"] for look in steady[:part])),
            int(median(look["files"] for look in steady[-part:])),
            cuts[49],
            cuts[98],
            max(lags),
        )


def soak(folder: Path, *, minutes: float, seed: int = 1, rate: float = RATE) -> Soaked:
    """Run a worker under load for so many minutes, on a broker of its own."""
    home = folder / "broker"
    home.mkdir()
    with (
        ApacheKafka(home) as kafka,
        application(
            Broker(kafka.bootstrap, transactions=True),
            folder,
            SETTINGS,
            promises=PROMISES.read_text(),
            scorecards=GOALS.read_text(),
            answered_by="reply",
        ) as app,
    ):
        return Soak(app, seed, minutes, rate).run()


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; its exit code tells whether the answers were right."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.soak")
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--rate", type=float, default=RATE)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        found = soak(Path(folder), minutes=given.minutes, seed=given.seed, rate=given.rate)
    print(found)
    keep("soak", asdict(found))
    return int(found.judged != found.produced or found.files_last > found.files_first + SPARE_FILES)


if __name__ == "__main__":
    sys.exit(main())
