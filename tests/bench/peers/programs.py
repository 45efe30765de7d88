"""The programs that are compared, and how each is run: one worker process on the same events."""

import json
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

from tests.bench.peers import ours, tools
from tests.bench.peers.kpi import RESULT
from tests.bench.peers.topics import create
from tests.brokers import ROOT, Broker, unique

KAFKA_STREAMS: Final = f"Kafka Streams {tools.kafka_streams_version()}"
PLAIN: Final = f"Python {python_version()}, a bare loop"
PATIENCE_S: Final = 120.0
SLOWEST: Final = 1_000
"""Events per second that even a slow program folds."""

Run = Callable[[Broker, str, int], dict[str, Any]]
"""Run a program on a broker, a topic and so many events; returns what it reports."""


class Program(NamedTuple):
    """One contestant."""

    name: str
    label: str
    """For people, with its version."""
    durability: str
    run: Run
    prepare: Callable[[], object] = lambda: None
    """Get ready what it runs on; takes long the first time."""
    most: int | None = None
    """It is so slow that it gets at most so many events."""

    @property
    def is_ours(self) -> bool:
        """Whether it answers as Deskpulse does."""
        return self.name.startswith("deskpulse")


def kafka_streams(
    store: str, guarantee: str, broker: Broker, topic: str, events: int
) -> dict[str, Any]:
    """Kafka Streams, which makes its changelog itself."""
    return _java("run", broker, topic, events, unique("kstreams"), store, guarantee)


def quix(broker: Broker, topic: str, events: int) -> dict[str, Any]:
    """Quix Streams."""
    with TemporaryDirectory() as folder:
        arguments = (broker.bootstrap, topic, str(events), unique("quix"), folder)
        return _module("quix", "peer_quix", arguments, events)


def bytewax(broker: Broker, topic: str, events: int) -> dict[str, Any]:
    """Bytewax, with a recovery store."""
    program = tools.python("bytewax")
    with TemporaryDirectory() as folder:
        subprocess.run([program, "-m", "bytewax.recovery", folder, "4"], check=True)
        flow = ("bytewax.run", "tests.bench.peers.peer_bytewax:flow")
        command = (program, "-m", *flow, "-r", folder, "-s", "1", "-b", "0")
        given = {"BOOTSTRAP": broker.bootstrap, "TOPIC": topic, "EVENTS": str(events)}
        return report(command, events, given)


def faust(broker: Broker, topic: str, events: int) -> dict[str, Any]:
    """Faust tables."""
    with TemporaryDirectory() as folder:
        arguments = (broker.bootstrap, topic, str(events), unique("faust"), folder)
        return _module("faust", "peer_faust", arguments, events)


def plain(broker: Broker, topic: str, events: int) -> dict[str, Any]:
    """The bare loop."""
    group = unique("plain")
    changelog = f"{group}-changelog"
    create(broker.bootstrap, changelog, compacted=True)
    arguments = ("run", broker.bootstrap, topic, str(events), group, changelog)
    return _module("faust", "plain", arguments, events)


def restored_by_kafka_streams(broker: Broker, topic: str, app: str, tickets: int) -> dict[str, Any]:
    """Kafka Streams in memory takes over the changelog of an application whose topic is empty."""
    return _java("recover", broker, topic, tickets, app, "memory", "at_least_once")


def restored_by_plain(broker: Broker, changelog: str, tickets: int) -> dict[str, Any]:
    """The bare loop takes over a changelog."""
    return _module("faust", "plain", ("recover", broker.bootstrap, changelog), tickets)


def changelog_of(app: str) -> str:
    """What Kafka Streams calls the changelog of the tickets of an application."""
    return f"{app}-tickets-changelog"


def report(
    command: Sequence[str], events: int, given: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """What a program reports; raises `AssertionError` with the end of what it said instead."""
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, **(given or {})},
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S + events / SLOWEST,
        )
    except subprocess.TimeoutExpired as error:
        raise AssertionError(f"no answer within {error.timeout:.0f} s") from None
    said = done.stdout + done.stderr
    # Faust passes what is printed on to its log.
    _, reported, rest = said.partition(RESULT)
    assert reported, f"no answer:\n{said[-2000:]}"
    found: dict[str, Any] = json.loads(rest.partition("\n")[0])
    return found


def _module(environment: str, module: str, arguments: Sequence[str], events: int) -> dict[str, Any]:
    name = f"tests.bench.peers.{module}"
    return report((tools.python(environment), "-m", name, *arguments), events)


def _java(
    what: str, broker: Broker, topic: str, events: int, app: str, store: str, guarantee: str
) -> dict[str, Any]:
    # A restore of many tickets holds them all.
    options = ("-Xmx4g" if what == "recover" else "-Xmx2g", "-cp", tools.classpath())
    with TemporaryDirectory() as folder:
        where = (broker.bootstrap, topic, str(events), app, store, guarantee, str(Path(folder)))
        quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
        return report(("java", quiet, *options, "KStreamsPeer", what, *where), events)


def _ours(setup: ours.Setup, broker: Broker, topic: str, events: int) -> dict[str, Any]:
    return ours.run(broker, topic, events, setup)


_V: Final = tools.versions()
_DESKPULSE: Final = f"Deskpulse {version('deskpulse')}"
_CHANGELOG: Final = "changelog, at least once"

PROGRAMS: Final = (
    Program(
        "kstreams",
        f"{KAFKA_STREAMS}, RocksDB",
        _CHANGELOG,
        partial(kafka_streams, "rocksdb", "at_least_once"),
        tools.classpath,
    ),
    Program(
        "kstreams-eos",
        f"{KAFKA_STREAMS}, RocksDB",
        "changelog, exactly once",
        partial(kafka_streams, "rocksdb", "exactly_once_v2"),
        tools.classpath,
    ),
    Program(
        "kstreams-memory",
        f"{KAFKA_STREAMS}, in memory",
        _CHANGELOG,
        partial(kafka_streams, "memory", "at_least_once"),
        tools.classpath,
    ),
    Program(
        "quix",
        f"Quix Streams {_V['quixstreams']}",
        "RocksDB, changelog, at least once",
        quix,
        partial(tools.python, "quix"),
    ),
    Program(
        "bytewax",
        f"Bytewax {_V['bytewax']}, batched",
        "recovery store on local disk",
        bytewax,
        partial(tools.python, "bytewax"),
    ),
    Program(
        "faust",
        f"Faust {_V['faust-streaming']}, tables",
        _CHANGELOG,
        faust,
        partial(tools.python, "faust"),
        most=100_000,
    ),
    Program(
        "plain",
        PLAIN,
        _CHANGELOG,
        plain,
        partial(tools.python, "faust"),
    ),
    Program(
        "deskpulse-basic",
        f"{_DESKPULSE}, the same KPIs",
        "changelog, exactly once",
        partial(_ours, ours.BASIC),
    ),
    Program(
        "deskpulse-whole",
        f"{_DESKPULSE}, whole",
        "changelog, exactly once",
        partial(_ours, ours.WHOLE),
    ),
)
"""In the order in which they run."""
