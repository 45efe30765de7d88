"""One mapping serves a table and an XES log: the same rows give the same events."""

from pathlib import Path
from typing import Any

import pytest

from streams.importers import Reason, Summary, events, load_mapping
from tests.unit.importers.reading import Log

FIRST_OF_T8 = 17
"""The line in events.csv, where one row stretches over two lines and one line is blank."""


def log(fixtures: Path, form: str) -> Log:
    summary = Summary()
    mapping = load_mapping(fixtures / f"events.{form}.yml")
    return list(events(form, fixtures / f"events.{form}", mapping, summary)), summary


@pytest.fixture
def table(fixtures: Path) -> Log:
    return log(fixtures, "csv")


@pytest.fixture
def xes(fixtures: Path) -> Log:
    return log(fixtures, "xes")


def brief(event: dict[str, Any]) -> tuple[Any, ...]:
    time = event["time"].removeprefix("2021-03-01T")
    return event["type"].removeprefix("ticket."), time, event.get("sequence"), event["data"]


def test_the_first_row_is_the_creation_and_ties_keep_their_sequence(table: Log) -> None:
    assert [brief(event) for event in table[0] if event["subject"] == "T1"] == [
        (
            "created",
            "09:00:00Z",
            1,
            {"status": "new", "queue": "North", "tags": ["vip", "refund"]},
        ),
        (
            "updated",
            "09:00:00Z",
            2,
            {"status": "open", "queue": "North", "tags": ["vip"], "assignee": "Ann"},
        ),
        # A missing value says nothing here: no `tags`.
        ("updated", "09:30:00.123Z", 3, {"status": "open", "queue": "North"}),
        (
            "replied",
            "09:30:00.123Z",
            3,
            {"author": {"id": "Ann", "role": "agent"}, "visibility": "public"},
        ),
        # Its own offset, no sequence, a line break within a cell.
        (
            "updated",
            "08:00:00Z",
            None,
            {"status": "resolved", "queue": "South", "tags": ["vip", "refund"]},
        ),
    ]


def test_a_ticket_that_starts_with_another_activity_has_no_creation(table: Log) -> None:
    assert [brief(event)[0] for event in table[0] if event["subject"] == "T2"] == [
        "updated",
        "updated",
    ]


def test_the_row_after_a_refused_first_row_is_not_taken_for_the_creation(table: Log) -> None:
    assert [brief(event)[:2] for event in table[0] if event["subject"] == "T4"] == [
        ("updated", "09:10:00Z")
    ]


def test_each_refused_row_is_counted_once_with_its_line(table: Log) -> None:
    summary = table[1]
    assert {
        reason: [line for line, _ in cases.first] for reason, cases in summary.refused.items()
    } == {
        Reason.REPLY: [10],
        Reason.TIME: [11, 13],
        Reason.TICKET: [14],
        Reason.SEQUENCE: [15],
        Reason.FIELDS: [16],
    }
    assert summary.rows == 14
    assert summary.rows_refused == 6
    assert summary.events == len(table[0])
    assert summary.others["status"].first == [(FIRST_OF_T8, "'Melted'")]


def test_the_account_names_counts_lines_and_values(table: Log) -> None:
    told = "\n".join(table[1].lines())
    assert "14 rows read, 9 events written" in told
    assert "2 rows refused: time\n  line 11: 'yesterday'" in told
    assert "line 13: '1999-12-31 23:59:59': is before 2000" in told
    assert f"1 values of status became `other`, first 'Melted' in line {FIRST_OF_T8}" in told


def test_a_table_and_an_xes_log_of_the_same_rows_give_equal_events(table: Log, xes: Log) -> None:
    assert xes[0] == [event for event in table[0] if event["subject"] in {"T1", "T2"}]
    assert len(xes[0]) == 7


def test_an_event_without_a_ticket_is_refused_in_or_outside_a_trace(xes: Log) -> None:
    assert [line for line, _ in xes[1].refused[Reason.TICKET].first] == [65, 70]
    assert xes[1].rows == 8


def test_a_column_that_no_event_has_is_told(fixtures: Path, tmp_path: Path, xes: Log) -> None:
    assert xes[1].never_seen == ()
    mapping = tmp_path / "M.yml"
    text = (fixtures / "events.xes.yml").read_text()
    mapping.write_text(text.replace("column: team", "column: taem"))
    summary = Summary()
    assert list(events("xes", fixtures / "events.xes", load_mapping(mapping), summary))
    assert summary.never_seen == ("taem",)
    assert summary.lines()[-1] == "no event has: 'taem'"
