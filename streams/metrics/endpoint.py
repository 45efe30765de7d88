"""The HTTP endpoint: /metrics for Prometheus, /live and /ready for whoever runs the worker.

It serves from threads of its own, so a slow reader never holds up the event loop.
"""

import socket
from collections.abc import Callable, Iterable
from threading import Thread
from typing import TYPE_CHECKING, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.exposition import ThreadingWSGIServer

from streams.errors import UserError

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

Check = Callable[[], tuple[bool, str]]
"""Says whether it is so, and in a few words why."""

PATIENCE_S: Final = 10
"""A client that says nothing for longer is hung up on."""


class Endpoint:
    """Serves a registry and two checks from `start` to `stop`."""

    def __init__(
        self, bind: str, port: int, registry: CollectorRegistry, *, live: Check, ready: Check
    ) -> None:
        """Open the port; 0 is any free one. Raises `UserError` when it cannot be had."""
        self._metrics = make_wsgi_app(registry)
        self._checks = {"/live": live, "/ready": ready}
        try:
            family, *_ = socket.getaddrinfo(bind, port, type=socket.SOCK_STREAM)[0]
            server = type("Server", (_Server,), {"address_family": family})
            self._server: WSGIServer = make_server(bind, port, self._answer, server, _Handler)
        except OSError as error:
            raise UserError(
                f"metrics: {bind}:{port} cannot be opened ({error.strerror}): set metrics.port to "
                "a free port and metrics.bind to an address of this machine"
            ) from None
        self.url = f"http://{f'[{bind}]' if ':' in bind else bind}:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, name="metrics", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Close the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, environ: "WSGIEnvironment", respond: "StartResponse") -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/metrics":
            answer: Iterable[bytes] = self._metrics(environ, respond)
            return answer
        if path in self._checks:
            fine, text = self._checks[path]()
            status = "200 OK" if fine else "503 Service Unavailable"
        elif path == "/":
            status, text = "200 OK", "Deskpulse\n/metrics\n/live\n/ready"
        else:
            status, text = "404 Not Found", "not here; / lists what is"
        respond(status, [("Content-Type", "text/plain; charset=utf-8")])
        return [text.encode() + b"\n"]


class _Server(ThreadingWSGIServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: what reaches this is a client that hung up or said nothing."""


class _Handler(WSGIRequestHandler):
    timeout = PATIENCE_S

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing: a scrape is no news."""
