"""The brokers that tests run on, each a process of its own that ends with the tests."""

import subprocess
from collections.abc import Mapping, Sequence
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


class ApacheKafka:
    """One node of Apache Kafka (broker and controller) on free ports, in one folder.

    Entering returns once it answers. What is in the folder stays, so that the same broker
    can be entered again, as after a crash.
    """

    def __init__(self, folder: Path, security: Security = _PLAIN) -> None:
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
        options = ("-Xmx512m", *self._security.java)
        command = [*java(*options), "kafka.Kafka", str(self._properties)]
        self._process = spawn(command, self.log)
        try:
            wait_until_ready("Apache Kafka", self._process, self.bootstrap, self.log)
        except BaseException:
            end(self._process)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            end(self._process)

    def _settings(self, data: Path) -> str:
        controller = f"{LOOPBACK}:{free_port()}"
        listeners = {"PLAINTEXT": self.bootstrap, "CONTROLLER": controller, **self.listeners}
        settings = {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@{controller}",
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


def java(*options: str) -> list[str]:
    """The beginning of a command that runs a class of Apache Kafka."""
    quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
    return ["java", *options, quiet, "-cp", f"{KAFKA_LIBS}/*"]


def unique(prefix: str) -> str:
    """A name that no other test uses: brokers are shared by all tests of a run."""
    return f"{prefix}-{uuid4().hex[:12]}"
