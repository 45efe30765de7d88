"""Alertmanager as it is deployed, running: what mutes what, and the commands of the runbook."""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.deploy.monitoring import DEPLOY, Service, alertmanager
from tests.deploy.rules import alerts

pytestmark = pytest.mark.prometheus

RUNBOOK = (DEPLOY.parent / "docs" / "runbook.md").read_text(encoding="utf-8")
SILENCES = re.findall(r"^amtool .* silence add .*$", RUNBOOK, flags=re.MULTILINE)

Labels = Mapping[str, str]
PROMISE = {"policy": "gold", "clock": "first_response", "queue": "billing"}


def named(alert: str, **others: str) -> dict[str, str]:
    """An alert of the rules with its labels."""
    return {"alertname": alert, "job": "deskpulse", **alerts()[alert]["labels"], **others}


STALE = named("DeskpulseNumbersStale")
PARTIAL = named("DeskpulseStateNotReady")
BREACHED = {"alertname": "TicketBreached", "severity": "critical", **PROMISE}
AT_RISK = {"alertname": "TicketAtRisk", "severity": "warning", **PROMISE}
BURNS_FAST = named("DeskpulseBudgetBurnFast", policy="gold", clock="first_response")
BURNS_SLOWLY = named("DeskpulseBudgetBurnSlow", policy="gold", clock="first_response")
URGENT = named("DeskpulseUrgentBreached", clock="first_response", queue="billing")


@pytest.fixture
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """An Alertmanager that knows of no alert yet."""
    with alertmanager(tmp_path_factory.mktemp("alertmanager")) as service:
        service.wait(lambda: service.get("/api/v2/alerts") is not None, "an answer")
        yield service


def post(service: Service, *several: Labels) -> None:
    body = json.dumps([{"labels": labels} for labels in several]).encode()
    url, headers = f"http://{service.address}/api/v2/alerts", {"Content-Type": "application/json"}
    with urlopen(Request(url, body, headers)) as answer:
        assert answer.status == 200


def states(service: Service, *several: Labels) -> list[str]:
    """The state of each alert, once Alertmanager has made up its mind."""

    def known() -> dict[str, Any]:
        answer = service.get("/api/v2/alerts") or []
        decided = (each for each in answer if each["status"]["state"] != "unprocessed")
        return {json.dumps(each["labels"], sort_keys=True): each["status"] for each in decided}

    wanted = [json.dumps(labels, sort_keys=True) for labels in several]
    service.wait(lambda: set(wanted) <= known().keys(), "all alerts processed")
    return [known()[key]["state"] for key in wanted]


@pytest.mark.parametrize(
    ("firing", "muted"),
    [
        (STALE, BURNS_FAST),
        (STALE, URGENT),
        (PARTIAL, BURNS_SLOWLY),
        (PARTIAL, named("DeskpulseRecoverySlow")),
        (BURNS_FAST, BURNS_SLOWLY),
        (BREACHED, {**BURNS_SLOWLY, "queue": "billing"}),
    ],
    ids=lambda labels: labels["alertname"],
)
def test_what_is_said_already_is_muted(running: Service, firing: Labels, muted: Labels) -> None:
    post(running, firing, muted)
    assert states(running, firing, muted) == ["active", "suppressed"]


@pytest.mark.parametrize(
    ("firing", "other"),
    [
        # Another helpdesk's pipeline; another queue, clock or policy; another subject.
        (STALE, {**BURNS_FAST, "job": "another"}),
        # One ticket's breach does not hide that another can still be saved.
        (BREACHED, AT_RISK),
        (BREACHED, {**BURNS_SLOWLY, "queue": "payments"}),
        (BREACHED, {**BURNS_SLOWLY, "clock": "resolution"}),
        (BURNS_FAST, {**BURNS_SLOWLY, "policy": "silver"}),
        (STALE, named("DeskpulseWorkerDown", instance="worker-1:9108")),
        (BURNS_FAST, named("DeskpulseWorkerDown", instance="worker-1:9108")),
        # What the engine announced is true, however old the other numbers are.
        (STALE, BREACHED),
        (BREACHED, URGENT),
    ],
    ids=lambda labels: labels["alertname"],
)
def test_what_says_something_new_is_not_muted(
    running: Service, firing: Labels, other: Labels
) -> None:
    post(running, firing, other)
    assert states(running, firing, other) == ["active", "active"]


def test_the_commands_of_the_runbook_silence_what_they_name(running: Service) -> None:
    assert len(SILENCES) > len(alerts())
    environment = os.environ | {"ALERTMANAGER_URL": f"http://{running.address}", "USER": "ann"}
    for command in SILENCES:
        subprocess.run(["bash", "-euc", command], env=environment, check=True)
    silences = running.get("/api/v2/silences")
    assert len(silences) == len(SILENCES)
    assert {each["value"] for one in silences for each in one["matchers"]} >= alerts().keys() - {
        "Watchdog"
    }
    elsewhere = {**URGENT, "queue": "payments"}
    post(running, URGENT, elsewhere)
    assert states(running, URGENT, elsewhere) == ["suppressed", "active"]
