"""The whole way of a page: an Alertmanager as deployed, whoever it calls, and the notifier."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from subprocess import Popen
from threading import Thread
from typing import Any, Final, NamedTuple

import yaml

from streams.clock import wall_ms
from streams.kafka.child import end, spawn
from streams.kafka.embedded import LOOPBACK, free_port
from tests.deploy.monitoring import DEPLOY, Service
from tests.kafka.workers import DESKPULSE, Application

ROUTE: Final = "\n".join(
    re.findall(
        r"^```yaml\n(.*?)^```$",
        (DEPLOY.parent / "docs" / "notifying.md").read_text(encoding="utf-8"),
        re.DOTALL | re.MULTILINE,
    )[0:1]
)
"""The routes that docs/notifying.md tells to put first."""


class Page(NamedTuple):
    """One alert of one message that somebody received."""

    at: int
    """When it was received, epoch milliseconds."""
    name: str
    ticket: str
    status: str
    """`firing` or `resolved`."""
    alert: dict[str, Any]


@dataclass(slots=True)
class Pager:
    """Whom Alertmanager calls."""

    url: str
    pages: list[Page] = field(default_factory=list)

    def heard(self, name: str, ticket: str, status: str) -> Page | None:
        """The first such page so far."""
        wanted = (name, ticket, status)
        return next((page for page in self.pages if page[1:4] == wanted), None)


@contextmanager
def pager() -> Iterator[Pager]:
    """A webhook receiver while the block runs."""
    pages: list[Page] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            at, body = wall_ms(), self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()
            for one in json.loads(body)["alerts"]:
                named = one["labels"]["alertname"], one["annotations"].get("ticket", "")
                pages.append(Page(at, *named, one["status"], one))

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer((LOOPBACK, 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield Pager(f"http://{LOOPBACK}:{server.server_port}", pages)
        server.shutdown()


def alertmanager_that_calls(pager: Pager, folder: Path, port: int = 0) -> Service:
    """The deployed Alertmanager, with the routes of the documentation; it calls nobody else.

    Whoever starts it ends it.
    """
    config = yaml.safe_load((DEPLOY / "alertmanager" / "alertmanager.yml").read_text())
    config["global"] = {}
    config["route"]["routes"][:0] = yaml.safe_load(ROUTE)
    for receiver in config["receivers"]:
        for kind in [name for name in receiver if name != "name"]:
            del receiver[kind]
        receiver["webhook_configs"] = [{"url": pager.url, "send_resolved": True}]
    folder.mkdir(exist_ok=True)
    file, log = folder / "alertmanager.yml", folder / "alertmanager.log"
    file.write_text(yaml.safe_dump(config))
    address = f"{LOOPBACK}:{port or free_port()}"
    command = [
        "prometheus-alertmanager",
        f"--config.file={file}",
        f"--storage.path={folder / 'data'}",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
    ]
    service = Service(address, spawn(command, log), log)
    service.wait(lambda: service.get("/api/v2/alerts") is not None, "an Alertmanager")
    return service


@dataclass(slots=True)
class Notifier:
    """A `deskpulse notify` process."""

    process: Popen[bytes]
    log: Path

    @property
    def said(self) -> str:
        """Its log."""
        return self.log.read_text()


def start_notifier(app: Application, *alertmanagers: str) -> Notifier:
    """Start a notifier of an application; it has read the topic when this returns."""
    number = len(list(app.folder.glob("notifier-*.log")))
    conf, log = app.folder / f"notify-{number}", app.folder / f"notifier-{number}.log"
    conf.mkdir()
    text = (app.folder / "deskpulse.yml").read_text()
    (conf / "deskpulse.yml").write_text(
        f"{text}notify: {{alertmanagers: {json.dumps([f'http://{a}' for a in alertmanagers])}}}\n"
    )
    (conf / "sla.yml").write_text((app.folder / "sla.yml").read_text())
    running = Notifier(spawn([str(DESKPULSE), "notify", "--config", str(conf)], log), log)
    wait(app, running, lambda: "alerts are open" in running.said, "the notifier to be ready")
    return running


def wait(app: Application, notifier: Notifier, condition: Callable[[], object], what: str) -> None:
    """Return once the condition holds; fails where the notifier has ended or it takes too long."""

    def so() -> object:
        assert notifier.process.poll() is None, notifier.said[-2000:]
        return condition()

    app.wait(so, what)


@contextmanager
def ending(*those: Service | Notifier) -> Iterator[None]:
    """End these processes with the block."""
    try:
        yield
    finally:
        for one in those:
            end(one.process)
