"""From an unanswered ticket to the pager and back, through everything that is deployed.

A worker on a real broker, Prometheus and Alertmanager with the rules, routes and receivers of
`deploy/`; only their waits are cut (how often is scraped, how long an alert has to hold), and the
pager is a webhook on this machine.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from streams.clock import wall_ms
from streams.core.instants import format_rfc3339
from streams.kafka.publish import Message
from streams.wire.codec import dumps
from tests.brokers import Broker
from tests.deploy.monitoring import monitoring
from tests.deploy.pager import Pager, pager
from tests.kafka.workers import Application, application

pytestmark = pytest.mark.prometheus

TARGET_S = 6
PROMISES = f"""
policies:
  - name: enterprise-urgent
    calendar: 24x7
    objective: 99%
    targets: {{first_response: {{within: {TARGET_S}s, warn: [50%]}}}}
"""


@pytest.fixture
def helpdesk(embedded_broker: str, tmp_path: Path) -> Iterator[tuple[Application, Pager]]:
    broker = Broker(embedded_broker, transactions=False)
    with (
        pager() as paged,
        application(broker, tmp_path, time="wall", promises=PROMISES) as app,
        monitoring(tmp_path, [port := app.start().port, port], paged) as (prometheus, alerts),
    ):
        app.wait(lambda: prometheus.value("sum(deskpulse_state_ready)"), "partitions in Prometheus")
        alerts.wait(lambda: alerts.get("/api/v2/status"), "Alertmanager")
        yield app, paged


def event(ticket: str, kind: str, **data: Any) -> Message:
    at = wall_ms()
    written = {
        "specversion": "1.0",
        "id": f"{kind}-{at}",
        "source": "desk/a",
        "type": kind,
        "subject": ticket,
        "time": format_rfc3339(at),
        "data": data,
    }
    return ticket.encode(), dumps(written), ()


def test_an_unanswered_urgent_ticket_pages_and_its_answer_ends_the_page(
    helpdesk: tuple[Application, Pager], capsys: pytest.CaptureFixture[str]
) -> None:
    app, paged = helpdesk
    app.publish([event("T1", "ticket.created", status="new", priority="urgent", queue="payments")])
    deadline = wall_ms() + TARGET_S * 1000
    warned_at, warning = paged.wait("DeskpulseUrgentAtRisk", "firing")
    breached_at, breach = paged.wait("DeskpulseUrgentBreached", "firing")
    answered_at = wall_ms()
    app.publish([event("T1", "ticket.updated", status="open")])
    resolved_at, _ = paged.wait("DeskpulseUrgentBreached", "resolved")
    with capsys.disabled():
        print(
            f"\npaged by Prometheus: at risk {(warned_at - deadline) / 1000:+.1f} s and breached "
            f"{(breached_at - deadline) / 1000:+.1f} s from the deadline, "
            f"resolved {(resolved_at - answered_at) / 1000:+.1f} s from the answer"
        )
    assert warned_at < deadline < breached_at
    assert breach["labels"]["queue"] == "payments"
    assert breach["labels"]["severity"] == warning["labels"]["severity"] == "critical"
    assert breach["annotations"]["runbook_url"].endswith("#deskpulseurgentbreached")
