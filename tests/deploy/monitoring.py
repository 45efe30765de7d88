"""Prometheus and Alertmanager as they are deployed, with other addresses, beside workers of a test.

Both run on copies of the files of `deploy/`; every address in them is replaced by one of this
machine, and nothing else is.
"""

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

from streams.kafka.child import end, spawn
from streams.kafka.embedded import LOOPBACK, free_port

DEPLOY: Final = Path(__file__).parents[2] / "deploy"

PATIENCE_S: Final = 60

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Service:
    """A program with an HTTP API that speaks JSON."""

    address: str
    process: subprocess.Popen[bytes]
    log: Path

    def wait(self, condition: Callable[[], object], what: str) -> None:
        """Return once the condition holds; fails the test when it takes too long."""
        give_up = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < give_up, f"waited in vain for {what}: {self.log.read_text()}"
            time.sleep(0.1)

    def get(self, path: str, **parameters: str) -> Any:
        """What it answers; `None` while it does not listen. What it refuses fails the test."""
        assert self.process.poll() is None, self.log.read_text()[-2000:]
        try:
            with urlopen(f"http://{self.address}{path}?{urlencode(parameters)}") as answer:
                return json.load(answer)
        except HTTPError as error:
            with error:
                raise AssertionError(f"{path} {parameters}: {error.read().decode()}") from None
        except OSError:
            return None


@dataclass(frozen=True, slots=True)
class Prometheus(Service):
    """A Prometheus; its answers without their envelope."""

    def data(self, path: str, **parameters: str) -> Any:
        """The `data` of an answer; `None` while it does not listen."""
        answer = self.get(f"/api/v1/{path}", **parameters)
        if answer is None:
            return None
        assert answer["status"] == "success"
        return answer["data"]

    def query(self, expression: str) -> list[tuple[Labels, float]]:
        """Every series of an expression with its value now."""
        data = self.data("query", query=expression)
        return [] if data is None else [(r["metric"], float(r["value"][1])) for r in data["result"]]

    def value(self, expression: str) -> float | None:
        """The only value of an expression; `None` where there is none."""
        found = self.query(expression)
        assert len(found) <= 1, f"several series: {expression}"
        return found[0][1] if found else None

    def by(self, label: str, expression: str) -> dict[str, float]:
        """The values by a label."""
        return {labels.get(label, ""): value for labels, value in self.query(expression)}


@contextmanager
def monitoring(folder: Path, workers: Sequence[int]) -> Iterator[tuple[Prometheus, Service]]:
    """Prometheus on workers at these ports, and the Alertmanager it alerts; both just started."""
    metrics = f"{LOOPBACK}:{free_port()}"
    addresses = {f"worker-{n}:9108": f"{LOOPBACK}:{port}" for n, port in enumerate(workers, 1)}
    with alertmanager(folder) as alerts:
        addresses["alertmanager:9093"] = alerts.address
        command = _prometheus(metrics, addresses, folder)
        with _running(command, folder / "prometheus.log") as running:
            yield Prometheus(metrics, *running), alerts


@contextmanager
def alertmanager(folder: Path) -> Iterator[Service]:
    """Alertmanager alone; just started."""
    address = f"{LOOPBACK}:{free_port()}"
    with _running(_alertmanager(address, folder), folder / "alertmanager.log") as running:
        yield Service(address, *running)


@contextmanager
def _running(command: list[str], log: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    process = spawn(command, log)
    try:
        yield process, log
    finally:
        end(process)


def _prometheus(address: str, addresses: Mapping[str, str], folder: Path) -> list[str]:
    shutil.copytree(DEPLOY / "prometheus", folder / "prometheus")
    config = folder / "prometheus" / "prometheus.yml"
    text = config.read_text(encoding="utf-8")
    for there, here in addresses.items():
        assert text.count(there) == 1, f"{there} is not in the configuration"
        text = text.replace(there, here)
    config.write_text(text, encoding="utf-8")
    return [
        "prometheus",
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address={address}",
        # The first alert fires before the Alertmanager is known: by default, lost for a minute.
        "--rules.alert.resend-delay=1s",
    ]


def _alertmanager(address: str, folder: Path) -> list[str]:
    return [
        "prometheus-alertmanager",
        f"--config.file={DEPLOY / 'alertmanager' / 'alertmanager.yml'}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
    ]
