"""Prometheus and Alertmanager as they are deployed, with other addresses, beside workers of a test.

Both run on copies of the files of `deploy/`; every address in them is replaced by one of this
machine, and nothing else is - but a test that waits for a page to come and go may have the
waits in them cut (`hurried`).
"""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

from streams.kafka.child import end, spawn
from streams.kafka.embedded import LOOPBACK, free_port
from tests.deploy.pager import Pager

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
                if error.code == HTTPStatus.SERVICE_UNAVAILABLE:
                    # It listens already and has not read its files yet.
                    return None
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
def monitoring(
    folder: Path, workers: Sequence[int], paged: Pager | None = None
) -> Iterator[tuple[Prometheus, Service]]:
    """Prometheus on workers at these ports, and the Alertmanager it alerts; both just started.

    With a pager, that is paged, and neither waits.
    """
    metrics = f"{LOOPBACK}:{free_port()}"
    addresses = {f"worker-{n}:9108": f"{LOOPBACK}:{port}" for n, port in enumerate(workers, 1)}
    with alertmanager(folder, paged) as alerts:
        addresses["alertmanager:9093"] = alerts.address
        command = _prometheus(metrics, addresses, folder)
        if paged is not None:
            for file in (folder / "prometheus").rglob("*.yml"):
                file.write_text(hurried(file.read_text(encoding="utf-8")), encoding="utf-8")
        with _running(command, folder / "prometheus.log") as running:
            yield Prometheus(metrics, *running), alerts


@contextmanager
def alertmanager(folder: Path, paged: Pager | None = None) -> Iterator[Service]:
    """Alertmanager alone; just started. With a pager, that is paged, at once."""
    address = f"{LOOPBACK}:{free_port()}"
    config = DEPLOY / "alertmanager" / "alertmanager.yml"
    if paged is not None:
        config = _paging(config.read_text(encoding="utf-8"), paged, folder)
    with _running(_alertmanager(address, folder, config), folder / "alertmanager.log") as running:
        yield Service(address, *running)


def hurried(text: str) -> str:
    """A configuration of Prometheus or Alertmanager that does not wait, for a test that does."""
    text = re.sub(r"(\bfor|keep_firing_for|group_wait): \w+", r"\1: 0s", text)
    return re.sub(r"(scrape_interval|evaluation_interval|group_interval): \w+", r"\1: 1s", text)


def _paging(text: str, paged: Pager, folder: Path) -> Path:
    token, config = folder / "pager-token", folder / "alertmanager.yml"
    token.write_text("secret")
    assert "https://pager.example/deskpulse" in text
    text = text.replace("https://pager.example/deskpulse", f"{paged.url}/deskpulse")
    text = text.replace("/etc/alertmanager/secrets/pager-token", str(token))
    config.write_text(hurried(text), encoding="utf-8")
    return config


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


def _alertmanager(address: str, folder: Path, config: Path) -> list[str]:
    return [
        "prometheus-alertmanager",
        f"--config.file={config}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
    ]
