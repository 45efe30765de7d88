"""Chaos on a real broker: workers and brokers are killed, ended and held up, and nothing is lost.

    python -m tests.chaos.havoc --kills 100 --terms 50 --stops 20 --bounces 20 --events 1000000

Three workers read what `tests.chaos.traffic` sends at a steady rate while fate, which has a seed,
deals its blows one after the other. Whoever ends is started again, as an orchestrator does. In
the end the workers read what is left, and `tests.chaos.audit` compares everything. The report is
printed and kept in target/reliability.
"""

import argparse
import asyncio
import logging
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from statistics import quantiles
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from streams.kafka.embedded import EmbeddedBroker, answers
from streams.kafka.publish import Message
from streams.kafka.worker import STOP_S
from tests.brokers import ApacheKafka, Broker, Cluster
from tests.chaos.audit import Audit, audit
from tests.chaos.traffic import PROMISES, SETTINGS, Traffic
from tests.chaos.watching import Blow, Watch
from tests.figures import keep
from tests.kafka.workers import Application, Worker, application

WORKERS: Final = 3
PARTITIONS: Final = 6
SESSION_S: Final = 6
"""Who does not answer for so long is taken for dead (`tests.kafka.workers.application`)."""
REFUSED_BYTES: Final = 100
"""For some seconds no record of transitions may be larger: none is smaller."""
MOST_S: Final = STOP_S + 10
"""For a stop that was asked for: its own bound, and what the process needs to hear and to end."""
PATIENCE_S: Final = 300.0
_IN_FLIGHT: Final = 500
_TICK_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of what is done. The blows come in an order that the seed decides."""

    seed: int
    events: int
    """Records sent, about."""
    minutes: float
    """For so long records are sent, evenly; the last one comes after the last blow."""
    kills: int = 0
    """SIGKILL of a worker."""
    terms: int = 0
    """SIGTERM of a worker."""
    stops: int = 0
    """SIGSTOP of a worker until the group has given its partitions away, then SIGCONT."""
    bounces: int = 0
    """A broker is killed (every other time ended with SIGTERM) and started again."""
    refusals: int = 0
    """The topic of transitions takes nothing for some seconds."""
    full_disks: int = 0
    """The files of a broker may not grow any more: it ends, and is started again."""

    def blows(self) -> list[str]:
        """The names of what is done, in the order in which it is done."""
        done = [
            *(["kill"] * self.kills),
            *(["term"] * self.terms),
            *(["stop"] * self.stops),
            *("bounce -9" if n % 2 else "bounce" for n in range(self.bounces)),
            *(["refusal"] * self.refusals),
            *(["full disk"] * self.full_disks),
        ]
        random.Random(self.seed).shuffle(done)
        return done


@dataclass(slots=True)
class Outcome:
    """What was done, and what came of it."""

    plan: Plan
    broker: str
    done: Counter[str] = field(default_factory=Counter)
    ended_by_themselves: int = 0
    """Workers that stopped because a write failed, or another one had their partition."""
    full_disks_felt: int = 0
    """Brokers that ended because they could not write."""
    seconds: float = 0
    stops: list[float] = field(default_factory=list)
    """How long workers took to end that were asked to, seconds."""
    recoveries: dict[str, list[float]] = field(default_factory=dict)
    audit: Audit = field(default_factory=Audit)

    @property
    def figures(self) -> dict[str, Any]:
        """As a document; recovery times are seconds."""
        return {
            "broker": self.broker,
            "plan": asdict(self.plan),
            "done": dict(sorted(self.done.items())),
            "workers": WORKERS,
            "partitions": PARTITIONS,
            "ended_by_themselves": self.ended_by_themselves,
            "full_disks_felt": self.full_disks_felt,
            "minutes": round(self.seconds / 60, 1),
            "graceful_stop_s": _percentiles(self.stops),
            "recovery_s": {
                kind: _percentiles(times) for kind, times in sorted(self.recoveries.items())
            },
            **self.audit.figures,
        }

    def __str__(self) -> str:
        found, plan = self.audit, self.plan
        lines = [
            f"chaos on {self.broker}, seed {plan.seed}: {self.seconds / 60:.1f} minutes",
            f"  {WORKERS} workers, {self.ended_by_themselves} stopped by themselves",
            f"  {PARTITIONS} partitions, {found.records:,} records, {found.events:,} events,",
            f"  {found.tickets:,} tickets, {found.announced:,} transitions",
            f"  lost {found.lost}, doubled {found.doubled}, otherwise wrong {len(found.wrong)},",
            f"  announced again {found.announced_again}, set aside {found.set_aside:,}",
            f"  {len(self.stops)} stops that were asked for, the longest {max(self.stops):.1f} s",
            f"  {'blow':<12}{'times':>6}{'recovered p50':>16}{'p99':>8}{'max':>8}  seconds",
        ]
        for kind, times in sorted(self.done.items()):
            took = _percentiles(self.recoveries.get(kind, []))
            cells = f"{took['p50']:>16.1f}{took['p99']:>8.1f}{took['max']:>8.1f}"
            lines.append(f"  {kind:<12}{times:>6}{cells}")
        return "\n".join([*lines, *(f"  WRONG: {what}" for what in self.audit.wrong)])


def _percentiles(times: Sequence[float]) -> dict[str, float]:
    if not times:
        return {"times": 0, "p50": 0.0, "p99": 0.0, "max": 0.0}
    cuts = quantiles([*times, *times], n=100, method="inclusive")
    return {
        "times": len(times),
        "p50": round(cuts[49], 2),
        "p99": round(cuts[98], 2),
        "max": max(times),
    }


class Havoc:
    """One run."""

    def __init__(
        self,
        plan: Plan,
        app: Application,
        nodes: Sequence[ApacheKafka],
        tell: Callable[[str], None],
    ) -> None:
        self.outcome = Outcome(plan, "Apache Kafka, 3 brokers" if nodes else "the embedded broker")
        self._plan, self._app, self._nodes, self._tell = plan, app, nodes, tell
        self._fate = random.Random(plan.seed + 1)
        self._traffic = Traffic(plan.seed, plan.events)
        self._watch = Watch(app, range(PARTITIONS))
        self._team: list[Worker] = []
        self._held: list[Worker] = []
        """Those that stand still."""
        self._ending: list[Worker] = []
        """Those that were told to end, or killed."""
        self._one_broker = asyncio.Lock()
        """Only one of them is gone at a time."""
        self._beside: set[asyncio.Task[None]] = set()
        self._over = False
        self._unsent: list[Message] = []
        """What is to be sent next: handed over, and not acknowledged."""

    async def run(self) -> Outcome:
        """All of it."""
        began = time.monotonic()
        self._team = [self._app.start() for _ in range(WORKERS)]
        async with _beside(self._watch.watch()), _beside(self._replace()):
            sending = asyncio.ensure_future(self._send())
            await self._deal(sending)
            await sending
            await asyncio.gather(*self._beside)
            await self._until(self._read_all, "everything to be read")
            self._over = True
        await self._end()
        self.outcome.seconds = time.monotonic() - began
        self.outcome.recoveries = self._watch.recoveries
        self.outcome.audit = await audit(self._app, self._traffic.expected, PARTITIONS)
        self.outcome.audit.wrong += [
            f"a stop that was asked for took {seconds:.1f} s"
            for seconds in self.outcome.stops
            if seconds > MOST_S
        ]
        return self.outcome

    def _read_all(self) -> bool:
        # What the embedded broker says of a topic's end may be too low.
        sent, read = self._traffic.expected.sent.total(), sum(self._watch.committed.values())
        return self._watch.recovered and read >= sent and not self._watch.behind()

    async def _until(self, condition: Callable[[], bool], what: str) -> None:
        give_up = time.monotonic() + PATIENCE_S
        while not condition():
            if time.monotonic() > give_up:
                logs = [f"{w.log}:\n{w.log.read_text()[-1500:]}" for w in self._team]
                raise TimeoutError(f"waited in vain for {what}\n" + "\n".join(logs))
            await asyncio.sleep(_TICK_S)

    # -- records ------------------------------------------------------------------------------

    async def _send(self) -> None:
        """Send everything at an even pace; what was not acknowledged is sent again."""
        began, sent = time.monotonic(), 0
        rate = self._plan.events / (self._plan.minutes * 60)
        messages = self._traffic.messages()
        more = True
        while more or self._unsent:
            with suppress(KafkaError, TimeoutError):
                async with _producer(self._app.broker) as producer:
                    await self._hand_over(producer)
                    while more:
                        due = min(int((time.monotonic() - began) * rate) - sent, _IN_FLIGHT)
                        self._unsent += islice(messages, due)
                        sent += len(self._unsent)
                        more = due == 0 or bool(self._unsent)
                        await self._hand_over(producer)
                        await asyncio.sleep(_TICK_S)

    async def _hand_over(self, producer: AIOKafkaProducer) -> None:
        """Send what was not acknowledged until it is."""
        topic = self._app.config.topics.source
        while self._unsent:
            waiting = [await producer.send(topic, value, key=key) for key, value, _ in self._unsent]
            ended = await asyncio.gather(*waiting, return_exceptions=True)
            self._unsent = [
                message
                for message, end in zip(self._unsent, ended, strict=True)
                if isinstance(end, BaseException)
            ]

    # -- blows --------------------------------------------------------------------------------

    async def _deal(self, sending: "asyncio.Future[None]") -> None:
        """One blow after the other, evenly over the time in which records are sent."""
        blows = self._plan.blows()
        gap = self._plan.minutes * 60 / (len(blows) + 1)
        await self._until(lambda: any(self._watch.committed.values()), "the first commit")
        began = time.monotonic()
        for number, blow in enumerate(blows, 1):
            await asyncio.sleep(
                max(0.5, began + number * gap * self._fate.uniform(0.9, 1) - time.monotonic())
            )
            if sending.done():
                await sending
            await self._strike(blow)
            self.outcome.done[blow] += 1
            if number % 10 == 0:
                self._tell(
                    f"{number} of {len(blows)} blows, {self._watch.behind():,} records behind"
                )

    async def _strike(self, blow: str) -> None:
        match blow:
            case "kill" | "term":
                worker = await self._somebody()
                self._ending.append(worker)
                noted = self._watch.note(blow)
                worker.process.send_signal(signal.SIGKILL if blow == "kill" else signal.SIGTERM)
                self._go(self._gone(worker, noted))
            case "stop":
                self._go(self._hold(await self._somebody()))
            case "refusal":
                self._go(self._refuse(blow))
            case _:
                self._go(self._bounce(blow))

    def _go(self, doing: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(doing)
        self._beside.add(task)

    async def _somebody(self) -> Worker:
        """A worker that runs; somebody else is left, so that the group goes on."""
        found: list[Worker] = []

        def there() -> bool:
            found[:] = [w for w in self._team if w not in self._held and w.process.poll() is None]
            return len(found) > 1

        await self._until(there, "two workers that run")
        return self._fate.choice(found)

    async def _gone(self, worker: Worker, blow: Blow) -> None:
        """What it still reads before it ends is nothing to recover."""
        began = time.monotonic()
        await asyncio.to_thread(worker.process.wait)
        blow.over = True
        if blow.kind == "term":
            self.outcome.stops.append(time.monotonic() - began)

    async def _hold(self, worker: Worker) -> None:
        """A zombie: it wakes up when its partitions are others'."""
        self._held.append(worker)
        self._watch.note("stop").over = True
        worker.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(SESSION_S + self._fate.uniform(2, 6))
        worker.process.send_signal(signal.SIGCONT)
        await asyncio.sleep(1)
        self._held.remove(worker)

    async def _bounce(self, blow: str) -> None:
        async with self._one_broker:
            await self._until_in_sync()
            node = self._fate.choice(self._nodes)
            self._watch.note(blow).over = True
            process = node.process
            if blow == "full disk":
                resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
                with suppress(subprocess.TimeoutExpired):
                    await asyncio.to_thread(process.wait, 30)
                self.outcome.full_disks_felt += process.poll() is not None
            process.send_signal(signal.SIGTERM if blow == "bounce" else signal.SIGKILL)
            with suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(process.wait, 30)
            process.kill()
            process.wait()
            await asyncio.sleep(self._fate.uniform(0.5, 3))
            node.start()
            await self._until(lambda: answers(node.bootstrap), "a broker to come back")
            await self._until_in_sync()

    async def _until_in_sync(self) -> None:
        """Two copies of three are enough to go on, so nobody else goes before there are three."""
        give_up = time.monotonic() + PATIENCE_S
        while time.monotonic() < give_up:
            with suppress(KafkaError, TimeoutError, OSError):
                async with _admin(self._app.broker) as admin:
                    topics = await asyncio.wait_for(admin.describe_topics(), 10)
                    if all(
                        len(partition["isr"]) == len(self._nodes)
                        for topic in topics
                        for partition in topic["partitions"]
                    ):
                        return
            await asyncio.sleep(0.5)
        raise TimeoutError("waited in vain for every copy to be in sync")

    async def _refuse(self, blow: str) -> None:
        """For some seconds nothing can be said: whoever tries to has to stop."""
        async with self._one_broker:
            self._watch.note(blow).over = True
            await self._limit(REFUSED_BYTES)
            await asyncio.sleep(self._fate.uniform(3, 6))
            await self._limit(None)

    async def _limit(self, most: int | None) -> None:
        name = self._app.config.topics.transitions
        settings = {"min.insync.replicas": "2"}
        if most is not None:
            settings["max.message.bytes"] = str(most)
        wanted = [ConfigResource(ConfigResourceType.TOPIC, name, settings)]
        give_up = time.monotonic() + PATIENCE_S
        while time.monotonic() < give_up:
            with suppress(KafkaError, TimeoutError, OSError):
                async with _admin(self._app.broker) as admin:
                    (answer,) = await admin.alter_configs(wanted)
                    assert not any(code for code, *_ in answer.resources), answer
                    return
            await asyncio.sleep(0.5)
        raise TimeoutError("waited in vain for a topic to be changed")

    # -- workers ------------------------------------------------------------------------------

    async def _replace(self) -> None:
        """Start a new worker for each that has ended, as an orchestrator does."""
        while not self._over:
            for place, worker in enumerate(self._team):
                if worker.process.poll() is None:
                    continue
                if worker in self._ending:
                    self._ending.remove(worker)
                else:
                    self.outcome.ended_by_themselves += 1
                await asyncio.sleep(self._fate.uniform(0, 1))
                self._team[place] = self._app.start()
            await asyncio.sleep(_TICK_S)

    async def _end(self) -> None:
        began = time.monotonic()
        for worker in self._team:
            worker.process.send_signal(signal.SIGTERM)
        for worker in self._team:
            code = await asyncio.to_thread(worker.process.wait, 60)
            self.outcome.stops.append(time.monotonic() - began)
            # One that has just been started does not listen to signals yet.
            assert code in {0, -signal.SIGTERM}, (code, worker.log.read_text()[-2000:])


@asynccontextmanager
async def _beside(doing: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Do it until the block ends; what fails there is raised here."""
    task = asyncio.ensure_future(doing)
    try:
        yield
    finally:
        if task.done():
            task.result()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def _producer(broker: Broker) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(
        bootstrap_servers=broker.bootstrap,
        acks="all",
        enable_idempotence=broker.transactions,
        linger_ms=5,
    )
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


@asynccontextmanager
async def _admin(broker: Broker) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap, request_timeout_ms=10_000)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


@contextmanager
def _running(folder: Path, *, embedded: bool) -> Iterator[tuple[Broker, Sequence[ApacheKafka]]]:
    if embedded:
        with EmbeddedBroker(folder / "broker.log") as alone:
            yield Broker(alone.bootstrap, transactions=False), ()
    else:
        with Cluster(folder) as cluster:
            yield Broker(cluster.bootstrap, transactions=True), cluster.nodes


def chaos(
    plan: Plan, folder: Path, *, embedded: bool = False, tell: Callable[[str], None] = print
) -> Outcome:
    """Run a plan on brokers of its own."""
    home = folder / "brokers"
    home.mkdir()
    with (
        _running(home, embedded=embedded) as (broker, nodes),
        application(
            broker, folder, SETTINGS, promises=PROMISES, answered_by="reply", partitions=PARTITIONS
        ) as app,
    ):
        return asyncio.run(Havoc(plan, app, nodes, tell).run())


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; its exit code tells whether everything was as it should be."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.havoc")
    parser.add_argument("--broker", choices=("kafka", "embedded"), default="kafka")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--minutes", type=float, default=35)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--terms", type=int, default=50)
    parser.add_argument("--stops", type=int, default=15)
    parser.add_argument("--bounces", type=int, default=20)
    parser.add_argument("--refusals", type=int, default=5)
    parser.add_argument("--full-disks", type=int, default=3)
    given = vars(parser.parse_args(arguments))
    name = given.pop("broker")
    if name == "embedded":
        # It keeps everything in memory, and has one node.
        given |= {"stops": 0, "bounces": 0, "refusals": 0, "full_disks": 0}
    plan = Plan(**given)
    print(f"seed {plan.seed}", flush=True)
    # Clients of a broker that is gone have much to say about it.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        outcome = chaos(plan, Path(folder), embedded=name == "embedded", tell=_say)
    print(outcome)
    keep(f"chaos-{name}", outcome.figures)
    right = outcome.audit
    return 1 if right.lost or right.doubled or right.wrong else 0


def _say(what: str) -> None:
    print(what, flush=True)


if __name__ == "__main__":
    sys.exit(main())
