"""The two real logs beside the repository, against figures counted from them independently."""

import os
from collections import Counter
from pathlib import Path

import pytest

from streams.core.instants import parse_rfc3339
from streams.importers import Summary, events, load_mapping, run_import

pytestmark = pytest.mark.shared

SHARED = Path(os.environ.get("DESKPULSE_SHARED") or Path(__file__).parents[4] / "shared")
SERVICENOW = SHARED / "data" / "servicenow_uci" / "incident_event_log.zip"
ITALIAN = SHARED / "data" / "helpdesk_italian"


def test_servicenow_gives_a_creation_per_ticket_and_an_update_per_row() -> None:
    summary = Summary()
    log = list(events("servicenow-audit", SERVICENOW, summary=summary))
    assert summary.rows == 141_712
    assert summary.written == {"ticket.created": 24_918, "ticket.updated": 141_712}
    assert len(log) == summary.events == 166_630
    assert summary.refused == {}
    # None is a duplicate, although five versions of a ticket occur twice.
    assert len({(event["subject"], event["id"]) for event in log}) == 166_630
    assert summary.others["status"].count == 5
    assert {value for _, value in summary.others["status"].first} == {"'-100'"}
    assert Counter(e["data"]["channel"] for e in log if e["type"] == "ticket.created") == {
        "phone": 24_684,
        "self_service": 161,
        "email": 61,
        "ivr": 9,
        "direct_opening": 3,
    }
    updates = [event["data"] for event in log if event["type"] == "ticket.updated"]
    assert sum(data["queue"] is None for data in updates) == 14_213
    assert sum(data["assignee"] is None for data in updates) == 27_496


def test_servicenow_in_order_of_time_is_a_stream(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    summary = run_import("servicenow-audit", SERVICENOW, out, order="time")
    assert summary.events == 166_630
    with out.open("rb") as lines:
        times = [parse_rfc3339(line.split(b'"time":"')[1][:20].decode()) for line in lines]
    assert len(times) == 166_630
    assert times == sorted(times)


def test_the_italian_log_gives_the_same_bytes_from_its_table_and_its_xes(
    shipped: Path, tmp_path: Path
) -> None:
    table, xes = tmp_path / "csv.jsonl", tmp_path / "xes.jsonl"
    mapping = shipped / "helpdesk-italian.csv.yml"
    summary = run_import("csv", ITALIAN / "helpdesk_events.csv.gz", table, mapping)
    run_import("xes", ITALIAN / "helpdesk.xes.gz", xes, shipped / "helpdesk-italian.xes.yml")
    assert table.read_bytes() == xes.read_bytes()
    assert summary.written == {"ticket.created": 4_502, "ticket.updated": 16_846}


def test_the_italian_log_repeats_127_events(shipped: Path) -> None:
    mapping = load_mapping(shipped / "helpdesk-italian.csv.yml")
    log = list(events("csv", ITALIAN / "helpdesk_events.csv.gz", mapping))
    assert len(log) == 21_348
    assert len(log) - len({(event["subject"], event["id"]) for event in log}) == 127
    assert len({event["subject"] for event in log}) == 4_502 + 78
