"""The HTTP endpoint: /metrics for Prometheus, /live and /ready for whoever runs the worker.

It serves from threads of its own, so a slow reader never holds up the event loop. Figures are
for whoever may see them; that a process lives or is ready is no secret.
"""

import hmac
import socket
import ssl
from collections.abc import Callable, Iterable
from threading import Thread
from typing import TYPE_CHECKING, Any, ClassVar, Final
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
        self,
        bind: str,
        port: int,
        registry: CollectorRegistry,
        *,
        live: Check,
        ready: Check,
        tls: ssl.SSLContext | None = None,
        credentials: str | None = None,
    ) -> None:
        """Open the port; 0 is any free one. Raises `UserError` when it cannot be had.

        `credentials` is the `Authorization` header that /metrics asks for; `None` asks for none.
        """
        self._credentials = credentials
        self._metrics = make_wsgi_app(registry)
        self._checks = {"/live": live, "/ready": ready}
        try:
            family, *_ = socket.getaddrinfo(bind, port, type=socket.SOCK_STREAM)[0]
            server = type("Server", (_Server,), {"address_family": family, "tls": tls})
            self._server: WSGIServer = make_server(bind, port, self._answer, server, _Handler)
        except OSError as error:
            raise UserError(
                f"metrics: {bind}:{port} cannot be opened ({error.strerror}): set metrics.port to "
                "a free port and metrics.bind to an address of this machine"
            ) from None
        scheme = "http" if tls is None else "https"
        self.url = f"{scheme}://{f'[{bind}]' if ':' in bind else bind}:{self._server.server_port}"
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
            if not self._may_see(environ.get("HTTP_AUTHORIZATION", "")):
                return self._refuse(respond)
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

    def _may_see(self, given: str) -> bool:
        """Compared in constant time, so that nothing is learnt by trying."""
        if self._credentials is None:
            return True
        scheme, _, secret = given.partition(" ")
        # Header bytes reach us as Latin-1; ours may be any text.
        heard = f"{scheme.capitalize()} {secret.strip()}".encode("latin-1", "replace")
        return hmac.compare_digest(heard, self._credentials.encode())

    def _refuse(self, respond: "StartResponse") -> Iterable[bytes]:
        scheme = str(self._credentials).partition(" ")[0]
        asked = [("WWW-Authenticate", f'{scheme} realm="deskpulse"')]
        respond("401 Unauthorized", [("Content-Type", "text/plain; charset=utf-8"), *asked])
        return [b"for whoever is configured in metrics\n"]


class _Server(ThreadingWSGIServer):
    tls: ClassVar[ssl.SSLContext | None]

    def get_request(self) -> tuple[socket.socket, Any]:
        """The next client. Hands are shaken in its own thread: a slow one holds up nobody."""
        client, address = super().get_request()
        if self.tls is not None:
            client = self.tls.wrap_socket(client, server_side=True, do_handshake_on_connect=False)
        return client, address

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: what reaches this is a client that hung up or said nothing."""


class _Handler(WSGIRequestHandler):
    timeout = PATIENCE_S

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing: a scrape is no news."""
