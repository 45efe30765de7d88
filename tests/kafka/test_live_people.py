"""What workers keep of people and customers is what a replay of the same events knows of them."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from streams.cli import run
from streams.cli.parts import pictured
from streams.cli.people import PeopleReplay
from streams.cli.replay import feed
from streams.config import Config
from streams.core.instants import format_rfc3339
from streams.kafka.publish import Message
from streams.replay import Replay
from streams.simulate import AGENTS, CUSTOMERS, TICKETS, Scenario, Topic, generate
from tests.brokers import Broker
from tests.kafka.workers import Application, application

MONDAY_MS = 1_772_434_800_000
"""2026-03-02T07:00:00Z."""
END_MS = MONDAY_MS + 3 * 86_400_000
SCENARIO = Scenario(MONDAY_MS, seed=5, days=2, scale=60, warm_up_days=1)


@pytest.fixture
def app(broker: Broker, tmp_path: Path) -> Iterator[Application]:
    with application(broker, tmp_path) as running:
        yield running


def simulated() -> dict[Topic, list[Message]]:
    """Late, twice, out of order and some garbage."""
    found: dict[Topic, list[Message]] = {TICKETS: [], AGENTS: [], CUSTOMERS: []}
    for one in generate(SCENARIO):
        found[one.topic].append((one.key, one.value, one.headers))
    return found


def replayed(folder: Path, events: dict[Topic, list[Message]]) -> dict[str, Any]:
    for topic, messages in events.items():
        (folder / topic).write_bytes(b"".join((value or b"") + b"\n" for _, value, _ in messages))
    return reported(
        folder,
        ["replay", str(folder / TICKETS), "--report"],
        ["--agents", str(folder / AGENTS), "--customers", str(folder / CUSTOMERS)],
    )


def reported(folder: Path, command: list[str], more: list[str]) -> dict[str, Any]:
    """Of both commands: people and customers as of one instant."""
    out = folder / "report.json"
    conf = ["--config", str(folder / "conf"), "--as-of", format_rfc3339(END_MS)]
    assert run([*command, str(out), *conf, *more]) == 0
    found = json.loads(out.read_text())
    return {name: found.get(name) for name in ("people", "customers")}


def shown_by_agent(conf: Path) -> str:
    """The terminal view of agents, from what workers have committed."""
    done = subprocess.run(
        [sys.executable, "-m", "streams", "top", "--by", "agent", "--config", str(conf)],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "200"},
    )
    return done.stdout


def by_agent(folder: Path, config: Config) -> str:
    """The same of the recorded events."""
    tickets = Replay(config.engine, telling=True)
    feed(tickets, folder / TICKETS)
    people = PeopleReplay(config, lambda _line, _verdict: None, None)
    people.feed([folder / AGENTS], [folder / CUSTOMERS])
    books = tickets.books()
    assert books.newest is not None
    console = Console(file=io.StringIO(), width=200, color_system=None)
    with console.capture() as capture:
        for part in pictured("agent", books, people.books(tickets), config, books.newest, 200):
            console.print(part)
    return capture.get()


def test_the_live_report_is_that_of_a_replay(app: Application) -> None:
    events = simulated()
    expected = replayed(app.folder, events)
    assert expected["people"]["present_s"] > 0
    assert expected["customers"]["tickets"]["tickets"] > 0
    topics = app.config.topics
    app.publish(events[AGENTS], topics.agents)
    app.publish(events[CUSTOMERS], topics.customers)
    app.publish(events[TICKETS])
    app.start()
    app.start()
    app.wait(
        lambda: reported(app.folder, ["report", "--out"], []) == expected, "the replay's report"
    )
    app.stop()
    assert shown_by_agent(app.folder / "conf") == by_agent(app.folder, app.config)
