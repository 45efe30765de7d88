"""`deskpulse demo`: one command shows everything, and leaves nothing behind."""

import asyncio
import re
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiokafka.structs import TopicPartition

from streams.cli.demo import REDRAW_S
from streams.config.model import Kafka
from streams.kafka.changelog import reader
from streams.kafka.connection import partitions_of
from streams.kafka.embedded import free_port
from streams.simulate import Scenario, events_only
from streams.wire.codec import dumps
from tests.kafka.workers import DESKPULSE

pytestmark = [pytest.mark.embedded, pytest.mark.xdist_group("default ports")]

PATIENCE_S = 90.0


@contextmanager
def demo(folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[bytes], int, Path]]:
    """A running demo: its process, the port of its metrics, what it says."""
    port, said = free_port(), folder / "said"
    with said.open("wb") as output:
        process = subprocess.Popen(
            [DESKPULSE, "demo", "--port", str(port), *options],
            cwd=folder,
            stdout=output,
            stderr=output,
            env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "TMPDIR": str(folder)},
        )
    try:
        yield process, port, said
    finally:
        process.kill()
        process.wait()


def active_tickets(port: int) -> float:
    """All active tickets on /metrics; 0 while nothing answers."""
    return shown(port, "deskpulse_tickets_active")


def ready_partitions(port: int) -> float:
    """Partitions that are restored."""
    return shown(port, "deskpulse_state_ready")


def shown(port: int, name: str) -> float:
    """The sum of a family on /metrics; 0 while nothing answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            text = answer.read().decode()
    except OSError:
        return 0
    found = re.findall(rf"^{name}\{{.*\}} (\S+)$", text, re.MULTILINE)
    return sum(float(value) for value in found)


def wait_for_tickets(process: subprocess.Popen[bytes], port: int, said: Path) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while not active_tickets(port):
        assert process.poll() is None, said.read_text()
        assert time.monotonic() < give_up, said.read_text()
        time.sleep(0.3)


async def records_in(bootstrap: str, topic: str) -> int:
    """How many records were written to a topic."""
    async with reader(Kafka(bootstrap=bootstrap), read_committed=False) as consumer:
        partitions = await partitions_of(Kafka(bootstrap=bootstrap), topic)
        ends = await consumer.end_offsets([TopicPartition(topic, each) for each in partitions])
        return sum(ends.values())


def wait_for_partitions(port: int) -> None:
    """Until all four are restored; the view shows it with its next picture."""
    give_up = time.monotonic() + PATIENCE_S
    while ready_partitions(port) < 4:
        assert time.monotonic() < give_up
        time.sleep(0.3)


def test_it_shows_live_numbers_and_ctrl_c_ends_all_of_it(tmp_path: Path) -> None:
    with demo(tmp_path, "--speed", "300") as (process, port, said):
        wait_for_tickets(process, port, said)
        wait_for_partitions(port)
        time.sleep(2 * REDRAW_S)
        broker = re.search(r"broker +127\.0\.0\.1:(\d+)", said.read_text())
        assert broker is not None
        for topic in ("ticket-events", "agent-events", "customer-events"):
            assert asyncio.run(records_in(f"127.0.0.1:{broker[1]}", topic)) > 0, topic
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0, said.read_text()
        assert "Ctrl-C ends everything" in said.read_text()
        assert "partitions ready 4/4" in said.read_text()
    for left in (port, int(broker[1])):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", left)) != 0, f"port {left} is still served"
    assert list(tmp_path.glob("deskpulse-demo-*")) == []


def test_it_replays_a_recorded_log(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    events = events_only(Scenario(1_772_434_800_000, days=1, warm_up_days=0))
    log.write_bytes(b"".join(dumps(event) + b"\n" for event in events))
    with demo(tmp_path, "--replay", str(log), "--speed", "3600") as (process, port, said):
        wait_for_tickets(process, port, said)


def test_a_scenario_says_what_is_wrong_and_when_it_began(tmp_path: Path) -> None:
    with demo(tmp_path, "--scenario", "release") as (process, port, said):
        wait_for_tickets(process, port, said)
        line = next(line for line in said.read_text().splitlines() if "scenario" in line)
    assert re.search(r"scenario release: .* login, from 20\d\d-\d\d-\d\dT\d\d:30:00Z on$", line)


def test_a_log_without_events_is_told_in_one_line(tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    with demo(tmp_path, "--replay", str(empty)) as (process, _, said):
        assert process.wait(30) == 2
        assert said.read_text().count("\n") == 1
        assert "deskpulse import" in said.read_text()


def test_a_port_that_is_taken_is_told_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with demo(tmp_path, "--port", str(port)) as (process, _, said):
            assert process.wait(60) == 2, said.read_text()
            last = said.read_text().strip().splitlines()[-1]
            assert last.startswith("deskpulse: ")
            assert str(port) in last
