"""TLS and users on a real Kafka: who may come in does, and who may not is told why."""

import asyncio
import gc
import json
from base64 import urlsafe_b64decode as b64decode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from streams.cli import run
from streams.clock import wall_ms
from streams.kafka.publish import Message
from streams.kafka.topics import ensure
from streams.simulate import Scenario, generate
from streams.wire.codec import loads
from tests.certificates import Authority
from tests.kafka.reading import read_topic
from tests.kafka.secured import PASSWORD, Desk, Secured, secured, written

pytestmark = [pytest.mark.kafka, pytest.mark.openssl]

MONDAY_MS = 1_772_434_800_000
"""2026-03-02T07:00:00Z."""
PASSWORDS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
WAYS = ("TLS", "mutual TLS", *PASSWORDS, "OAUTHBEARER")
Captured = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    with secured(tmp_path_factory.mktemp("secured")) as running:
        yield running


def section(node: Secured, way: str) -> dict[str, Any]:
    """The section `kafka` of one way in."""
    if way == "TLS":
        return node.kafka("TLS")
    if way == "mutual TLS":
        return node.kafka("MUTUAL", certfile=str(node.folder / "client.pem"))
    return node.user(way)


@pytest.fixture
def desk(node: Secured, tmp_path: Path) -> Iterator[Desk]:
    """An application that is not configured yet; its workers end with the test."""
    with Desk(node, tmp_path) as running:
        yield running


def messages() -> list[Message]:
    """Half a simulated day; some of it is broken."""
    scenario = Scenario(MONDAY_MS, days=0.5, scale=200, warm_up_days=0, garbage=0.02)
    return [(each.key, each.value, tuple(each.headers)) for each in generate(scenario)]


@pytest.mark.parametrize("way", WAYS)
def test_every_command_that_talks_to_the_broker_gets_in(
    node: Secured, desk: Desk, way: str, capsys: Captured
) -> None:
    app = desk.application(section(node, way))
    assert run(["topics", "ensure", "-c", desk.conf]) == 0
    sent = messages()
    app.publish(sent)
    event = next(value for _, value, _ in sent if value and b'"ticket.created"' in value)
    one = desk.folder / "one.jsonl"
    one.write_bytes(event + b"\n")
    assert run(["publish", str(one), "-c", desk.conf]) == 0
    app.start()
    app.wait_until_read(len(sent) + 1)
    app.stop()
    out = desk.folder / "report.json"
    assert run(["report", "-c", desk.conf, "--out", str(out)]) == 0
    events = json.loads(out.read_bytes())["events"]
    assert events["read"] == len(sent) + 1
    assert len(read_topic(app, app.config.topics.dead_letters)) == sum(events["rejected"].values())
    assert len(read_topic(app, app.config.topics.transitions)) > 0
    assert run(["topics", "check", "-c", desk.conf]) == 0
    assert run(["reset", "--yes", "-c", desk.conf]) == 0
    assert "Traceback" not in capsys.readouterr().err


def test_a_worker_takes_each_token_that_a_sidecar_renews(node: Secured, desk: Desk) -> None:
    """The broker ends every session after three seconds: the next one needs a token of then."""
    there = node.broker.listeners["BRIEF"]
    sent = messages()
    with node.sidecar():
        app = desk.application(node.user("OAUTHBEARER", bootstrap=there))
        asyncio.run(ensure(app.config))
        worker = app.start()
        app.publish(sent[:100])
        app.wait_until_read(100)
        first = expires_s(node)
        app.wait(lambda: wall_ms() > 1000 * first, "the token that it began with to expire")
        app.publish(sent[100:])
        app.wait_until_read(len(sent))
        app.stop()
    assert worker.process.returncode == 0


def expires_s(node: Secured) -> int:
    """Until when the token of now is valid."""
    claims = (node.folder / "token").read_text().split(".")[1]
    expires: int = loads(b64decode(claims + "=="))["exp"]
    return expires


REFUSED = "refuses the user; check kafka.username, kafka.password and kafka.mechanism"


def with_wrong_password(mechanism: str) -> Callable[[Secured], dict[str, Any]]:
    return lambda node: node.user(mechanism, password=wrong(node))


MISTAKES: dict[str, tuple[Callable[[Secured], dict[str, Any]], str]] = {
    "wrong authority": (
        lambda node: node.kafka("TLS", cafile=str(Authority(node.folder, "other").ca)),
        "(unable to get local issuer certificate); set kafka.cafile",
    ),
    "no authority": (lambda node: node.kafka("TLS", cafile=None), "set kafka.cafile"),
    "expired certificate": (
        lambda node: node.kafka("EXPIRED"),
        "(certificate has expired); have the broker's certificate renewed",
    ),
    "another name": (
        lambda node: node.kafka("TLS", bootstrap=f"localhost:{port(node, 'TLS')}"),
        "Hostname mismatch, certificate is not valid for 'localhost'.); write kafka.bootstrap as",
    ),
    "no client certificate": (lambda node: node.kafka("MUTUAL"), "set kafka.certfile"),
    "a client certificate of somebody else": (
        lambda node: node.kafka("MUTUAL", certfile=str(Authority(node.folder, "own").issue("me"))),
        "set kafka.certfile to one that it trusts",
    ),
    "plaintext to TLS": (
        lambda node: {"bootstrap": node.broker.listeners["TLS"]},
        "if it expects TLS, set kafka.security to tls or sasl_tls",
    ),
    "TLS to plaintext": (
        lambda node: node.kafka("TLS", bootstrap=node.plaintext),
        "does not speak TLS; if this is its plaintext port",
    ),
    "no user": (lambda node: node.kafka("SASL"), "set kafka.security to sasl_tls"),
    "a user for nobody": (
        lambda node: node.user("PLAIN", bootstrap=node.broker.listeners["TLS"]),
        "asks for no user at this port; set kafka.security to tls",
    ),
    **{f"wrong password, {each}": (with_wrong_password(each), REFUSED) for each in PASSWORDS},
    "wrong token": (
        lambda node: node.user("OAUTHBEARER", token=wrong(node)),
        "refuses the token; check kafka.token, it may have expired",
    ),
    "no password": (
        lambda node: node.user("PLAIN", password="env:NOT_SET"),  # noqa: S106 - a place
        "env:NOT_SET: the environment variable is not set",
    ),
    "no certificate": (
        lambda node: node.kafka("TLS", cafile=str(node.folder / "password")),
        "password: no certificate (PEM) in it",
    ),
    "no file": (lambda node: node.kafka("TLS", cafile="nowhere.pem"), "No such file or directory"),
}


def port(node: Secured, listener: str) -> str:
    return node.broker.listeners[listener].rpartition(":")[2]


def wrong(node: Secured) -> str:
    """A secret that is none: a token whose signature was tampered with."""
    parts = (node.folder / "token").read_text().split(".")
    (node.folder / "wrong").write_text(".".join([*parts[:2], parts[2][::-1]]))
    return f"file:{node.folder}/wrong"


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_line_that_says_what_to_do(
    node: Secured, mistake: str, tmp_path: Path, capsys: Captured
) -> None:
    wanted, hint = MISTAKES[mistake]
    conf = written(tmp_path / "conf", kafka=wanted(node))
    for command in ("worker", "report"):
        assert run([command, "-c", str(conf)]) == 2
        said = capsys.readouterr()
        assert hint in said.err
        assert (said.out, said.err.count("\n")) == ("", 1)
        assert PASSWORD not in said.err
    gc.collect()  # what aiokafka leaves open is complained of here, where nobody listens
