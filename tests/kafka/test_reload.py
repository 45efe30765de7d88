"""Other promises without a restart: a real worker reads sla.yml again at SIGHUP."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.clock import wall_ms
from streams.core.instants import HOUR, format_rfc3339
from streams.kafka.publish import Message
from streams.metrics.numbers import Numbers
from streams.wire.codec import dumps, loads
from tests.brokers import Broker
from tests.kafka.reading import read_topic
from tests.kafka.workers import Application, Worker, application

STRICT = "{name: all, calendar: 24x7, targets: {first_response: 30m}%s}"
EASY = "{name: all, calendar: 24x7, targets: {first_response: 3h}%s}"


def sla(*policies: str) -> str:
    return f"policies: [{', '.join(policies)}]\n"


@pytest.fixture
def app(broker: Broker, tmp_path: Path) -> Iterator[Application]:
    with application(broker, tmp_path, time="wall", promises=sla(STRICT % "")) as running:
        yield running


def event(ticket: str, kind: str, at: int, **data: object) -> Message:
    head = {"specversion": "1.0", "id": f"{ticket}-{kind}-{at}", "source": "desk/a"}
    text = {**head, "type": kind, "subject": ticket, "time": format_rfc3339(at), "data": data}
    return ticket.encode(), dumps(text), ()


def tickets(first: int, count: int, at: int) -> list[Message]:
    """Created an hour ago and still new."""
    return [
        event(f"T{n}", "ticket.created", at, status="new", queue="A")
        for n in range(first, first + count)
    ]


def said(app: Application) -> list[tuple[str, str]]:
    found = [loads(record.value) for record in read_topic(app, app.config.topics.transitions)]
    once = {one["id"]: one for one in found}
    return sorted((one["ticket"], one["transition"]) for one in once.values())


def reload(app: Application, worker: Worker, text: str) -> None:
    (worker.log.parent / f"conf-{app.workers.index(worker)}" / "sla.yml").write_text(text)
    worker.process.send_signal(signal.SIGHUP)


def number(worker: Worker, name: str, **labels: str) -> float | None:
    return Numbers.read(worker.get("/metrics")[1]).value(name, **labels)


def breached(names: range) -> list[tuple[str, str]]:
    return sorted((f"T{n}", "breached") for n in names)


def test_an_edited_policy_corrects_what_was_said_and_takes_it_back_visibly(
    app: Application,
) -> None:
    at = wall_ms() - HOUR
    app.publish(tickets(0, 8, at))
    worker = app.start()
    app.wait(lambda: said(app) == breached(range(8)), "the breaches")
    app.publish(tickets(8, 100, at))
    reload(app, worker, sla(EASY % ""))
    # Meanwhile events come.
    app.publish(tickets(108, 100, at))
    app.wait(lambda: "configuration read again: policies" in worker.log.read_text(), "a reload")
    app.wait_until_read(208)
    app.wait(lambda: _open(app) == [], "what was said to be taken back")
    reload(app, worker, sla(STRICT % ""))
    app.wait(lambda: len(_open(app)) == 208, "what is broken to be said again")
    app.stop()
    assert "restored" in worker.log.read_text()
    assert app.books().outcomes["applied", ""] == 208, "no event was left out or read twice"


def _open(app: Application) -> list[str]:
    """The tickets of which it is said, and not taken back, that a promise was broken."""
    found = said(app)
    names = {ticket for ticket, _ in found}
    return [
        name for name in names if found.count((name, "breached")) > found.count((name, "retracted"))
    ]


def test_a_policy_from_now_on_leaves_what_was_said(app: Application) -> None:
    app.publish(tickets(0, 8, wall_ms() - HOUR))
    worker = app.start()
    app.wait(lambda: said(app) == breached(range(8)), "the breaches")
    since = format_rfc3339(wall_ms() - 45 * 60_000)
    reload(app, worker, sla(EASY % f', effective_from: "{since}"', STRICT % ""))
    app.wait(lambda: "configuration read again: policies" in worker.log.read_text(), "a reload")
    app.publish(tickets(8, 8, wall_ms() - 40 * 60_000))
    app.publish(tickets(16, 1, wall_ms() - 50 * 60_000))
    app.wait_until_read(17)
    app.wait(lambda: ("T16", "breached") in said(app), "one of the former policy")
    app.stop()
    assert said(app) == sorted([*breached(range(8)), ("T16", "breached")])


def test_what_cannot_be_used_is_told_and_the_former_promises_stay(app: Application) -> None:
    app.publish(tickets(0, 4, wall_ms() - HOUR))
    worker = app.start()
    app.wait(lambda: said(app) == breached(range(4)), "the breaches")
    assert number(worker, "config_last_reload_successful") == 1
    before = number(worker, "config_last_reload_success_timestamp_seconds")
    reload(app, worker, "policies: [{name: all, calendar: nowhere, targets: {}}]\n")
    app.wait(lambda: number(worker, "config_last_reload_successful") == 0, "it to be told")
    assert "the former configuration stays: sla.yml:1: " in worker.log.read_text()
    app.publish(tickets(4, 4, wall_ms() - HOUR))
    app.wait(lambda: said(app) == breached(range(8)), "the former promises to go on")
    reload(app, worker, sla(EASY % ""))
    app.wait(lambda: number(worker, "config_last_reload_successful") == 1, "it to be well again")
    app.wait(lambda: _open(app) == [], "the new promises")
    after = number(worker, "config_last_reload_success_timestamp_seconds")
    assert before is not None
    assert after is not None
    assert after > before
    assert number(worker, "sla_transitions_total", transition="breached") == 8, "it never falls"
    app.stop()


def test_what_needs_a_restart_is_named(app: Application) -> None:
    worker = app.start()
    app.wait(lambda: worker.get("/ready")[0] == 200, "the worker to be ready")
    settings = worker.log.parent / "conf-0" / "deskpulse.yml"
    settings.write_text(settings.read_text() + "commit_interval: 3s\nmax_series: 3000\n")
    worker.process.send_signal(signal.SIGHUP)
    named = "a restart is needed for what has changed in: commit_interval, max_series"
    app.wait(lambda: named in worker.log.read_text(), "what waits")
    app.wait(
        lambda: "configuration read again: nothing has changed" in worker.log.read_text(), "its end"
    )
    app.stop()
