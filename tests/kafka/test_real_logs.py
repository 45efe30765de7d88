"""The real logs through real Kafka: one worker, three workers and `replay` agree."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from streams.importers import run_import
from streams.replay import open_lines
from tests.brokers import ROOT, Broker
from tests.conftest import SHARED
from tests.kafka.workers import DESKPULSE, Application, application

pytestmark = pytest.mark.shared

SERVICENOW = SHARED / "data" / "servicenow_uci" / "incident_event_log.zip"
ITALIAN = SHARED / "data" / "helpdesk_italian" / "helpdesk_events.csv.gz"
MAPPING = ROOT / "deploy" / "importers" / "helpdesk-italian.csv.yml"


@pytest.fixture(scope="module")
def servicenow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ServiceNow log as events, in file order: grouped by ticket, the worst disorder."""
    out = tmp_path_factory.mktemp("servicenow") / "events.jsonl"
    run_import("servicenow-audit", SERVICENOW, out)
    return out


@pytest.fixture(scope="module")
def italian(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Italian help desk's log as events."""
    out = tmp_path_factory.mktemp("italian") / "events.jsonl"
    run_import("csv", ITALIAN, out, MAPPING)
    return out


def replayed(app: Application, events: Path) -> dict[str, Any]:
    """What `deskpulse replay` says."""
    conf, out = str(app.folder / "conf"), app.folder / "replayed.json"
    command: list[str | Path] = [DESKPULSE, "replay", events, "--config", conf, "--report", out]
    subprocess.run(command, check=True, capture_output=True)
    found: dict[str, Any] = json.loads(out.read_bytes())
    return found


def published(app: Application, events: Path) -> int:
    """Send the events with `deskpulse publish`; returns how many there are."""
    conf = str(app.folder / "conf")
    subprocess.run(
        [DESKPULSE, "publish", events, "--config", conf], check=True, capture_output=True
    )
    with open_lines(events) as lines:
        return sum(1 for _ in lines)


def reported(app: Application) -> dict[str, Any]:
    """What `deskpulse report` says, as of the highest event time."""
    conf = str(app.folder / "conf")
    said = subprocess.run(
        [DESKPULSE, "report", "--config", conf], check=True, capture_output=True
    ).stdout
    found: dict[str, Any] = json.loads(said)
    return found


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.kafka
def test_the_servicenow_log_on_kafka_gives_the_report_of_replay(
    workers: int, kafka_broker: str, servicenow: Path, tmp_path: Path
) -> None:
    with application(Broker(kafka_broker, transactions=True), tmp_path) as app:
        number = published(app, servicenow)
        for _ in range(workers):
            app.start()
        app.wait_until_read(number)
        app.stop()
        found = reported(app)
        assert number == 166_630
        assert found["counts"]["transfers"] == 17_914
        assert found["queue_depth"]["peak"] == {"value": 1_882, "at": "2016-03-17T09:19:00Z"}
        assert found == replayed(app, servicenow)


def test_the_italian_log_gives_the_report_of_replay_on_either_broker(
    broker: Broker, italian: Path, tmp_path: Path
) -> None:
    with application(broker, tmp_path) as app:
        number = published(app, italian)
        app.start()
        app.wait_until_read(number)
        app.stop()
        found = reported(app)
        assert (found["events"]["read"], found["events"]["duplicate"]) == (21_348, 127)
        assert (found["tickets"]["orphan"], found["tickets"]["active"]) == (78, 12)
        assert found == replayed(app, italian)
