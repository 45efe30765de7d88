"""The brokers that tests run on, each a process of its own that ends with the tests."""

import subprocess
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self
from uuid import uuid4

from streams.kafka.child import end, spawn
from streams.kafka.embedded import LOOPBACK, free_port, wait_until_ready

ROOT: Final = Path(__file__).parent.parent
KAFKA_LIBS: Final = ROOT / "target" / "kafka-libs"
"""Where `make kafka` puts Apache Kafka."""

_CLUSTER_ID: Final = "ZGVza3B1bHNlLXRlc3RzMA"
"""Any 16 bytes, in the base 64 that Kafka wants."""
_ONE_COPY: Final = 1


class Broker(NamedTuple):
    """A running broker, as tests see it."""

    bootstrap: str
    transactions: bool
    """Whether it has transactions and idempotent producers."""


class Security(NamedTuple):
    """What a node of Apache Kafka has beside its plaintext listener."""

    listeners: Mapping[str, str] = {}
    """Further listeners: protocol (SSL, SASL_SSL) by name."""
    settings: Mapping[str, object] = {}
    """Lines of server.properties."""
    scram: Sequence[str] = ()
    """Users as StorageTool's --add-scram takes them."""
    java: Sequence[str] = ()
    """Options of the Java machine."""


_PLAIN: Final = Security()


class Seat(NamedTuple):
    """Which node of a cluster one is."""

    number: int
    controllers: Sequence[str]
    """The addresses of all nodes as controllers, in the order of their numbers from 1 on."""

    @property
    def controller(self) -> str:
        """Its own."""
        return self.controllers[self.number - 1]


class ApacheKafka:
    """One node of Apache Kafka (broker and controller) on free ports, in one folder.

    Entering returns once it answers. What is in the folder stays, so that the same broker
    can be entered again, as after a crash.
    """

    def __init__(self, folder: Path, security: Security = _PLAIN, seat: Seat | None = None) -> None:
        """Alone, unless it has a seat in a cluster."""
        self._seat = seat or Seat(1, [f"{LOOPBACK}:{free_port()}"])
        self.bootstrap = f"{LOOPBACK}:{free_port()}"
        self.listeners = {name: f"{LOOPBACK}:{free_port()}" for name in security.listeners}
        """The addresses of the further listeners."""
        self._security = security
        self.log = folder / "kafka.log"
        self._properties = folder / "server.properties"
        self._process: subprocess.Popen[bytes] | None = None
        self._properties.write_text(self._settings(folder / "data"))
        self._format()

    @property
    def pid(self) -> int | None:
        """Its process, while it runs."""
        return None if self._process is None else self._process.pid

    def __enter__(self) -> Self:
        process = self.start()
        try:
            self.wait()
        except BaseException:
            end(process)
            raise
        return self

    def start(self) -> subprocess.Popen[bytes]:
        """Start it; it may take some seconds, or a second node, until it answers."""
        options = ("-Xmx512m", *self._security.java)
        command = [*java(*options), "kafka.Kafka", str(self._properties)]
        self._process = spawn(command, self.log)
        return self._process

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """What was started last."""
        assert self._process is not None
        return self._process

    def wait(self) -> None:
        """Return once it answers."""
        wait_until_ready("Apache Kafka", self.process, self.bootstrap, self.log)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            end(self._process)

    def _settings(self, data: Path) -> str:
        seat = self._seat
        listeners = {"PLAINTEXT": self.bootstrap, "CONTROLLER": seat.controller, **self.listeners}
        settings = {
            "process.roles": "broker,controller",
            "node.id": seat.number,
            "controller.quorum.voters": ",".join(
                f"{number}@{address}" for number, address in enumerate(seat.controllers, 1)
            ),
            "controller.listener.names": "CONTROLLER",
            "listeners": ",".join(f"{name}://{at}" for name, at in listeners.items()),
            "listener.security.protocol.map": ",".join(
                f"{name}:{self._security.listeners.get(name, 'PLAINTEXT')}" for name in listeners
            ),
            "inter.broker.listener.name": "PLAINTEXT",
            "log.dirs": data,
            # A topic that a test forgot to create is a mistake.
            "auto.create.topics.enable": "false",
            "group.initial.rebalance.delay.ms": 0,
            "offsets.topic.num.partitions": 1,
            "offsets.topic.replication.factor": _ONE_COPY,
            "transaction.state.log.num.partitions": 1,
            "transaction.state.log.replication.factor": _ONE_COPY,
            "transaction.state.log.min.isr": _ONE_COPY,
            **self._security.settings,
        }
        return "".join(f"{key}={value}\n" for key, value in settings.items())

    def _format(self) -> None:
        tool = [*java(), "kafka.tools.StorageTool", "format", "--cluster-id", _CLUSTER_ID]
        users = [word for user in self._security.scram for word in ("--add-scram", user)]
        subprocess.run(
            [*tool, "--config", self._properties, *users],
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=60,
        )


class Cluster:
    """Several nodes, each broker and controller, that keep three copies of everything.

    A write needs two of them, so one may be gone. Entering returns once all of them answer.
    """

    NODES: Final = 3
    _SETTINGS: Final[Mapping[str, object]] = {
        "default.replication.factor": 3,
        "min.insync.replicas": 2,
        "offsets.topic.num.partitions": 3,
        "offsets.topic.replication.factor": 3,
        "transaction.state.log.num.partitions": 3,
        "transaction.state.log.replication.factor": 3,
        "transaction.state.log.min.isr": 2,
        # Who is killed is missed soon.
        "broker.session.timeout.ms": 6_000,
        "broker.heartbeat.interval.ms": 1_000,
        "replica.lag.time.max.ms": 5_000,
    }

    def __init__(self, folder: Path) -> None:
        controllers = [f"{LOOPBACK}:{free_port()}" for _ in range(self.NODES)]
        settings = Security(settings=self._SETTINGS, java=["-Xmx384m"])
        self.nodes: list[ApacheKafka] = []
        for number in range(1, self.NODES + 1):
            home = folder / f"node-{number}"
            home.mkdir()
            self.nodes.append(ApacheKafka(home, settings, Seat(number, controllers)))
        self.bootstrap = ",".join(node.bootstrap for node in self.nodes)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for node in self.nodes:
                stack.push(node)
                node.start()
            for node in self.nodes:
                node.wait()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()


def java(*options: str) -> list[str]:
    """The beginning of a command that runs a class of Apache Kafka."""
    quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
    return ["java", *options, quiet, "-cp", f"{KAFKA_LIBS}/*"]


def unique(prefix: str) -> str:
    """A name that no other test uses: brokers are shared by all tests of a run."""
    return f"{prefix}-{uuid4().hex[:12]}"
