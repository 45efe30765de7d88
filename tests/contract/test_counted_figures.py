"""The counted figures of the real logs, through `deskpulse import` and `deskpulse replay`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from streams.cli import run
from tests.brokers import ROOT
from tests.conftest import SHARED

pytestmark = pytest.mark.shared

DATA = SHARED / "data"
MAPPINGS = ROOT / "deploy" / "importers"

SERVICENOW: Mapping[str, Any] = {
    "events.read": 166_630,
    "events.applied": 166_630,
    "events.duplicate": 0,
    "tickets.created": 24_918,
    "tickets.resolved": 24_918,
    "tickets.closed": 24_918,
    "tickets.active": 0,
    "counts.reopens": 332,
    "counts.resolutions": 25_250,
    "counts.transfers": 17_914,
    "counts.assignments": 29_459,
    "counts.priority_changes": 436,
    "durations.first_response.count": 24_918,
    "durations.first_response.p50_s": 1_260,
    "durations.first_response.p90_s": 336_300,
    "durations.pickup.count": 24_260,
    "durations.pickup.p50_s": 360,
    "durations.pickup.p90_s": 33_300,
    "durations.first_resolution.p50_s": 49_740,
    "durations.first_resolution.p90_s": 1_262_340,
    "durations.full_resolution.p50_s": 54_420,
    "durations.full_resolution.p90_s": 1_287_120,
    "queue_depth.now": 0,
    "queue_depth.peak.value": 1_882,
    "queue_depth.peak.at": "2016-03-17T09:19:00Z",
}
ITALIAN: Mapping[str, Any] = {
    "events.read": 21_348,
    "events.duplicate": 127,
    "tickets.created": 4_502,
    "tickets.orphan": 78,
    "tickets.resolved": 4_569,
    "tickets.closed": 4_558,
    "tickets.active": 12,
    "counts.reopens": 161,
    "counts.resolutions": 4_729,
    "counts.transfers": 11,
    "counts.assignments": 4_606,
    "durations.first_response.count": 4_502,
    "durations.first_response.p50_s": 59_420,
    "durations.first_response.p90_s": 1_285_262,
    "durations.pickup.count": 4_210,
    "durations.pickup.p50_s": 62_207,
    "durations.first_resolution.count": 4_490,
    "durations.first_resolution.p50_s": 515_223,
    "durations.full_resolution.p50_s": 540_494,
    "queue_depth.peak.value": 90,
    "queue_depth.peak.at": "2013-02-12T16:42:07Z",
}


def replayed(folder: Path, *import_arguments: str, order: str = "file") -> dict[str, Any]:
    """Import a log, replay its events, read the report."""
    conf, events, out = folder / "conf", folder / "events.jsonl", folder / "report.json"
    conf.mkdir()
    (conf / "deskpulse.yml").write_text('sources: {"*": {response_signal: left_new}}\n')
    arguments = ["import", *import_arguments, "--out", str(events), "--order", order]
    assert run(arguments) == 0
    assert run(["replay", str(events), "--config", str(conf), "--report", str(out)]) == 0
    found: dict[str, Any] = json.loads(out.read_text())
    return found


def figures(found: Any, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The report's values at the paths of the oracle."""
    seen = {}
    for path in wanted:
        value = found
        for key in path.split("."):
            value = value[key]
        seen[path] = value
    return seen


@pytest.mark.parametrize("order", ["file", "time"])
def test_servicenow(order: str, tmp_path: Path) -> None:
    log = DATA / "servicenow_uci" / "incident_event_log.zip"
    found = replayed(tmp_path, "servicenow-audit", str(log), order=order)
    assert figures(found, SERVICENOW) == SERVICENOW


@pytest.mark.parametrize("kind", ["csv", "xes"])
def test_the_italian_help_desk(kind: str, tmp_path: Path) -> None:
    name = "helpdesk_events.csv.gz" if kind == "csv" else "helpdesk.xes.gz"
    mapping = MAPPINGS / f"helpdesk-italian.{kind}.yml"
    log = DATA / "helpdesk_italian" / name
    found = replayed(tmp_path, kind, str(log), "--mapping", str(mapping))
    assert figures(found, ITALIAN) == ITALIAN
