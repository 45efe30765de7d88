"""A node of Apache Kafka with TLS, users and rights, and the folders of those who connect to it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Any, Final, Self

from streams.clock import wall_ms
from streams.config import load
from streams.config.model import Topics
from streams.kafka.child import end
from streams.kafka.topics_file import Use
from tests.brokers import ApacheKafka, Broker, Security, unique
from tests.certificates import PAST, Authority, Issuer
from tests.kafka.workers import Application

PASSWORD: Final = "correct-horse-battery"  # noqa: S105 - of the tests
"""The password of every user."""
TRUSTED: Final = "trusted"
"""A user who may do anything; everyone without a name may, too."""
LIMITED: Final = tuple(Use)
"""Users who may do nothing but what a test allows."""
PROMISES: Final = """
policies:
  - {name: all, calendar: 24x7, targets: {first_response: 30m}}
"""
BRIEF_MS: Final = 3_000
"""How long the listener BRIEF takes somebody for who he said he is."""
AUDIENCE: Final = "kafka"
LIBRARY: Final = "org.apache.kafka.common.security"
ISSUER: Final = "https://issuer.test"


@dataclass(frozen=True, slots=True)
class Secured:
    """The running node."""

    broker: ApacheKafka
    folder: Path
    """Holds `ca.pem`, `client.pem`, `password` and `token`, which a configuration may name."""
    authority: Authority
    issuer: Issuer

    @property
    def plaintext(self) -> str:
        """The listener without any protection, on which everything is allowed."""
        return self.broker.bootstrap

    def kafka(self, listener: str, **settings: Any) -> dict[str, Any]:
        """The section `kafka` of a configuration that uses a listener; `None` leaves a key out."""
        section = {
            "bootstrap": self.broker.listeners[listener],
            "security": "tls",
            "cafile": str(self.authority.ca),
            **settings,
        }
        return {key: value for key, value in section.items() if value is not None}

    def user(self, mechanism: str, name: str = TRUSTED, **settings: Any) -> dict[str, Any]:
        """The same for a user with a password, or with a token."""
        me = (
            {"token": f"file:{self.folder}/token"}
            if mechanism == "OAUTHBEARER"
            else {"username": name, "password": f"file:{self.folder}/password"}
        )
        ours = {"security": "sasl_tls", "mechanism": mechanism, **me, **settings}
        return self.kafka("SASL", **ours)

    def renew_token(self, valid_s: int = 1_800) -> None:
        """Put a new token where the configuration looks for it, as a sidecar does."""
        now = wall_ms() // 1000
        token = self.issuer.token(sub=TRUSTED, iss=ISSUER, aud=AUDIENCE, iat=now, exp=now + valid_s)
        fresh = self.folder / "token.new"
        fresh.write_text(token)
        fresh.replace(self.folder / "token")

    @contextmanager
    def sidecar(self) -> Iterator[None]:
        """While the block runs, every token is valid for a few seconds and renewed in time."""
        done = Event()

        def renew() -> None:
            while not done.wait(BRIEF_MS / 2000):
                self.renew_token(valid_s=2 * BRIEF_MS // 1000)

        thread = Thread(target=renew)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
            self.renew_token()


@contextmanager
def secured(folder: Path) -> Iterator[Secured]:
    """The node, while the block runs."""
    authority, issuer = Authority(folder), Issuer(folder)
    server = authority.issue("server", "IP:127.0.0.1")
    expired = authority.issue("expired", "IP:127.0.0.1", valid=PAST)
    authority.issue("client")
    (folder / "password").write_text(PASSWORD)
    with ApacheKafka(folder, _security(authority, issuer, server, expired)) as broker:
        running = Secured(broker, folder, authority, issuer)
        running.renew_token()
        yield running


def written(folder: Path, **sections: Any) -> Path:
    """A configuration folder with these sections; JSON is YAML."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = (f"{name}: {json.dumps(section)}\n" for name, section in sections.items())
    (folder / "deskpulse.yml").write_text("".join(lines))
    return folder


class Desk:
    """A configuration folder for the node, and the application that runs by it.

    Whatever worker still runs when the block ends is killed.
    """

    def __init__(self, node: Secured, folder: Path) -> None:
        self.folder = folder
        self.conf = str(folder / "conf")
        self._node = node
        self._sections: dict[str, Any] = {}
        self._apps: list[Application] = []

    def application(self, kafka: dict[str, Any]) -> Application:
        """With topics of its own, and a promise that is broken at times."""
        name = unique("app")
        self._sections = {
            "app": name,
            "topics": {topic: f"{name}-{topic}" for topic in Topics.__dataclass_fields__},
            "time": "event",
        }
        self.configure(self.folder, kafka)
        self.configure(self.folder / "conf", kafka)
        broker = Broker(self._node.plaintext, transactions=True)
        app = Application(self.folder, load(self.folder / "conf"), broker)
        self._apps.append(app)
        return app

    def configure(self, folder: Path, kafka: dict[str, Any], **sections: Any) -> Path:
        """The same application in another folder, for somebody who gets in another way."""
        written(folder, kafka={**kafka, "session_timeout": "6s"}, **self._sections, **sections)
        (folder / "sla.yml").write_text(PROMISES)
        return folder

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for app in self._apps:
            for worker in app.workers:
                end(worker.process)


def _security(authority: Authority, issuer: Issuer, server: Path, expired: Path) -> Security:
    keys = issuer.keys.as_uri()
    settings: dict[str, object] = {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": server,
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": authority.ca,
        "listener.name.mutual.ssl.client.auth": "required",
        "listener.name.expired.ssl.keystore.type": "PEM",
        "listener.name.expired.ssl.keystore.location": expired,
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": f"User:ANONYMOUS;User:{TRUSTED};User:CN=client",
        # Kafka 4.1.0's default takes tokens that nobody has signed.
        "sasl.oauthbearer.jwt.validator.class": f"{LIBRARY}.oauthbearer.BrokerJwtValidator",
        "sasl.oauthbearer.jwks.endpoint.url": keys,
        "sasl.oauthbearer.expected.audience": AUDIENCE,
        "sasl.oauthbearer.expected.issuer": ISSUER,
        "listener.name.brief.connections.max.reauth.ms": BRIEF_MS,
    }
    for listener in ("sasl", "brief"):
        settings |= _logins(f"listener.name.{listener}")
    return Security(
        listeners={
            **dict.fromkeys(("TLS", "MUTUAL", "EXPIRED"), "SSL"),
            **dict.fromkeys(("SASL", "BRIEF"), "SASL_SSL"),
        },
        settings=settings,
        scram=[
            f"{mechanism}=[name={name},password={PASSWORD}]"
            for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512")
            for name in (TRUSTED, *LIMITED)
        ],
        java=[
            f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={keys}",
            f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.files={issuer.keys}",
        ],
    )


def _logins(listener: str) -> dict[str, object]:
    """How a listener knows its users, in the words of Java's login service."""
    users = " ".join(f'user_{name}="{PASSWORD}"' for name in (TRUSTED, *LIMITED))
    modules = {
        "plain": f"plain.PlainLoginModule required {users};",
        "scram-sha-256": "scram.ScramLoginModule required;",
        "scram-sha-512": "scram.ScramLoginModule required;",
        "oauthbearer": "oauthbearer.OAuthBearerLoginModule required;",
    }
    validator = f"{LIBRARY}.oauthbearer.OAuthBearerValidatorCallbackHandler"
    return {
        f"{listener}.sasl.enabled.mechanisms": ",".join(modules).upper(),
        f"{listener}.oauthbearer.sasl.server.callback.handler.class": validator,
        **{
            f"{listener}.{mechanism}.sasl.jaas.config": f"{LIBRARY}.{module}"
            for mechanism, module in modules.items()
        },
    }
