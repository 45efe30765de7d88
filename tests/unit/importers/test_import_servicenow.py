"""The format `servicenow-audit`, on a table made by hand with every trap of a real one."""

from pathlib import Path

import pytest

from streams.importers import Reason, Summary, UnusableInputError, events
from streams.importers.mapping_file import servicenow_mapping
from streams.importers.plan import plan_of
from tests.unit.importers.reading import Events

LEAKING = {"resolved_at", "closed_at", "closed_code", "resolved_by", "made_sla"}


@pytest.fixture
def summary() -> Summary:
    return Summary()


@pytest.fixture
def audit(fixtures: Path, summary: Summary) -> Events:
    return list(events("servicenow-audit", fixtures / "audit.csv", summary=summary))


def of(log: Events, ticket: str, kind: str = "ticket.updated") -> Events:
    return [e for e in log if e["subject"] == ticket and e["type"] == kind]


def test_a_ticket_is_created_at_its_opening_time_with_its_channel_only(audit: Events) -> None:
    (created,) = of(audit, "INC1", "ticket.created")
    assert list(created) == ["specversion", "id", "source", "type", "subject", "time", "data"]
    assert created["source"] == "servicenow/incident"
    assert created["time"] == "2021-03-01T09:00:00Z"
    assert created["data"] == {"channel": "self_service"}


def test_every_row_is_an_update_with_the_whole_snapshot_in_file_order(audit: Events) -> None:
    updates = of(audit, "INC1")
    assert [(e["time"][11:16], e["sequence"]) for e in updates] == [
        ("09:05", 0),
        ("09:05", 2),
        ("11:30", 3),
        ("12:00", 7),
    ]
    assert [tuple(e["data"].values()) for e in updates] == [
        ("new", "normal", "Payments", None),
        ("open", "normal", "Payments", "Ben"),
        ("pending", "urgent", None, "Ben"),
        ("other", "other", "Refunds", None),
    ]
    assert list(updates[0]["data"]) == ["status", "priority", "queue", "assignee"]


def test_rows_with_a_repeated_version_are_events_of_their_own(audit: Events) -> None:
    resolved, closed = of(audit, "INC2")
    assert (resolved["sequence"], closed["sequence"]) == (5, 5)
    assert resolved["id"] != closed["id"]


def test_a_row_that_cannot_be_used_is_counted_with_its_line_and_the_next_one_opens_the_ticket(
    audit: Events, summary: Summary
) -> None:
    (created,) = of(audit, "INC2", "ticket.created")
    assert created["time"] == "2021-02-28T08:00:00Z"
    lines = {reason: [line for line, _ in cases.first] for reason, cases in summary.refused.items()}
    assert lines == {
        Reason.CREATED_TIME: [6],
        Reason.TIME: [8],
        Reason.TICKET: [10],
        Reason.FIELDS: [11],
        Reason.SEQUENCE: [12],
    }


def test_values_outside_the_closed_lists_are_counted_with_their_line(
    audit: Events, summary: Summary
) -> None:
    assert audit
    assert {name: cases.first for name, cases in summary.others.items()} == {
        "status": [(5, "'-100'")],
        "priority": [(5, "'5 - Planning'")],
    }


def test_columns_that_tell_a_tickets_future_are_not_even_needed(
    fixtures: Path, tmp_path: Path, audit: Events
) -> None:
    assert not LEAKING & set(plan_of(servicenow_mapping()).columns)
    rows = (fixtures / "audit.csv").read_text().splitlines()
    header = rows[0].split(",")
    kept = [place for place, name in enumerate(header) if name not in LEAKING]
    table = [row.split(",") for row in rows if row.count(",") == rows[0].count(",")]
    without = tmp_path / "without.csv"
    without.write_text("\n".join(",".join(row[place] for place in kept) for row in table))
    assert list(events("servicenow-audit", without)) == audit


def test_it_takes_no_mapping(fixtures: Path) -> None:
    with pytest.raises(UnusableInputError, match="takes no mapping"):
        next(events("servicenow-audit", fixtures / "audit.csv", servicenow_mapping()))
