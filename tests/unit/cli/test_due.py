"""`deskpulse due`: which clocks it lists, in which order, and how."""

import json
from pathlib import Path
from typing import Any

import pytest

from streams.cli import run
from streams.cli.console import out
from streams.wire.codec import dumps

SLA = """
calendars:
  office: {timezone: Europe/Berlin, hours: {mon-fri: ["08:00-12:00", "13:00-18:00"]}}
policies:
  - name: gold
    when: {priority: [high]}
    calendar: 24x7
    targets:
      first_response: 2h
      resolution: {within: 8h, pause: [pending]}
  - name: rest
    calendar: office
    targets: {first_response: 3h}
"""
Captured = pytest.CaptureFixture[str]
Row = tuple[str, str, str, float, float]
"""(ticket, clock, state, working, wall): what is left, in hours."""


def created(ticket: str, time: str, **data: Any) -> dict[str, Any]:
    return event(ticket, "ticket.created", time, **data)


def event(ticket: str, kind: str, time: str, **data: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"{kind} {time}",
        "source": "helpdesk/acme",
        "type": kind,
        "subject": ticket,
        "time": f"2026-03-02T{time}:00+01:00",
        "data": data,
    }


EVENTS = [
    created("late", "08:00", priority="high", queue="billing"),
    created("soon", "10:30", queue="billing", priority="normal"),
    created("lunch", "11:00", queue="tech"),
    created("tomorrow", "16:00", queue="tech"),
    created("paused", "10:00", priority="high", queue="tech"),
    event("paused", "ticket.updated", "10:30", status="pending", assignee="ann"),
    created("done", "08:00", priority="high", queue="tech"),
    event("done", "ticket.updated", "09:00", status="closed"),
    created("gone", "08:00", priority="high", queue="tech"),
    event("gone", "ticket.deleted", "09:00", reason="spam"),
]
NOON = "2026-03-02T11:45:00+01:00"
LATE = ("late", "first_response", "breached_open", -1.75, -1.75)
PAUSED = ("paused", "first_response", "running", 0.25, 0.25)
SOON = ("soon", "first_response", "running", 1.75, 2.75)
LUNCH = ("lunch", "first_response", "running", 2.25, 3.25)
RESOLUTION = ("late", "resolution", "running", 4.25, 4.25)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sla.yml").write_text(SLA)
    (tmp_path / "events.jsonl").write_bytes(b"\n".join(map(dumps, EVENTS)))
    return tmp_path


def asked(*arguments: str, as_of: str = NOON) -> list[str]:
    files = ["--replay", "events.jsonl", "--config", "."]
    return ["due", *files, "--as-of", as_of, *arguments]


def rows(capsys: Captured, *arguments: str, as_of: str = NOON) -> list[Row]:
    assert run([*asked(*arguments, as_of=as_of), "--json"]) == 0
    return [
        (
            one["ticket"],
            one["clock"],
            one["state"],
            one["left"]["working_s"] / 3600,
            one["left"]["wall_s"] / 3600,
        )
        for one in json.loads(capsys.readouterr().out)["clocks"]
    ]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], [LATE, PAUSED, SOON, LUNCH]),
        (["--within", "5h"], [LATE, PAUSED, SOON, LUNCH, RESOLUTION]),
        (["--within", "15m"], [LATE, PAUSED]),
        (["--within", "0s"], [LATE]),
        (["--breached"], [LATE]),
        (["--queue", "tech"], [PAUSED, LUNCH]),
        (["--queue", ""], []),
    ],
)
def test_the_most_overdue_comes_first_then_what_is_due_within_the_time(
    arguments: list[str], expected: list[Row], capsys: Captured
) -> None:
    """A deadline exactly at the end of the time is within it."""
    assert rows(capsys, *arguments) == expected


def test_at_its_deadline_a_clock_is_not_breached_yet(capsys: Captured) -> None:
    at = "2026-03-02T10:00:00+01:00"
    assert rows(capsys, "--breached", as_of=at) == []
    assert rows(capsys, "--within", "0s", as_of=at) == [("late", "first_response", "running", 0, 0)]


def test_without_as_of_it_looks_from_the_highest_event_time(capsys: Captured) -> None:
    assert run(["due", "--replay", "events.jsonl", "--config", ".", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["as_of"] == "2026-03-02T15:00:00Z"


def test_the_list_says_local_deadlines_working_and_wall_time_and_the_sum(capsys: Captured) -> None:
    assert run(asked()) == 0
    head, late, _, soon, _, total = capsys.readouterr().out.splitlines()
    assert head.split() == [
        "ticket", "queue", "priority", "status", "assignee", "clock", "policy", "deadline", "left",
    ]  # fmt: skip
    assert late.split() == [
        "late", "billing", "high", "new", "-", "first_response", "gold",
        "Mon", "2026-03-02", "10:00:00", "1h45m", "over",
    ]  # fmt: skip
    assert soon.endswith("1h45m (2h45m)")
    assert total == (
        "1 breached, 3 due within 4h on 4 tickets; as of Mon 2026-03-02 11:45:00 (Europe/Berlin)"
    )


@pytest.mark.parametrize("width", [25, 60, 80])
def test_on_a_narrow_terminal_columns_are_left_out_whole(
    width: int, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(out, "_force_terminal", True)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(width))
    assert run(asked()) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if "breached," not in line]
    assert any("late" in line and "over" in line for line in lines)
    assert all("…" not in line for line in lines)


def test_nothing_due_is_said_in_one_line(capsys: Captured) -> None:
    assert run(asked("--queue", "nowhere", "--breached")) == 0
    assert capsys.readouterr().out == (
        "0 breached; as of Mon 2026-03-02 11:45:00 (Europe/Berlin)\n"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (asked("--within", "soon"), "write a duration such as 90s, 15m, 4h or 7d"),
        (asked("--within", "1h", "--breached"), "name one of them"),
        (["due", "--replay", "events.jsonl"], "write a sla.yml"),
        (["due", "events.jsonl", "-c", "."], "a file goes behind --replay"),
    ],
)
def test_a_mistake_is_one_line(arguments: list[str], said: str, capsys: Captured) -> None:
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert said in captured.err
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize("command", ["due", "explain"])
def test_help_has_an_example(command: str, capsys: Captured) -> None:
    assert run([command, "--help"]) == 0
    assert f"Example: deskpulse {command}" in " ".join(capsys.readouterr().out.split())
