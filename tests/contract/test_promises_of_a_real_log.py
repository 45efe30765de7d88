"""Clocks, calendars and pauses on the ServiceNow log: the engine against the reference model.

The same written policy files go to both: four clocks around the clock, whose figures are
counted in DATA.md, and five in working time with lunch breaks and holidays.
"""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from streams.cli import run
from streams.wire.codec import dumps
from tests.brokers import ROOT
from tests.conftest import SHARED
from tests.reference import logs
from tests.reference.events import parse_time
from tests.reference.model import report

pytestmark = pytest.mark.shared

POLICIES = ROOT / "tests" / "reference"
LOG = SHARED / "data" / "servicenow_uci" / "incident_event_log.zip"
LEFT_NEW = {"sources": [("*", {"response_signal": "left_new"})]}
IN_MAY = "2016-05-04T10:00:00Z"
"""Many tickets are open then, so that every state has instances."""

Report = dict[str, Any]


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("log") / "events.jsonl"
    assert run(["import", "servicenow-audit", str(LOG), "--out", str(out)]) == 0
    return out


def replayed(events: Path, folder: Path, policies: str, *options: str) -> Report:
    """The report of `deskpulse replay` with these policies."""
    conf, out = folder / "conf", folder / "report.json"
    conf.mkdir()
    (conf / "deskpulse.yml").write_text('sources: {"*": {response_signal: left_new}}\n')
    (conf / "sla.yml").write_text((POLICIES / policies).read_text())
    command = ["replay", str(events), "--config", str(conf), "--report", str(out), *options]
    assert run(command) == 0
    found: Report = json.loads(out.read_text())
    return found


def test_around_the_clock_the_verdicts_are_those_counted(events: Path, tmp_path: Path) -> None:
    rows = replayed(events, tmp_path, "round-the-clock.yml")["sla"]
    ended = {row["clock"]: (row["started"], row["met"], row["breached_closed"]) for row in rows}
    assert ended == {
        "first_response": (24_918, 14_805, 10_113),
        "resolution": (24_918, 19_037, 5_881),
        "next_reply": (24_918, 11_160, 13_758),
        "ownership": (41_646, 29_197, 12_449),
    }


def test_in_office_hours_engine_and_model_agree_on_every_state(tmp_path: Path) -> None:
    # Not those of the importer: ids decide which of two events at one instant is first.
    events = tmp_path / "events.jsonl"
    with events.open("wb") as file:
        file.writelines(dumps(event) + b"\n" for event in logs.servicenow())
    found = replayed(events, tmp_path, "office-hours.yml", "--as-of", IN_MAY)
    policies = yaml.safe_load((POLICIES / "office-hours.yml").read_text())
    expected = report(logs.servicenow(), settings=LEFT_NEW, sla=policies, as_of=parse_time(IN_MAY))
    rows = [{key: row[key] for key in wanted} for row, wanted in _paired(found, expected)]
    assert rows == expected["sla"]
    assert {state for row in rows for state, number in row.items() if number} > {
        "met",
        "breached_closed",
        "breached_open",
        "running",
        "paused",
        "at_risk",
    }
    for name in ("first_response", "pickup", "first_resolution", "full_resolution"):
        working = f"{name}_working"
        assert found["durations"][working] == pytest.approx(expected["durations"][working])
    for row in found["sla"]:
        parts = [sum(split.values()) for split in row["spent_s"].values()]
        assert parts == pytest.approx([parts[0]] * len(parts))


def _paired(found: Report, expected: Report) -> list[tuple[Report, Report]]:
    """Rows of one policy and clock."""
    rows = {(row["policy"], row["clock"]): row for row in found["sla"]}
    assert len(rows) == len(expected["sla"])
    return [(rows[wanted["policy"], wanted["clock"]], wanted) for wanted in expected["sla"]]
