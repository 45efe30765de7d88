"""The direct way of a page: a notifier, and an Alertmanager with its waits as deployed."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

import yaml

from streams.kafka.child import end, spawn
from streams.kafka.embedded import LOOPBACK, free_port
from tests.deploy.monitoring import DEPLOY, Service
from tests.deploy.pager import Pager
from tests.kafka.workers import DESKPULSE, Application


def alertmanager_that_calls(paged: Pager, folder: Path, port: int = 0) -> Service:
    """The deployed Alertmanager, all of whose receivers are the pager.

    Whoever starts it ends it.
    """
    config = yaml.safe_load((DEPLOY / "alertmanager" / "alertmanager.yml").read_text())
    config["global"] = {}
    for receiver in config["receivers"]:
        for kind in [name for name in receiver if name != "name"]:
            del receiver[kind]
        receiver["webhook_configs"] = [{"url": paged.url, "send_resolved": True}]
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
