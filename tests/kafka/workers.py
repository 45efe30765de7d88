"""Real workers on a real broker: `deskpulse worker` processes, started, killed and asked."""

import asyncio
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from streams.config import Config, load
from streams.core.entities import EntityBooks
from streams.core.entity import Kind
from streams.core.report import Books, report
from streams.kafka.books import read_books, read_entities
from streams.kafka.child import spawn
from streams.kafka.embedded import free_port
from streams.kafka.publish import Message, publish
from streams.kafka.topics import ensure
from streams.pace import at_once
from streams.wire import packing
from tests.brokers import Broker, unique

PATIENCE_S: Final = 120.0
"""A test that waits longer for something has failed."""

DESKPULSE: Final = Path(sys.executable).with_name("deskpulse")


@dataclass(slots=True)
class Worker:
    """One worker process."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path
    may_end: bool = False
    """Whether a test expects it to stop by itself."""

    def get(self, path: str) -> tuple[int, str]:
        """Ask its HTTP endpoint; status 0 while nothing answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def end(self, with_signal: signal.Signals) -> int:
        """Send a signal and wait; returns the exit code."""
        self.process.send_signal(with_signal)
        return self.process.wait(30)


@dataclass(slots=True)
class Application:
    """One application on a broker: its configuration, its workers, its report."""

    folder: Path
    config: Config
    broker: Broker
    workers: list[Worker] = field(default_factory=list)

    def start(
        self,
        program: Sequence[str] = (str(DESKPULSE), "worker", "--config"),
        *,
        metrics: str = "",
    ) -> Worker:
        """Start one more worker; it serves /metrics on a port of its own.

        Another `program` than the real one gets the folder of the configuration, too.
        `metrics` are more keys of that section, `agents: true`.
        """
        number, port = len(self.workers), free_port()
        conf = self.folder / f"conf-{number}"
        conf.mkdir()
        text = (self.folder / "deskpulse.yml").read_text()
        (conf / "deskpulse.yml").write_text(text + f"metrics: {{port: {port}, {metrics}}}\n")
        for name in ("sla.yml", "scorecards.yml"):
            if (self.folder / name).exists():
                (conf / name).write_text((self.folder / name).read_text())
        log = self.folder / f"worker-{number}.log"
        process = spawn([*program, str(conf)], log)
        worker = Worker(process, port, log)
        self.workers.append(worker)
        return worker

    def publish(self, messages: Sequence[Message], topic: str | None = None) -> None:
        """Send records to a topic, else the source; they are acknowledged when this returns."""
        topics = self.config.topics
        config = replace(self.config, topics=replace(topics, source=topic or topics.source))

        async def send() -> None:
            async for _ in publish(config, at_once(messages)):
                pass

        asyncio.run(send())

    def books(self) -> Books:
        """What the changelog holds now."""

        async def read() -> Books:
            books = Books()
            committed = self.broker.transactions
            async for _ in read_books(self.config, books, read_committed=committed):
                pass
            return books

        return asyncio.run(read())

    def entities(self, kind: Kind) -> EntityBooks:
        """What the changelog of another processor holds now."""

        async def read() -> EntityBooks:
            books = EntityBooks()
            committed = self.broker.transactions
            async for _ in read_entities(self.config, kind, books, read_committed=committed):
                pass
            return books

        return asyncio.run(read())

    def report(self) -> dict[str, Any]:
        """The report as of the highest event time."""
        books = self.books()
        assert books.newest is not None, "nothing was applied"
        return report(books, self.config.engine, packing, books.newest)

    def wait_until_read(self, number: int) -> None:
        """Return once the outcomes of `number` records are durable."""
        self.wait(lambda: self._read() >= number, f"{number} records to be read")

    def wait(self, condition: Callable[[], object], what: str) -> None:
        """Return once the condition holds; fails the test when it takes too long."""
        give_up = time.monotonic() + PATIENCE_S
        while not condition():
            running = [w for w in self.workers if not w.may_end]
            ended = [w for w in running if w.process.poll() not in {None, 0, -9, -15}]
            assert not ended, f"a worker ended by itself:\n{ended[0].log.read_text()[-2000:]}"
            assert time.monotonic() < give_up, f"waited in vain for {what}: {self._logs()}"
            time.sleep(0.3)

    def _read(self) -> int:
        return sum(n for (outcome, _), n in self.books().outcomes.items() if outcome != "flag")

    def _logs(self) -> str:
        return "\n".join(worker.log.read_text()[-800:] for worker in self.workers)

    def stop(self) -> None:
        """End every worker that still runs, gently; they must all agree to end."""
        running = [w for w in self.workers if w.process.poll() is None]
        for worker in running:
            worker.process.send_signal(signal.SIGTERM)
        for worker in running:
            assert worker.process.wait(30) == 0, worker.log.read_text()[-2000:]


@contextmanager
def application(
    broker: Broker,
    folder: Path,
    extra: str = "",
    *,
    time: str = "event",
    promises: str = "",
    scorecards: str = "",
    answered_by: str = "left_new",
    partitions: int | None = None,
) -> Iterator[Application]:
    """An application with topics of its own; its workers end with the block.

    `promises` is the text of an sla.yml, `scorecards` that of a scorecards.yml; `answered_by` is
    the response signal of every source; `partitions` those of tickets and what is said of them,
    where they are not to be as many as by default.
    """
    app = unique("app")
    # Apache Kafka allows no less; on the embedded broker a join lasts half of it.
    session = "6s" if broker.transactions else "3s"
    (folder / "deskpulse.yml").write_text(
        f'kafka: {{bootstrap: "{broker.bootstrap}", session_timeout: {session}}}\n'
        f"app: {app}\n"
        f"topics: {{source: {app}-events, agents: {app}-agents, customers: {app}-customers, "
        f"transitions: {app}-transitions, late: {app}-late, "
        f"dead_letters: {app}-dead}}\n"
        f"time: {time}\n"
        f"delivery: {'exactly_once' if broker.transactions else 'at_least_once'}\n"
        f'sources: {{"*": {{response_signal: {answered_by}}}}}\n' + extra
    )
    check = folder / "conf"
    check.mkdir()
    for name, text in (("sla.yml", promises), ("scorecards.yml", scorecards)):
        for file in (folder / name, check / name) if text else ():
            file.write_text(text)
    (check / "deskpulse.yml").write_text((folder / "deskpulse.yml").read_text())
    config = load(check)
    if partitions is not None:
        topics = (config.topics.source, config.topics.transitions)
        asyncio.run(_create(broker, topics, partitions))
    asyncio.run(ensure(config))
    running = Application(folder, config, broker)
    try:
        yield running
    finally:
        for worker in running.workers:
            if worker.process.poll() is None:
                worker.process.kill()
                worker.process.wait()


async def _create(broker: Broker, topics: Sequence[str], partitions: int) -> None:
    """Make topics with so many partitions; each node of the broker keeps them."""
    nodes = len(broker.bootstrap.split(","))
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    await admin.start()
    try:
        answer = await admin.create_topics([NewTopic(name, partitions, nodes) for name in topics])
        assert not any(code for _, code, *_ in answer.topic_errors), answer
    finally:
        await admin.close()
