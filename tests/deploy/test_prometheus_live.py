"""What is deployed, running: two workers, Prometheus, Alertmanager, and the dashboards' queries.

Two workers read simulated days while Prometheus scrapes them as configured in `deploy/`. All
tests look at that one scenario, once Prometheus has seen the last event.
"""

import math
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.request import Request, urlopen

import pytest

from streams.clock import wall_ms
from streams.core.facts import ESCALATED, FIRST_CONTACT_UNKNOWN, UNRECORDED
from streams.core.kpis import KPIS, Kpi
from streams.kafka.publish import Message
from streams.metrics.catalogue import CATALOGUE, PREFIX, Origin, is_shown
from streams.metrics.terms import metric_of, terms_of
from streams.simulate import TICKETS, Scenario, generate
from tests.brokers import Broker
from tests.deploy.dashboards import Shown, filled, panel, panels, variables
from tests.deploy.monitoring import DEPLOY, Labels, Prometheus, Service, monitoring
from tests.deploy.rules import alerts, read, records
from tests.kafka.workers import Application, application

pytestmark = pytest.mark.prometheus

MONDAY_MS: Final = 1_772_434_800_000
"""2026-03-02T07:00:00Z."""
PROMISES: Final = """
policies:
  - name: urgent
    when: {priority: urgent}
    calendar: 24x7
    objective: 99%
    targets: {first_response: {within: 30m, warn: [50%]}}
  - name: standard
    calendar: 24x7
    objective: 90%
    targets:
      first_response: {within: 4h, warn: [50%]}
      resolution: {within: 24h, warn: [50%], pause: [pending]}
"""
"""Tight enough that some are broken."""
ABSENT: Final = (ESCALATED, FIRST_CONTACT_UNKNOWN, UNRECORDED)
"""No queue has a tier, every source sends replies, and whoever has a ticket records the work."""
TEXT: Final = ("text/plain;version=0.0.4", "text/plain;version=1.0.0")
"""The formats that promtool reads."""


@dataclass(frozen=True, slots=True)
class Helpdesk:
    """The scenario: everything is read and scraped."""

    prometheus: Prometheus
    alertmanager: Service
    app: Application
    report: dict[str, Any]


@pytest.fixture(scope="module")
def helpdesk(embedded_broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Helpdesk]:
    """Two workers, each with partitions of its own, that were watched from the first event on."""
    folder = tmp_path_factory.mktemp("live")
    messages = support_days()
    half = len(messages) // 2
    broker = Broker(embedded_broker, transactions=False)
    with application(broker, folder, promises=PROMISES, answered_by="reply") as app:
        ports = [app.start().port for _ in range(2)]
        with monitoring(folder, ports) as (prometheus, alertmanager):
            ready = "count(count by (instance) (deskpulse_state_ready == 1))"
            app.wait(lambda: prometheus.value(ready) == 2, "two workers with partitions")
            app.wait(lambda: prometheus.value("sum(deskpulse_state_ready)") == 4, "all of them")
            # In two parts, so that Prometheus sees numbers grow.
            for number, part in ((half, messages[:half]), (len(messages), messages[half:])):
                app.publish(part)
                wait_until_scraped(app, prometheus, number)
            yield Helpdesk(prometheus, alertmanager, app, app.report())


def support_days() -> list[Message]:
    """From Monday morning to Tuesday afternoon; some messages come twice, some are broken.

    They come in order: what a late one takes back of a counter, the counter keeps.
    """
    scenario = Scenario(
        MONDAY_MS, days=1.3, scale=1_000, warm_up_days=0, late=0, skew=0, garbage=0.01
    )
    return [
        (each.key, each.value, each.headers) for each in generate(scenario) if each.topic == TICKETS
    ]


def wait_until_scraped(app: Application, prometheus: Prometheus, number: int) -> None:
    read = "sum(deskpulse_events_total)"
    app.wait(lambda: prometheus.value(read) == number, f"{number} events in Prometheus")


def test_prometheus_scrapes_both_workers_without_a_complaint(helpdesk: Helpdesk) -> None:
    targets = helpdesk.prometheus.data("targets")["activeTargets"]
    assert [(target["health"], target["lastError"]) for target in targets] == [("up", "")] * 2
    assert {target["labels"]["job"] for target in targets} == {"deskpulse"}


def test_prometheus_knows_every_metric_by_its_type_and_meaning(helpdesk: Helpdesk) -> None:
    """It asks for OpenMetrics, which alone has histograms of gauges."""
    known = {
        entry["metric"]: (entry["type"], entry["help"])
        for entry in helpdesk.prometheus.data("targets/metadata", match_target='{job="deskpulse"}')
        if entry["metric"].startswith(PREFIX)
    }
    asked_for = [metric for metric in CATALOGUE if is_shown(metric, helpdesk.app.config)]
    assert known == {PREFIX + metric.name: (metric.kind, metric.help) for metric in asked_for}


def test_a_worker_exports_no_more_series_than_it_may(helpdesk: Helpdesk) -> None:
    scraped = helpdesk.prometheus.by("instance", "scrape_samples_scraped")
    assert len(scraped) == 2
    assert max(scraped.values()) <= helpdesk.app.config.max_series


ELSEWHERE: Final = re.compile(
    "|".join(
        rf"\b{PREFIX}{metric.name}(_|\b)"
        for metric in CATALOGUE
        if metric.origin in {Origin.AGENTS, Origin.CUSTOMERS}
    )
)
"""Metrics of agents and customers, who have no part in these days."""
SHOWN: Final = [
    shown
    for shown in panels()
    # Five weeks are more than these days: tests/deploy/test_early_warning_live.py has them, and
    # tests/deploy/test_people_live.py has agents and customers.
    if not shown.panel["title"].endswith(" against its band")
    and not any(map(ELSEWHERE.search, shown.expressions()))
]


@pytest.mark.parametrize("shown", SHOWN, ids=lambda shown: shown.name)
def test_every_panel_shows_numbers_under_their_names(helpdesk: Helpdesk, shown: Shown) -> None:
    for target in shown.panel["targets"]:
        legend = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
        for span in spans():
            expression = filled(target["expr"], window=span)
            found = latest(helpdesk.prometheus, expression, instant=target["instant"])
            assert [value for _, value in found if not math.isnan(value)], expression
            assert all(legend <= set(labels) for labels, _ in found), expression


def spans() -> list[str]:
    """The choices of the variable `window`."""
    choices: str = variables()["window"]["query"]
    return choices.split(",")


def latest(prometheus: Prometheus, expression: str, *, instant: bool) -> list[tuple[Labels, float]]:
    """Every series that is there now with its last value, asked for as the panel asks."""
    if instant:
        return prometheus.query(expression)
    now_s = wall_ms() // 1000
    when = {"start": str(now_s - 120), "end": str(now_s), "step": "15"}
    series = prometheus.data("query_range", query=expression, **when)["result"]
    last = [(each["metric"], *each["values"][-1]) for each in series]
    return [(labels, float(value)) for labels, at_s, value in last if at_s == now_s]


def test_every_variable_offers_what_there_is(helpdesk: Helpdesk) -> None:
    def choices(name: str) -> set[str]:
        query = filled(variables()[name]["query"]["query"])
        selector, label = query.removeprefix("label_values(").removesuffix(")").rsplit(", ", 1)
        found: list[str] = helpdesk.prometheus.data(
            f"label/{label}/values", **{"match[]": selector}
        )
        return set(found)

    assert choices("job") == {"deskpulse"}
    assert choices("instance") == {f"127.0.0.1:{one.port}" for one in helpdesk.app.workers}
    promises = {(row["policy"], row["clock"]) for row in helpdesk.report["sla"]}
    assert choices("policy") == {policy for policy, _ in promises}
    assert choices("clock") == {clock for _, clock in promises}
    assert choices("queue") == set(helpdesk.report["by"]["queue"]) - {""}
    assert set(spans()) <= set(helpdesk.prometheus.by("window", "deskpulse_window_created"))


def test_a_chosen_queue_is_shown_alone(helpdesk: Helpdesk) -> None:
    depth = helpdesk.report["queue_depth"]["by_queue"]
    assert len(depth) > 3
    (expression,) = panel("now: Active tickets").expressions()
    for queue, number in depth.items():
        assert helpdesk.prometheus.value(filled(expression, queue=queue)) == number


@pytest.mark.parametrize("label", ["queue", "status", "priority"])
def test_the_active_tickets_in_prometheus_are_those_of_the_report(
    helpdesk: Helpdesk, label: str
) -> None:
    found = helpdesk.prometheus.by(label, f"sum by ({label}) (deskpulse_tickets_active) > 0")
    assert found == helpdesk.report["queue_depth"][f"by_{label}"]
    assert sum(found.values()) == helpdesk.report["tickets"]["active"]


@pytest.mark.parametrize("what", ["unassigned", "unanswered", "unattended"])
def test_the_gauges_in_prometheus_are_those_of_the_report(helpdesk: Helpdesk, what: str) -> None:
    found = helpdesk.prometheus.value(f"sum(deskpulse_tickets_{what})")
    assert found == helpdesk.report["queue_depth"][what] > 0


def test_the_counters_in_prometheus_are_those_of_the_report(helpdesk: Helpdesk) -> None:
    tickets, counts = helpdesk.report["tickets"], helpdesk.report["counts"]
    events = helpdesk.report["events"]
    expected = {
        "tickets_created_total": tickets["created"],
        "tickets_resolved_total": counts["resolutions"],
        "tickets_reopened_total": counts["reopens"],
        "tickets_transferred_total": counts["transfers"],
        "tickets_assigned_total": counts["assignments"],
        'replies_total{role="agent"}': counts["agent_replies"],
        'replies_total{role="requester"}': counts["requester_messages"],
        'events_total{outcome="applied"}': events["applied"],
        'events_total{outcome="duplicate"}': events["duplicate"],
        "dead_letters_total": sum(events["rejected"].values()),
    }
    assert min(expected.values()) > 0
    found = {name: helpdesk.prometheus.value(f"sum(deskpulse_{name})") for name in expected}
    assert found == expected


@pytest.mark.parametrize("name", ["first_response", "pickup"])
def test_the_histograms_in_prometheus_are_those_of_the_report(
    helpdesk: Helpdesk, name: str
) -> None:
    expected = helpdesk.report["durations"][name]
    value = helpdesk.prometheus.value
    assert value(f"sum(deskpulse_{name}_seconds_count)") == expected["count"] > 0
    assert value(f"sum(deskpulse_{name}_seconds_sum)") == pytest.approx(expected["sum_s"])


@pytest.mark.parametrize("kpi", [kpi for kpi in KPIS if terms_of(kpi)], ids=lambda kpi: kpi.name)
def test_the_sums_of_a_kpi_in_prometheus_are_those_of_the_report(
    helpdesk: Helpdesk, kpi: Kpi
) -> None:
    """All of the scenario lies within a week, but for a minute that windows wait for stragglers."""
    for term in terms_of(kpi):
        found = helpdesk.prometheus.value(f'sum(deskpulse_{metric_of(term)}{{window="7d"}})')
        expected = helpdesk.report["kpis"][kpi.name][term.key]
        assert found == pytest.approx(expected, rel=0.02, abs=3), term.key
        assert expected > 0 or term.kind in ABSENT, term.key


def test_every_rule_was_evaluated(helpdesk: Helpdesk) -> None:
    groups = helpdesk.prometheus.data("rules")["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert {rule["name"] for rule in rules} == alerts().keys() | records().keys()
    assert {(rule["health"], rule.get("lastError", "")) for rule in rules} == {("ok", "")}


def test_the_watchdog_reached_its_receiver_with_links_and_without_their_labels(
    helpdesk: Helpdesk,
) -> None:
    def watchdog() -> list[dict[str, Any]]:
        answer = helpdesk.alertmanager.get("/api/v2/alerts", filter='alertname="Watchdog"')
        return answer or []

    helpdesk.app.wait(watchdog, "the watchdog at Alertmanager")
    (alert,) = watchdog()
    assert [receiver["name"] for receiver in alert["receivers"]] == ["dead-mans-switch"]
    assert alert["labels"].keys() == {"alertname", "severity", "about"}
    hosts = read(DEPLOY / "prometheus" / "prometheus.yml")["global"]["external_labels"]
    assert alert["annotations"]["runbook_url"] == hosts["runbook"] + "#watchdog"
    assert alert["annotations"]["dashboard_url"] == hosts["grafana"] + "/d/deskpulse-pipeline"


@pytest.mark.parametrize("accepted", TEXT)
def test_promtool_finds_nothing_to_mend_in_a_scrape(helpdesk: Helpdesk, accepted: str) -> None:
    """Complaints come on standard error, and with some versions only there."""
    for worker in helpdesk.app.workers:
        url = f"http://127.0.0.1:{worker.port}/metrics"
        with urlopen(Request(url, headers={"Accept": accepted})) as answer:
            assert answer.headers["Content-Type"].startswith(accepted.replace(";", "; "))
            scraped = answer.read()
        done = subprocess.run(
            ["promtool", "check", "metrics"], input=scraped, capture_output=True, check=False
        )
        assert (done.returncode, done.stderr.decode()) == (0, "")
