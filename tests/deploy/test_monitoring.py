"""Prometheus and Alertmanager accept their files, and alerts reach the right receiver."""

import subprocess
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"
RULES = sorted(DEPLOY.glob("prometheus/rules/*.yml"))
RULE_TESTS = sorted(DEPLOY.glob("prometheus/tests/*_test.yml"))
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


def test_every_rule_file_has_unit_tests_that_pass() -> None:
    assert [f"{path.stem}_test" for path in RULES] == [path.stem for path in RULE_TESTS]
    run("promtool", "test", "rules", *RULE_TESTS)


def test_alertmanager_accepts_its_configuration() -> None:
    run("amtool", "check-config", ROUTING)


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        (["alertname=DeskpulseNumbersStale", "severity=critical"], "page"),
        (["alertname=DeskpulseWorkerDown", "severity=warning"], "ticket"),
        (["alertname=Watchdog", "severity=none"], "watchdog"),
        (["alertname=AnAlertOfYours"], "ticket"),
    ],
)
def test_an_alert_reaches_who_can_act(labels: list[str], receiver: str) -> None:
    routes = ("amtool", "config", "routes", "test", f"--config.file={ROUTING}")
    assert run(*routes, f"--verify.receivers={receiver}", *labels).strip() == receiver
