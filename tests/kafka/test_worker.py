"""Workers on real brokers: what goes in is counted once, whoever dies and whoever takes over."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from streams.clock import wall_ms
from streams.core.events import Refused
from streams.core.report import report
from streams.kafka.publish import Message
from streams.replay import Replay
from streams.simulate import TICKETS, Scenario, generate
from streams.wire import packing
from streams.wire.cloudevents import decode
from streams.wire.codec import dumps
from streams.wire.deadletters import details
from tests.brokers import Broker
from tests.kafka.reading import read_topic
from tests.kafka.workers import Application, application

MONDAY_MS = 1_772_434_800_000
"""2026-03-02T07:00:00Z."""


@pytest.fixture
def app(broker: Broker, tmp_path: Path) -> Iterator[Application]:
    with application(broker, tmp_path) as running:
        yield running


def support_days() -> list[Message]:
    """Two simulated days: late, doubled and broken messages included."""
    scenario = Scenario(MONDAY_MS, days=2, warm_up_days=0, garbage=0.01)
    return [
        (each.key, each.value, each.headers) for each in generate(scenario) if each.topic == TICKETS
    ]


def replayed(app: Application, messages: list[Message]) -> dict[str, Any]:
    """The report of `replay` on the messages that are events of their key's ticket."""
    run = Replay(app.config.engine)
    for _ in run.feed(value or b"" for key, value, _ in messages if has_its_key(value, key)):
        pass
    books = run.books()
    assert books.newest is not None
    return report(books, app.config.engine, packing, books.newest)


def has_its_key(value: bytes | None, key: bytes) -> bool:
    """A file has no keys, so there a message under another ticket's key would be fine."""
    arrival = decode(key, value, (), now_ms=wall_ms(), future_skew_ms=0)
    return not (isinstance(arrival, Refused) and arrival.reason.startswith("key"))


def without_refusals(figures: dict[str, Any]) -> dict[str, Any]:
    """All figures but the account of arrivals, in which those refused for their key differ."""
    return {name: part for name, part in figures.items() if name != "events"}


def test_one_worker_reports_what_replay_reports(app: Application) -> None:
    messages = support_days()
    app.publish(messages)
    app.start()
    app.wait_until_read(len(messages))
    app.stop()
    found = app.report()
    assert without_refusals(found) == without_refusals(replayed(app, messages))
    events = found["events"]
    assert events["read"] == len(messages)
    assert events["duplicate"] > 0
    assert sum(events["rejected"].values()) > 0


def test_a_worker_that_is_killed_and_one_that_is_stopped_lose_and_double_nothing(
    app: Application,
) -> None:
    messages = support_days()
    third = len(messages) // 3
    app.publish(messages[:third])
    first = app.start()
    app.wait_until_read(third // 2)
    first.end(signal.SIGKILL)
    app.publish(messages[third : 2 * third])
    second = app.start()
    app.wait_until_read(third + third // 2)
    assert second.end(signal.SIGTERM) == 0, second.log.read_text()
    app.publish(messages[2 * third :])
    app.start()
    app.wait_until_read(len(messages))
    app.stop()
    found = app.report()
    assert found["events"]["read"] == len(messages)
    assert without_refusals(found) == without_refusals(replayed(app, messages))


def test_from_one_worker_to_three_and_back_nothing_is_lost_or_doubled(app: Application) -> None:
    messages = support_days()
    half = len(messages) // 2
    app.publish(messages[:half])
    app.start()
    app.wait(lambda: all_ready(app, [0]), "the first worker to own every partition")
    app.start()
    app.start()
    app.wait(lambda: all_ready(app, [0, 1, 2]), "three workers to share the partitions")
    app.publish(messages[half:])
    app.workers[0].end(signal.SIGKILL)
    app.workers[1].end(signal.SIGTERM)
    app.wait(lambda: all_ready(app, [2]), "the last worker to own every partition")
    app.wait_until_read(len(messages))
    app.stop()
    found = app.report()
    assert found["events"]["read"] == len(messages)
    assert without_refusals(found) == without_refusals(replayed(app, messages))


def all_ready(app: Application, workers: list[int]) -> bool:
    """Whether these workers have restored all partitions between them, each at least one."""
    ready = [partitions_ready(app.workers[number].get("/metrics")[1]) for number in workers]
    return all(ready) and sorted(p for owned in ready for p in owned) == ["0", "1", "2", "3"]


def partitions_ready(exposition: str) -> list[str]:
    return [
        sample.labels["partition"]
        for family in text_string_to_metric_families(exposition)
        if family.name == "deskpulse_state_ready"
        for sample in family.samples
        if sample.value == 1
    ]


def test_gauges_after_a_restart_are_those_before_it(app: Application) -> None:
    messages = support_days()
    app.publish(messages)
    first = app.start()
    app.wait_until_read(len(messages))
    app.wait(lambda: gauges(first.get("/metrics")[1]), "the gauges to be shown")
    before = gauges(first.get("/metrics")[1])
    first.end(signal.SIGKILL)
    second = app.start()
    app.wait(lambda: all_ready(app, [1]), "the restore")
    app.wait(lambda: gauges(second.get("/metrics")[1]) == before, "the same gauges")


def gauges(exposition: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """The counts of now, without labels whose value is zero."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(exposition)
        if family.name.startswith(("deskpulse_tickets_un", "deskpulse_tickets_active"))
        for sample in family.samples
        if sample.value
    }


def test_what_cannot_be_used_goes_to_its_topic_with_the_reason(app: Application) -> None:
    event = {
        "specversion": "1.0",
        "id": "1",
        "source": "s",
        "type": "ticket.created",
        "subject": "T-1",
        "time": "2026-03-02T09:00:00Z",
        "data": {},
    }
    old = event | {"id": "0", "type": "ticket.updated", "time": "2025-03-02T09:00:00Z"}
    app.publish(
        [
            (b"T-1", dumps(event), ()),
            (b"T-1", dumps(old), ()),
            (b"T-1", b"{", ()),
            (b"T-2", dumps(event), ()),
            (b"T-1", dumps(event | {"time": "2026-03-02T09:00:00"}), ()),
            (b"T-1", dumps(event), ()),
        ]
    )
    worker = app.start()
    app.wait_until_read(6)
    app.wait(lambda: 'outcome="rejected"} 3' in worker.get("/metrics")[1], "the counters")
    app.stop()
    letters = read_topic(app, app.config.topics.dead_letters)
    assert sorted(details(record.headers)["reason"] for record in letters) == [
        "json",
        "key_mismatch",
        "timestamp",
    ]
    assert {record.value for record in letters} >= {b"{"}
    (late,) = read_topic(app, app.config.topics.late)
    assert (late.key, late.value) == (b"T-1", dumps(old))
    assert details(late.headers)["topic"] == app.config.topics.source
    assert app.report()["events"] == {
        "read": 6,
        "applied": 1,
        "duplicate": 1,
        "late": 1,
        "ignored": {},
        "rejected": {"json": 1, "key_mismatch": 1, "timestamp": 1},
        "flags": {"orphan": 0},
    }


def test_a_tombstone_erases_the_ticket_from_the_changelog(app: Application) -> None:
    event = {
        "specversion": "1.0",
        "id": "1",
        "source": "s",
        "type": "ticket.created",
        "subject": "T-1",
        "time": "2026-03-02T09:00:00Z",
        "data": {"requester": "jane@example.org", "queue": "billing"},
    }
    app.publish([(b"T-1", dumps(event), ()), (b"T-1", None, ())])
    app.start()
    app.wait_until_read(2)
    app.stop()
    kept = {r.key: r.value for r in read_topic(app, app.config.changelog)}
    assert b"jane" not in (kept[b"T-1"] or b"")
    assert app.report()["tickets"]["deleted"] == 1


def test_health_tells_the_truth(app: Application) -> None:
    worker = app.start()
    app.wait(lambda: worker.get("/ready")[0] == 200, "the worker to be ready")
    # Four each, of tickets, agents, customers and requesters.
    assert worker.get("/ready")[1] == "16 of 16 partitions restored\n"
    assert worker.get("/live") == (200, "live\n")
    assert worker.get("/table/")[0] == 404, "Faust's own web pages are off"
    assert worker.end(signal.SIGTERM) == 0
