"""Somebody who is paged: a webhook on this machine that writes down what it was told, and when."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from streams.clock import wall_ms
from streams.kafka.embedded import LOOPBACK

PATIENCE_S: Final = 120


@dataclass(slots=True)
class Pager:
    """Every alert it was sent, in order, each with the wall clock of its arrival."""

    url: str = ""
    told: list[tuple[int, dict[str, Any]]] = field(default_factory=list)

    def first(
        self, alert: str, status: str, ticket: str | None = None
    ) -> tuple[int, dict[str, Any]] | None:
        """When an alert of this name (and ticket) first came `firing` or `resolved`, and it."""
        for at, one in list(self.told):
            if (one["labels"]["alertname"], one["status"]) == (alert, status) and (
                ticket in (None, one["annotations"].get("ticket"))
            ):
                return at, one
        return None

    def wait(self, alert: str, status: str) -> tuple[int, dict[str, Any]]:
        """The same, once it is there; fails the test when it takes too long."""
        return self._until(lambda: self.first(alert, status), f"{alert} {status}")

    def _until(
        self, found: Callable[[], tuple[int, dict[str, Any]] | None], what: str
    ) -> tuple[int, dict[str, Any]]:
        give_up = time.monotonic() + PATIENCE_S
        while True:
            answer = found()
            if answer is not None:
                return answer
            assert time.monotonic() < give_up, f"waited in vain for {what}: {self.told}"
            time.sleep(0.02)


@contextmanager
def pager() -> Iterator[Pager]:
    """A pager that listens while the block runs."""
    paged = Pager()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            at = wall_ms()
            body = self.rfile.read(int(self.headers["Content-Length"]))
            paged.told.extend((at, alert) for alert in json.loads(body)["alerts"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """A test prints only what failed."""

    server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
    paged.url = f"http://{LOOPBACK}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield paged
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
