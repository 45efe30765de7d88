"""A page for a single ticket: worker, notifier, Alertmanager, and whoever is called."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from streams.clock import wall_ms
from streams.core.instants import parse_rfc3339
from tests.brokers import Broker
from tests.deploy.monitoring import Service
from tests.deploy.notifiers import (
    Notifier,
    alertmanager_that_calls,
    ending,
    start_notifier,
    wait,
)
from tests.deploy.pager import Pager, pager
from tests.kafka.test_promises_kept import PROMISES, event, reply
from tests.kafka.workers import Application, application

pytestmark = pytest.mark.prometheus

BREACHED = "TicketBreached"
AT_RISK = "TicketAtRisk"


@pytest.fixture
def app(broker: Broker, tmp_path: Path) -> Iterator[Application]:
    """An application with a worker that is ready."""
    with application(broker, tmp_path, time="wall", promises=PROMISES) as running:
        worker = running.start()
        running.wait(lambda: worker.get("/ready")[0] == 200, "the worker to be ready")
        yield running


def create(app: Application, ticket: str, priority: str = "urgent") -> int:
    """A ticket that nobody has answered; returns the deadline of its first response."""
    created_at = wall_ms()
    attributes = {"status": "new", "queue": "billing", "priority": priority}
    app.publish([event(ticket, "ticket.created", created_at, **attributes)])
    return created_at + 4_000


def firing(alertmanager: Service) -> set[str]:
    """The names of the alerts it has now."""
    return {each["labels"]["alertname"] for each in alertmanager.get("/api/v2/alerts")}


def heard(
    app: Application, by: Notifier, paged: Pager, name: str, ticket: str, how: str
) -> tuple[int, dict[str, Any]]:
    """When the page of this kind came, and its alert."""
    wait(app, by, lambda: paged.first(name, how, ticket), f"{name} {ticket} {how}: {paged.told}")
    found = paged.first(name, how, ticket)
    assert found is not None
    return found


def test_a_breach_pages_without_any_scrape_and_the_reply_ends_it(
    app: Application, tmp_path: Path
) -> None:
    """What is not urgent pages nobody; a warning gives way to the breach."""
    with pager() as duty:
        alerts = alertmanager_that_calls(duty, tmp_path / "alerts")
        with ending(alerts):
            notifier = start_notifier(app, alerts.address)
            with ending(notifier):
                create(app, "N1", "normal")
                deadline = create(app, "T1")
                at_risk, _ = heard(app, notifier, duty, AT_RISK, "T1", "firing")
                paged, breach = heard(app, notifier, duty, BREACHED, "T1", "firing")
                wait(app, notifier, lambda: firing(alerts) == {BREACHED}, "the breach alone")
                replied_at = wall_ms()
                app.publish([reply("T1", replied_at)])
                ended, _ = heard(app, notifier, duty, BREACHED, "T1", "resolved")
                wait(app, notifier, lambda: not firing(alerts), "an end of all alerts")
                notifier.process.send_signal(signal.SIGTERM)
                assert notifier.process.wait(5) == 0
    print(
        f"{'exactly' if app.broker.transactions else 'at least'} once: paged "
        f"{paged - deadline} ms after the deadline, "
        f"ended {ended - replied_at} ms after the reply"
    )
    labels, said = breach["labels"], breach["annotations"]
    assert labels["severity"] == "critical"
    assert labels["queue"] == "billing"
    assert "T1" not in labels.values()
    assert parse_rfc3339(breach["startsAt"]) == deadline
    assert "within 4s" in said["description"]
    assert at_risk < deadline
    assert {one["annotations"]["ticket"] for _, one in duty.told} == {"T1"}


def test_a_notifier_and_an_alertmanager_may_be_killed_and_nothing_is_lost(
    app: Application, tmp_path: Path
) -> None:
    """One ticket stays open over the outage, one is answered and one breached meanwhile."""
    with pager() as duty, ExitStack() as stack:
        alerts = alertmanager_that_calls(duty, tmp_path / "alerts")
        stack.enter_context(ending(alerts))
        first = start_notifier(app, alerts.address)
        stack.enter_context(ending(first))
        for ticket in ("OPEN", "ANSWERED"):
            create(app, ticket)
        for ticket in ("OPEN", "ANSWERED"):
            heard(app, first, duty, BREACHED, ticket, "firing")
        first.process.send_signal(signal.SIGKILL)
        first.process.wait()
        app.publish([reply("ANSWERED", wall_ms())])
        create(app, "MEANWHILE")
        second = start_notifier(app, alerts.address)
        stack.enter_context(ending(second))
        heard(app, second, duty, BREACHED, "ANSWERED", "resolved")
        heard(app, second, duty, BREACHED, "MEANWHILE", "firing")
        alerts.process.send_signal(signal.SIGKILL)
        alerts.process.wait()
        create(app, "LATER")
        wait(app, second, lambda: "tried again until it answers" in second.said, "the outage")
        port = int(alerts.address.rpartition(":")[2])
        again = alertmanager_that_calls(duty, tmp_path / "alerts", port)
        stack.enter_context(ending(again))
        heard(app, second, duty, BREACHED, "LATER", "firing")
        app.publish([reply("OPEN", wall_ms())])
        heard(app, second, duty, BREACHED, "OPEN", "resolved")
    assert "answers again" in second.said
