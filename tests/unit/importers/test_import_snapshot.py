"""The import of tickets that are already open: one row per ticket, one instant of export."""

from pathlib import Path

import pytest

from streams.importers import LogMapping, Reason, Summary, events, load_mapping
from streams.importers.mapping_file import parse_mapping


@pytest.fixture
def mapping(shipped: Path) -> LogMapping:
    return load_mapping(shipped / "open-tickets.csv.yml")


def test_a_ticket_is_created_at_its_own_time_and_has_its_state_at_the_exports(
    fixtures: Path, mapping: LogMapping
) -> None:
    created, updated = list(events("csv", fixtures / "open-tickets.csv", mapping))[:2]
    assert (created["type"], created["time"]) == ("ticket.created", "2025-12-29T08:15:00Z")
    assert created["data"] == {"channel": "web_form", "requester": "Cleo"}
    assert (updated["type"], updated["time"]) == ("ticket.updated", "2026-01-05T07:00:00Z")
    assert updated["data"] == {
        "status": "pending",
        "priority": "high",
        "queue": "Payments",
        "assignee": "Ann",
        "tags": ["vip", "refund"],
    }


def test_what_a_snapshot_does_not_have_is_cleared(fixtures: Path, mapping: LogMapping) -> None:
    updated = list(events("csv", fixtures / "open-tickets.csv", mapping))[3]
    assert (updated["subject"], updated["type"]) == ("42", "ticket.updated")
    assert updated["data"] == {
        "status": "new",
        "priority": "normal",
        "queue": None,
        "assignee": None,
        "tags": None,
    }


def test_a_ticket_whose_creation_time_is_missing_is_an_orphan_and_a_wrong_one_is_refused(
    fixtures: Path, mapping: LogMapping
) -> None:
    summary = Summary()
    log = list(events("csv", fixtures / "open-tickets.csv", mapping, summary))
    assert [event["type"] for event in log if event["subject"] == "43"] == ["ticket.updated"]
    assert [line for line, _ in summary.refused[Reason.CREATED_TIME].first] == [5]
    assert sorted(summary.others) == ["priority", "status"]


def test_the_next_export_repeats_the_creations_and_adds_the_updates(
    fixtures: Path, shipped: Path, mapping: LogMapping
) -> None:
    text = (shipped / "open-tickets.csv.yml").read_text()
    assert "2026-01-05" in text
    later = parse_mapping("M.yml", text.replace("2026-01-05", "2026-01-06"))
    path = fixtures / "open-tickets.csv"
    first, second = list(events("csv", path, mapping)), list(events("csv", path, later))
    same = {event["id"] for event in first} & {event["id"] for event in second}
    assert same == {event["id"] for event in first if event["type"] == "ticket.created"}
