"""The golden scorecard, live: four goals missed, an alert for each, and the report agrees.

Two workers on a real broker, Prometheus and Alertmanager with the rules of `deploy/`; only their
waits are cut.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from streams.core.instants import HOUR, parse_rfc3339
from streams.wire.codec import dumps
from tests.brokers import Broker
from tests.conflict_log import conflict_log
from tests.deploy.monitoring import Prometheus, Service, monitoring
from tests.deploy.pager import pager
from tests.kafka.workers import Application, application
from tests.tickets_told import created

pytestmark = pytest.mark.prometheus

SCORECARDS = """
annotations: [{at: 2026-03-04, text: release 4.2}]
scorecards:
  conflicts: {}
  # What the same tickets reach, and what none of them tells: no alert.
  content:
    goals:
      - {kpi: first_response, comparator: <, goal: 1h}
      - {kpi: csat_mean, comparator: ">=", goal: 4}
      - {kpi: nps, comparator: ">=", goal: 30}
      - {kpi: csat, comparator: improves}
"""
GOALS = {
    "conflict_reaction mean": 5_400.0,
    "conflict_resolution mean": 129_600.0,
    "conflict_resolved_share": 0.9,
    "conflict_csat_mean": 4.0,
}
"""What the sheet's goals come to."""
Desk = tuple[Application, Prometheus, Service]


@pytest.fixture
def desk(embedded_broker: str, tmp_path: Path) -> Iterator[Desk]:
    broker = Broker(embedded_broker, transactions=False)
    with (
        pager() as paged,
        application(broker, tmp_path, scorecards=SCORECARDS) as app,
        monitoring(tmp_path, [app.start().port, app.start().port], paged) as (prometheus, alerts),
    ):
        ready = "count(count by (instance) (deskpulse_state_ready == 1))"
        app.wait(lambda: prometheus.value(ready) == 2, "two workers with partitions")
        yield app, prometheus, alerts


def missed(alerts: Service) -> dict[str, dict[str, Any]]:
    """The alerts on goals by the goal."""
    found = alerts.get("/api/v2/alerts", filter='alertname="DeskpulseGoalMissed"') or []
    goals = [each["labels"]["goal"] for each in found]
    assert len(set(goals)) == len(goals)
    return {each["labels"]["goal"]: each for each in found}


def test_each_goal_of_the_sheet_that_is_missed_fires_an_alert_of_its_own(desk: Desk) -> None:
    app, prometheus, alerts = desk
    log = conflict_log()
    # By event time a partition is where its newest event is, a bound behind: a later one for each.
    after = parse_rfc3339(max(str(one["time"]) for one in log)) + HOUR
    events = [*log, *(created(f"later-{n}", after) for n in range(16))]
    app.publish([(str(one["subject"]).encode(), dumps(one), ()) for one in events])
    ratio = "job_scorecard_goal_comparator:deskpulse_goal:ratio"
    conflicts = f'{ratio}{{scorecard="conflicts"}}'
    app.wait(lambda: prometheus.by("goal", conflicts) == pytest.approx(GOALS), "all conflicts")
    app.wait(lambda: missed(alerts).keys() == GOALS.keys(), "four alerts")
    for alert in missed(alerts).values():
        assert alert["labels"]["scorecard"] == "conflicts"
        assert alert["annotations"]["runbook_url"].endswith("#deskpulsegoalmissed")
    rows = app.report()["scorecards"]["conflicts"]
    assert [(row["goal"], row["actual"]["value"], row["status"]) for row in rows] == [
        (goal, pytest.approx(value), "missed") for goal, value in GOALS.items()
    ]
    happened = prometheus.by("text", "max by (text) (deskpulse_annotation_timestamp_seconds)")
    assert happened == {"release 4.2": 1_772_578_800}
