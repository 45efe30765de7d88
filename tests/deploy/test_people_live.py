"""Agents and customers, live: two workers, real Prometheus, the panels and the alert of `deploy/`.

By event time a partition is where its newest event is, a bound behind: one more event for each
partition brings all of them to the same instant.
"""

import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from streams.core.customers_report import CustomerBooks, customers_report
from streams.core.instants import DAY, HOUR, MINUTE, format_rfc3339
from streams.core.people_report import people_report
from streams.kafka.publish import Message
from streams.wire import packing
from tests.brokers import Broker
from tests.deploy.dashboards import filled, panel
from tests.deploy.monitoring import Prometheus, Service, monitoring
from tests.deploy.pager import pager
from tests.kafka.test_people_and_customers import message
from tests.kafka.workers import Application, application

pytestmark = pytest.mark.prometheus

BEGIN = 1_772_434_800_000
"""2026-03-02T07:00:00Z, a Monday."""
NOW = BEGIN + 4 * HOUR
CONFIG = "timezone: UTC\nout_of_orderness: 1m\nmin_staff: 2\n"
SHOWN = "agents: true, customers: true"
Desk = tuple[Application, Prometheus, Service]


@pytest.fixture
def desk(embedded_broker: str, tmp_path: Path) -> Iterator[Desk]:
    broker = Broker(embedded_broker, transactions=False)
    with (
        pager() as paged,
        application(broker, tmp_path, CONFIG) as app,
        monitoring(
            tmp_path, [app.start(metrics=SHOWN).port, app.start(metrics=SHOWN).port], paged
        ) as (
            prometheus,
            alerts,
        ),
    ):
        ready = "count(count by (instance) (deskpulse_state_ready == 1))"
        app.wait(lambda: prometheus.value(ready) == 2, "two workers with partitions")
        yield app, prometheus, alerts


def shifts() -> list[Message]:
    """Six agents from seven to three: those of billing are there, those of tech are not."""
    span = {"start": format_rfc3339(BEGIN), "end": format_rfc3339(BEGIN + 8 * HOUR)}
    found = []
    for n in range(6):
        queue = ("billing", "tech")[n % 2]
        planned = {"shift": "s", "queue": queue, **span}
        found.append(message(f"A{n}", 1, "agent.scheduled", BEGIN - DAY, **planned))
        if queue == "billing":
            found.append(
                message(f"A{n}", 2, "agent.presence", BEGIN + HOUR, state="online", queue=queue)
            )
    return found


def public() -> list[Message]:
    """Eight customers of February, of whom five came back in March."""
    found = []
    for n in range(8):
        found.append(message(f"C{n}", 1, "customer.active", BEGIN - 9 * DAY, activity="purchase"))
        if n < 5:
            found.append(message(f"C{n}", 2, "customer.active", BEGIN, activity="purchase"))
        wait = {"channel": "phone", "queue": "billing"}
        found.append(message(f"C{n}", 3, "contact.queued", BEGIN, **wait))
        found.append(message(f"C{n}", 4, "contact.answered", BEGIN + (n + 1) * MINUTE, **wait))
    return found


def publish(app: Application) -> None:
    topics, at = app.config.topics, NOW + MINUTE
    later = [message(f"later-{n}", 1, "agent.absent", at, **_vacation(at)) for n in range(24)]
    app.publish([*shifts(), *later], topics.agents)
    later = [message(f"later-{n}", 1, "customer.updated", at, region="x") for n in range(24)]
    app.publish([*public(), *later], topics.customers)
    tickets = [
        message(f"T{n}", 1, "ticket.created", BEGIN, requester=f"C{n % 3}", category="refund")
        for n in range(6)
    ]
    app.publish([*tickets, *(message(f"later-{n}", 1, "ticket.created", at) for n in range(24))])


def _vacation(at: int) -> dict[str, Any]:
    """An absence tells nothing of an agent without a shift."""
    end = format_rfc3339(at + DAY)
    return {"start": format_rfc3339(at), "end": end, "reason": "vacation"}


def shown(prometheus: Prometheus, name: str, label: str, place: int = 0) -> dict[str, float]:
    """What a panel shows."""
    return prometheus.by(label, filled(panel(f"people: {name}").expressions()[place]))


def uncovered(alerts: Service) -> set[str]:
    """The queues for which the alert fires."""
    found = alerts.get("/api/v2/alerts", filter='alertname="DeskpulseQueueUncovered"') or []
    return {each["labels"]["queue"] for each in found}


def test_panels_and_alert_say_what_the_report_says_also_after_a_crash(desk: Desk) -> None:
    app, prometheus, alerts = desk
    publish(app)

    def wait_for_all() -> None:
        for name, label, expected in PANELS:
            app.wait(lambda: shown(prometheus, name, label) == expected, name)  # noqa: B023

    wait_for_all()
    app.wait(lambda: uncovered(alerts) == {"tech"}, "the alert")
    app.workers[0].may_end = True
    app.workers[0].end(signal.SIGKILL)
    alone = "count(count by (instance) (deskpulse_state_ready == 1))"
    app.wait(lambda: prometheus.value(alone) == 1, "the other worker to be alone")
    wait_for_all()
    config = app.config
    people = people_report(app.entities(config.agents), config.agents, config.engine, packing, NOW)
    lost = {queue: row["lost_s"] for queue, row in people["queues"].items()}
    assert lost == shown(prometheus, "Lost hours by queue", "queue")
    books = CustomerBooks(app.entities(config.customers), app.entities(config.requesters))
    kinds = config.customers, config.requesters
    customers = customers_report(books, *kinds, config.engine, packing, NOW)
    assert customers["retention"]["2026-03"]["value"] == RETAINED["month"]
    assert customers["tickets"]["months"]["2026-03"]["contacts_per_customer"] == 2
    assert customers["contacts"]["speed_of_answer"]["mean_s"] == 270


RETAINED = {"month": 5 / 8}
"""Of the quarter and the year before there was nobody."""
PANELS: Sequence[tuple[str, str, dict[str, float]]] = (
    ("Present by queue", "queue", {"billing": 3, "tech": 0}),
    ("Lost hours by queue", "queue", {"billing": 3 * 3_600, "tech": 12 * 3_600}),
    ("Without cover by queue", "queue", {"tech": 2}),
    ("Speed of answer by channel", "channel", {"phone": 270}),
    ("Retention", "period", RETAINED),
    ("Contacts per customer", "", {"": 2}),
)
