"""Least privilege on a real Kafka: the printed rights are enough, and none of them is too many.

Each use has a user of its own, who may do what `deskpulse topics acls` prints for it. Then one
right after the other is taken away, and the use has to fail in one line.
"""

import asyncio
import gc
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import CreateAclsRequest, DeleteAclsRequest

from streams.cli import run
from streams.clock import wall_ms
from streams.config import Config, load
from streams.core.instants import DAY, HOUR, format_rfc3339
from streams.kafka.child import end, spawn
from streams.kafka.embedded import free_port
from streams.kafka.publish import Message
from streams.kafka.publish import send as send_to
from streams.kafka.rights import ADMIN, Right, rights
from streams.kafka.topics import check, ensure
from streams.kafka.topics_file import Use
from streams.kafka.topics_file import load as load_topics
from streams.metrics.numbers import Numbers
from streams.metrics.scrape import fetch
from streams.pace import at_once
from streams.wire.codec import dumps
from streams.wire.deadletters import Origin, letter
from tests.brokers import java, unique
from tests.kafka.reading import read_topic
from tests.kafka.secured import PASSWORD, TRUSTED, Desk, Secured, secured
from tests.kafka.workers import DESKPULSE, PATIENCE_S, Application

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.openssl,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

Captured = pytest.CaptureFixture[str]

ANY_HOST: Final = "*"
ALLOW: Final = 3
KINDS: Final = {"topic": 2, "group": 3, "transactional-id": 5}
LITERAL, PREFIXED = 3, 4
OPERATIONS: Final = {
    "Read": 3,
    "Write": 4,
    "Create": 5,
    "Delete": 6,
    "Describe": 8,
    "DescribeConfigs": 10,
}
"""Numbers of Kafka's protocol."""


class Users(NamedTuple):
    """One application, and one configuration folder by use."""

    node: Secured
    app: Application
    folders: dict[Use, Path]


@pytest.fixture(scope="module")
def users(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Users]:
    """Everyone may do what is printed for his use, and nothing else."""
    folder = tmp_path_factory.mktemp("rights")
    (folder / "node").mkdir()
    with secured(folder / "node") as node, Desk(node, folder) as desk:
        app = desk.application(node.user("SCRAM-SHA-512"))
        asyncio.run(ensure(app.config))
        folders = {
            use: desk.configure(folder / use / "conf", user(node, use), metrics=anywhere())
            for use in Use
        }
        # Who makes topics makes his own: those of the others are in use.
        with Desk(node, folder / Use.TOPICS) as other:
            (folder / Use.TOPICS).mkdir(exist_ok=True)
            other.application(user(node, Use.TOPICS))
        for use, conf in folders.items():
            grant(node, folder, conf, use)
        users = Users(node, app, folders)
        # Something of each kind that can be reported.
        assert worked(users, Use.WORKER)
        yield users


def user(node: Secured, use: Use) -> dict[str, Any]:
    return node.user("SCRAM-SHA-512", use)


def anywhere() -> dict[str, int]:
    return {"port": free_port()}


def grant(node: Secured, folder: Path, conf: Path, use: Use) -> None:
    """Run what the command prints, as an administrator would."""
    tool = folder / "kafka-acls.sh"
    command = " ".join(f"'{word}'" for word in java("-XX:TieredStopAtLevel=1"))
    tool.write_text(f'#!/bin/sh\nexec {command} org.apache.kafka.tools.AclCommand "$@"\n')
    tool.chmod(0o755)
    login = "org.apache.kafka.common.security.scram.ScramLoginModule"
    (folder / ADMIN).write_text(
        "security.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA-512\n"
        f"ssl.truststore.type=PEM\nssl.truststore.location={node.authority.ca}\n"
        f'sasl.jaas.config={login} required username="{TRUSTED}" password="{PASSWORD}";\n'
    )
    script = 'PATH=".:$PATH"; "$@" | sh -e'
    who = ("topics", "acls", "--principal", f"User:{use}", "--for", use, "-c", str(conf))
    subprocess.run(["sh", "-ec", script, "sh", DESKPULSE, *who], cwd=folder, check=True)


# -- what each use does -------------------------------------------------------------------


def published(users: Users, use: Use) -> bool:
    line = users.folders[use].parent / "one.jsonl"
    _, value, _ = events(unique("T"))[0]
    line.write_bytes(value or b"")
    return run(["publish", str(line), "-c", str(users.folders[use])]) == 0


def reported(users: Users, use: Use) -> bool:
    """The whole report: one who does not see all of it would not know."""
    whole, seen = (users.folders[use].parent / name for name in ("whole.json", "seen.json"))
    once = ["--as-of", format_rfc3339(wall_ms()), "--out"]
    assert run(["report", "-c", str(users.app.folder / "conf"), *once, str(whole)]) == 0
    done = run(["report", "-c", str(users.folders[use]), *once, str(seen)]) == 0
    return done and seen.read_bytes() == whole.read_bytes()


def sorted_out(users: Users, use: Use) -> bool:
    """Letters are listed and put back."""
    topics, (key, value, _) = users.app.config.topics, events("T")[0]
    where, now = Origin(topics.source, 0, 0), wall_ms()
    one = letter(key, value, (), reason="handler", origin=where, seen_ms=now, engine="0")
    send(users, [(topics.dead_letters, (one.key or b"", one.value, tuple(one.headers)))])
    commands = (["list"], ["list", "--topic", "late"], ["replay", "--yes"])
    conf = str(users.folders[use])
    return all(run(["dead-letters", *command, "-c", conf]) == 0 for command in commands)


def notified(users: Users, use: Use) -> bool:
    return until(users, use, "notify", lambda log: "is read, " in log)


def worked(users: Users, use: Use) -> bool:
    """It reads every topic that it reads, and writes to every one that it writes to."""
    name, config = unique("N"), users.app.config
    shift = {
        "shift": "1",
        "queue": "q",
        "start": "2026-03-03T08:00:00Z",
        "end": "2026-03-03T17:00:00Z",
    }
    users.app.publish(events(name))
    send(
        users,
        [
            (config.topics.agents, event("agent.scheduled", wall_ms(), name, **shift)),
            (config.topics.customers, event("customer.active", wall_ms(), name, activity="visit")),
        ],
    )
    kept = [f"{config.app}-{kind}-changelog" for kind in ("agents", "customers", "requesters")]
    url = f"http://127.0.0.1:{load(users.folders[use]).metrics.port}/metrics"

    def done(log: str) -> bool:
        assert "running without" not in log, log
        return counted(url) >= 4 and all(
            name.encode() in {record.key for record in read_topic(users.app, topic)}
            for topic in kept
        )

    try:
        return until(users, use, "worker", done)
    except AssertionError as error:
        print(error)
        return False


def send(users: Users, messages: list[tuple[str, Message]]) -> None:
    """Send records to topics, as somebody who may."""

    async def run() -> None:
        async for _ in send_to(users.app.config.kafka, at_once(messages)):
            pass

    asyncio.run(run())


def counted(url: str) -> float:
    """The events whose outcome is durable; none while nobody answers."""
    try:
        return Numbers.read(fetch(url)).value("events_total") or 0
    except OSError:
        return 0


def administered(users: Users, use: Use) -> bool:
    """It sees everything, makes what is missing, and starts over."""
    conf = str(users.folders[use])
    config = load(users.folders[use])
    asyncio.run(ensure(replace(config, kafka=users.app.config.kafka)))
    assert run(["topics", "check", "-c", conf]) in {0, 1}
    found = asyncio.run(check(config))
    if found.problems or any("does not tell" in note for note in found.notes):
        return False
    asyncio.run(delete(users, [topic.name for topic in load_topics(config).topics]))
    commands = (["topics", "ensure"], ["topics", "check"], ["reset", "--yes"])
    return all(run([*command, "-c", conf]) == 0 for command in commands)


def event(kind: str, at: int, subject: str, **data: object) -> Message:
    head = {"specversion": "1.0", "id": f"{kind}{at}", "source": "s", "subject": subject}
    whole = {**head, "type": kind, "time": format_rfc3339(at), "data": data}
    return subject.encode(), dumps(whole), ()


def events(ticket: str) -> list[Message]:
    """A ticket that is not answered in time, a late event, and one that nobody understands.

    Its requester has the same name.
    """
    now = wall_ms() - DAY
    return [
        event("ticket.created", now, ticket, queue="q", requester=ticket),
        event("ticket.updated", now + HOUR, ticket, priority="high"),
        event("ticket.updated", now - 30 * DAY, ticket, priority="low"),
        (ticket.encode(), b"{", ()),
    ]


def until(users: Users, use: Use, command: str, done: Callable[[str], bool]) -> bool:
    """Run a command until it has done its work (true) or has ended by itself (false)."""
    log = users.folders[use].parent / f"{unique(use)}.log"
    process = spawn([str(DESKPULSE), command, "-c", str(users.folders[use])], log)
    give_up = time.monotonic() + PATIENCE_S
    try:
        while process.poll() is None and not done(log.read_text()):
            assert time.monotonic() < give_up, f"it neither works nor says why: {log.read_text()}"
            time.sleep(0.3)
        print(log.read_text())
        return process.returncode is None
    finally:
        end(process)


DOES: Final[dict[Use, Callable[[Users, Use], bool]]] = {
    Use.WORKER: worked,
    Use.PUBLISH: published,
    Use.REPORT: reported,
    Use.NOTIFY: notified,
    Use.DEAD_LETTERS: sorted_out,
    Use.TOPICS: administered,
}
"""Whether it works."""


# -- as an administrator ------------------------------------------------------------------


async def ask(users: Users, question: Callable[[AIOKafkaAdminClient], Any]) -> Any:
    admin = AIOKafkaAdminClient(bootstrap_servers=users.node.plaintext)
    await admin.start()
    try:
        return await question(admin)
    finally:
        await admin.close()


async def delete(users: Users, topics: list[str]) -> None:
    """Delete topics; returns once nobody sees them any more."""
    await ask(users, lambda admin: admin.delete_topics(topics))
    while set(topics) & set(await ask(users, lambda admin: admin.list_topics())):  # noqa: ASYNC110
        await asyncio.sleep(0.1)


def change(users: Users, right: Right, use: Use, operation: str, *, allowed: bool) -> None:
    """Allow one operation, or do not any more; the broker knows of it when this returns."""
    pattern = PREFIXED if right.prefixed else LITERAL
    what = (KINDS[right.kind], right.name, pattern)
    who = (f"User:{use}", ANY_HOST, OPERATIONS[operation], ALLOW)
    request = CreateAclsRequest if allowed else DeleteAclsRequest
    asyncio.run(ask(users, lambda admin: admin._send_request(request(*what, *who))))


# -- the tests ----------------------------------------------------------------------------


@pytest.mark.parametrize("use", Use)
def test_what_is_printed_is_enough(users: Users, use: Use) -> None:
    assert DOES[use](users, use)
    gc.collect()


EACH: Final = [
    pytest.param(use, number, operation, id=f"{use}: {operation} {right.kind} {right.name}")
    for use in Use
    for number, right in enumerate(rights(Config(), [use]))
    for operation in right.operations
]


@pytest.mark.parametrize(("use", "number", "operation"), EACH)
def test_nothing_that_is_printed_is_too_much(
    users: Users,
    use: Use,
    number: int,
    operation: str,
    capfd: Captured,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Who may not see a topic would look for it for long.
    monkeypatch.setattr("streams.kafka.topics._LOOKS", 20)
    right = list(rights(load(users.folders[use]), [use]))[number]
    change(users, right, use, operation, allowed=False)
    try:
        assert not DOES[use](users, use)
    finally:
        change(users, right, use, operation, allowed=True)
    said = "".join(capfd.readouterr())
    assert re.search("this user|does not tell|Authorization failed|the group .* is in use", said)
    assert "Traceback" not in said
    gc.collect()
