"""Prometheus and Alertmanager accept their files, and alerts reach the right receiver."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.deploy.monitoring import DEPLOY
from tests.deploy.rules import RULE_TESTS, RULES, alerts, read

ROUTING = DEPLOY / "alertmanager" / "alertmanager.yml"

pytestmark = pytest.mark.prometheus


def run(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_prometheus_accepts_its_configuration() -> None:
    run("promtool", "check", "config", "--lint=all", DEPLOY / "prometheus" / "prometheus.yml")


def test_prometheus_accepts_every_rule_file() -> None:
    run("promtool", "check", "rules", "--lint=all", *RULES)


@pytest.mark.parametrize("path", RULE_TESTS, ids=lambda path: path.stem)
def test_the_rules_do_what_their_unit_tests_say(path: Path) -> None:
    run("promtool", "test", "rules", path)


def test_what_the_links_need_is_no_label_of_an_alert() -> None:
    prometheus = read(DEPLOY / "prometheus" / "prometheus.yml")
    (relabel,) = prometheus["alerting"]["alert_relabel_configs"]
    assert relabel["action"] == "labeldrop"
    assert set(relabel["regex"].split("|")) == prometheus["global"]["external_labels"].keys()


def test_alertmanager_accepts_its_configuration() -> None:
    run("amtool", "check-config", ROUTING)


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ("alertname=Watchdog severity=info", "dead-mans-switch"),
        ("alertname=TicketBreached severity=critical policy=gold queue=payments", "page"),
        ("alertname=TicketBreached severity=critical policy=gold queue=billing", "page-billing"),
        ("alertname=DeskpulseNumbersStale severity=critical", "page"),
        ("alertname=DeskpulseBudgetBurnFast severity=critical policy=gold", "page"),
        ("alertname=DeskpulseUrgentBreached severity=critical queue=billing", "page-billing"),
        ("alertname=TicketAtRisk severity=warning policy=gold queue=payments", "page"),
        ("alertname=TicketAtRisk severity=warning queue=billing", "page-billing"),
        # Both ways; the hours decide which one is open.
        ("alertname=DeskpulseWorkerDown severity=warning", "ticket,page"),
        ("alertname=DeskpulseBreachWave severity=warning queue=billing", "ticket,page-billing"),
        # Around the clock.
        ("alertname=TicketAtRisk severity=warning policy=enterprise-urgent queue=payments", "page"),
        (
            "alertname=TicketAtRisk severity=warning policy=enterprise-urgent queue=billing",
            "page-billing",
        ),
        ("alertname=DeskpulseBudgetBurnSlow severity=warning policy=enterprise-urgent", "page"),
        ("alertname=DeskpulseObjectiveMissed severity=info policy=enterprise-urgent", "ticket"),
        ("alertname=AnAlertOfYours", "ticket"),
    ],
)
def test_an_alert_reaches_who_can_act(labels: str, receivers: str) -> None:
    routes = ("amtool", "config", "routes", "test", f"--config.file={ROUTING}")
    found = run(*routes, f"--verify.receivers={receivers}", *labels.split())
    assert found.strip() == receivers


def test_a_page_by_warning_is_open_exactly_while_its_ticket_is_not() -> None:
    """And planned work mutes every way but the watchdog's."""
    watchdog, direct, critical, around_the_clock, waits, pages, info = read(ROUTING)["route"][
        "routes"
    ]
    assert "mute_time_intervals" not in watchdog
    assert waits["mute_time_intervals"] == ["working-hours", "maintenance"]
    assert waits["continue"] is True
    for route in (pages, *pages["routes"]):
        assert route["active_time_intervals"] == ["working-hours"]
        assert route["mute_time_intervals"] == ["maintenance"]
    for top in (direct, critical, around_the_clock, info):
        for route in (top, *top.get("routes", ())):
            assert "active_time_intervals" not in route
            assert route["mute_time_intervals"] == ["maintenance"]


def test_warnings_page_at_any_hour_for_the_policies_that_run_around_the_clock() -> None:
    (route,) = (
        each for each in read(ROUTING)["route"]["routes"] if "policy" in str(each["matchers"])
    )
    (named,) = re.findall(r'policy=~"(.*)"', str(route["matchers"]))
    policies = read(DEPLOY / "config" / "sla.yml")["policies"]
    assert named.split("|") == [each["name"] for each in policies if each["calendar"] == "24x7"]


def test_no_secret_stands_in_the_routing() -> None:
    text = ROUTING.read_text(encoding="utf-8")
    settings = re.findall(
        r"^[^#\n]*?(\w*(?:password|token|key|credentials|secret)\w*): ", text, re.MULTILINE
    )
    assert settings
    assert all(name.endswith("_file") for name in settings)
    ignored = (ROUTING.parent / "secrets" / ".gitignore").read_text(encoding="utf-8")
    assert "\n*\n" in ignored


def test_every_alert_that_is_muted_or_mutes_is_one_that_there_is() -> None:
    for rule in read(ROUTING)["inhibit_rules"]:
        for matcher in (*rule["source_matchers"], *rule["target_matchers"]):
            if matcher.startswith("alertname"):
                assert set(re.findall(r"Deskpulse\w+", matcher)) <= alerts().keys()
