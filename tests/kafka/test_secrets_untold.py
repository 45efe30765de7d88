"""No secret is ever told: not by any command, at any level of any log, whatever the broker does.

Every logger is made to say everything, also those that a command keeps quiet.
"""

import re
import signal
import subprocess
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest

from streams.kafka.child import end
from streams.kafka.embedded import free_port
from tests.kafka.loud import loudly
from tests.kafka.secured import PASSWORD, PROMISES, TRUSTED, Secured, secured, written
from tests.kafka.workers import PATIENCE_S

pytestmark = [pytest.mark.kafka, pytest.mark.openssl]

SECRETS: Final = {
    "RIGHT": PASSWORD,
    "WRONG": "mellon, mellon",
    "METRICS": "open-sesame/ä",
    "ALERTS": "swordfish+1",
}
"""By variable of the environment."""

COMMANDS: Final[list[list[str]]] = [
    ["worker", "--log-level", "debug"],
    ["notify", "--log-level", "debug"],
    ["publish", "one.jsonl"],
    ["report"],
    ["due"],
    ["explain", "T"],
    ["topics", "ensure"],
    ["topics", "check"],
    ["reset", "--yes"],
    ["top", "--once"],
]
"""Every command that is given a secret."""
LASTING: Final = {"worker": "restored: ", "notify": "is read, "}
"""What those that run on say once they are in."""
EVENT: Final = (
    '{"specversion":"1.0","id":"1","source":"s","type":"ticket.created","subject":"T",'
    '"time":"2026-03-02T09:00:00Z","data":{}}\n'
)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    with secured(tmp_path_factory.mktemp("untold")) as running:
        yield running


def by_password(node: Secured, secret: str, **settings: Any) -> dict[str, Any]:
    ours = {"username": TRUSTED, "password": f"env:{secret}", "mechanism": "PLAIN", **settings}
    return node.kafka("SASL", security="sasl_tls", **ours)


def by_token(node: Secured, secret: str) -> dict[str, Any]:
    return node.user("OAUTHBEARER", token=f"env:{secret}")


REFUSING: Final = {
    "nobody is there": lambda node: by_password(node, "RIGHT", bootstrap="127.0.0.1:9"),
    "the password is refused": lambda node: by_password(node, "WRONG"),
    "the proof is refused": lambda node: by_password(node, "WRONG", mechanism="SCRAM-SHA-512"),
    "the token is refused": lambda node: by_token(node, "WRONG"),
    "no TLS is spoken": lambda node: by_password(node, "RIGHT", bootstrap=node.plaintext),
}


@pytest.mark.parametrize("what", REFUSING)
def test_no_command_tells_a_secret_where_the_broker_fails(
    node: Secured, tmp_path: Path, what: str
) -> None:
    conf = configured(tmp_path, REFUSING[what](node))
    log = tmp_path / "log"
    process = loudly(conf, COMMANDS, log, SECRETS)
    process.wait(PATIENCE_S)
    said = log.read_text()
    assert re.findall(r"^== (\w+): (\d)", said, re.MULTILINE) == [
        (command[0], "2") for command in COMMANDS
    ]
    assert "DEBUG:aiokafka" in said
    assert "Traceback" not in said
    nothing_told(said)


@pytest.mark.parametrize("way", ["by password", "by token"])
def test_no_command_tells_a_secret_where_the_broker_lets_it_in(
    node: Secured, tmp_path: Path, way: str
) -> None:
    token = (node.folder / "token").read_text()
    secrets = {**SECRETS, "TOKEN": token}
    kafka = by_password(node, "RIGHT") if way == "by password" else by_token(node, "TOKEN")
    conf = configured(tmp_path, kafka)
    brief = [command for command in COMMANDS if command[0] in {"publish", "report", "explain"}]
    brief.insert(0, ["topics", "ensure"])
    loudly(conf, brief, tmp_path / "brief", secrets).wait(PATIENCE_S)
    for name, sign in LASTING.items():
        log = tmp_path / name
        process = loudly(conf, [[name, "--log-level", "debug"]], log, secrets)
        try:
            wait_for(sign, log, process)
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE_S)
        finally:
            end(process)
    for log in (tmp_path / name for name in ("brief", *LASTING)):
        said = log.read_text()
        assert "DEBUG:aiokafka" in said
        assert "Traceback" not in said
        assert re.search(r"^== \w+: 0$", said, re.MULTILINE)
        nothing_told(said, token)


def configured(folder: Path, kafka: dict[str, Any]) -> Path:
    (folder / "one.jsonl").write_text(EVENT)
    conf = written(
        folder / "conf",
        kafka=kafka,
        metrics={"port": free_port(), "username": "me", "password": "env:METRICS"},
        notify={"alertmanagers": ["https://127.0.0.1:9"], "token": "env:ALERTS"},
    )
    (conf / "sla.yml").write_text(PROMISES)
    return conf


def wait_for(sign: str, log: Path, process: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while sign not in log.read_text():
        assert process.poll() is None, log.read_text()[-2000:]
        assert time.monotonic() < give_up, log.read_text()[-2000:]
        time.sleep(0.2)


def nothing_told(said: str, *more: str) -> None:
    """No secret is in a text, however it may be written."""
    for secret in [*SECRETS.values(), *more]:
        raw = secret.encode()
        plain = b64encode(raw).decode().rstrip("=")
        for form in (secret, repr(raw)[2:-1], plain, raw.hex(), quote(secret)):
            assert form not in said, form
