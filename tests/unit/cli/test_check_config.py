"""What `deskpulse check-config` tells of promises, and of a ticket that does not exist."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from streams.cli import run

Captured = pytest.CaptureFixture[str]

SLA = """
calendars:
  office:
    timezone: Europe/Berlin
    hours: {mon-thu: ["08:00-12:00", "13:00-18:00"], fri: ["08:00-14:00"]}
    holidays: [{date: 2099-12-24, hours: ["08:00-12:00"]}, {date: 2099-12-25}]
  nights: {timezone: UTC, hours: {mon: ["22:00-06:00"]}}
policies:
- name: vip
  when: {segment: enterprise, priority: [urgent, high], tags: [vip, press]}
  calendar: 24x7
  objective: 99.5%
  targets:
    first_response: {urgent: 15m, high: 1h, warn: [50%, 5m]}
    next_reply: 1d
- {name: new, effective_from: 2026-07-01, calendar: office, targets: {}}
- name: standard
  when: {source: zendesk/*}
  calendar: office
  targets:
    resolution: {within: 2bd, pause: [pending], on_reopen: restart, retarget: keep}
    pickup: {high: 4h}
"""

OVERVIEW = """\
  calendar   office: Europe/Berlin, 42h a week, 1bd is 8h24m
             next holidays: none within a year
  calendar   nights: UTC, 8h a week, 1bd is 8h
  policy     1. vip: priority urgent or high, segment enterprise, tags vip or press; 24x7, objective 99.5%
             first_response  urgent 15m, high 1h; warns at 50%, 5m
             next_reply      1d
  policy     2. new: every ticket; office, from 2026-07-01
  policy     3. standard: source zendesk/*; office
             pickup          high 4h
             resolution      2bd; pauses in pending; on_reopen restart; retarget keep
"""  # noqa: E501 - one line each, however long


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sla.yml").write_text(SLA)
    return tmp_path


def told(folder: Path, ticket: dict[str, Any], capsys: Captured) -> list[str]:
    """The explanation of a ticket."""
    file = folder / "ticket.json"
    file.write_text(json.dumps({"created_at": "2026-03-02T09:00:00Z", **ticket}))
    assert run(["check-config", str(folder), "--ticket", str(file)]) == 0
    return capsys.readouterr().out.splitlines()


def refused(folder: Path, content: bytes, capsys: Captured) -> str:
    """What is wrong with a ticket, after its file's name."""
    file = folder / "ticket.json"
    file.write_bytes(content)
    assert run(["check-config", str(folder), "--ticket", str(file)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err.removeprefix(f"deskpulse: {file}: ")


def test_the_overview_has_calendars_and_policies_in_order(folder: Path, capsys: Captured) -> None:
    assert run(["check-config", str(folder)]) == 0
    assert OVERVIEW in capsys.readouterr().out


def test_the_next_holidays_are_shown_with_their_hours(
    folder: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the evening before by UTC it is the holiday already in Berlin."""
    monkeypatch.setattr("streams.cli.check_config.wall_ms", lambda: 4_101_751_800_000)
    run(["check-config", str(folder)])
    found = capsys.readouterr().out
    assert "next holidays: Thu 2099-12-24 08:00-12:00, Fri 2099-12-25 closed\n" in found


def test_the_policy_that_governs_is_told_with_its_reasons_and_deadlines(
    folder: Path, capsys: Captured
) -> None:
    ticket = {"segment": "enterprise", "priority": "high", "tags": ["new", "vip"]}
    assert told(folder, ticket, capsys) == [
        "A ticket created at 2026-03-02T09:00:00Z:",
        (
            "  1. vip governs: priority is high (high or urgent); segment is enterprise; "
            "tags is new, vip (press or vip)"
        ),
        "     first_response: 1h of 24x7, due 2026-03-02T10:00:00Z",
        "       warns at 50%, 2026-03-02T09:30:00Z",
        "       warns at 5m left, 2026-03-02T09:55:00Z",
        "     next_reply: 24h of 24x7, due 2026-03-03T09:00:00Z",
    ]


def test_each_policy_before_it_is_told_with_what_failed(folder: Path, capsys: Captured) -> None:
    """Deadlines are told by the clock of their calendar; this week's end comes in between."""
    ticket = {
        "segment": "small",
        "priority": "urgent",
        "source": "zendesk/acme",
        "created_at": "2026-03-06T09:00:00Z",
    }
    assert told(folder, ticket, capsys) == [
        "A ticket created at 2026-03-06T09:00:00Z:",
        '  1. vip does not match: segment is small, not enterprise; tags is "", not press or vip',
        "  2. new is not in effect before 2026-06-30T22:00:00Z",
        "  3. standard governs: source is zendesk/acme (zendesk/*)",
        "     pickup: none for priority urgent",
        "     resolution: 16h48m of office, due 2026-03-10T11:48:00+01:00",
        "       pauses in pending",
    ]


def test_a_ticket_may_have_no_policy_or_one_that_promises_nothing(
    folder: Path, capsys: Captured
) -> None:
    assert told(folder, {}, capsys)[3:] == [
        '  3. standard does not match: source is "", not zendesk/*',
        "  No policy matches, so it has no clocks.",
    ]
    assert told(folder, {"created_at": "2026-07-01T00:00:00+02:00"}, capsys)[2:] == [
        "  2. new governs: it matches every ticket",
        "     It promises nothing: no clocks.",
    ]


def test_what_no_century_holds_is_never_due(folder: Path, capsys: Captured) -> None:
    (folder / "sla.yml").write_text(
        "policies:\n- {name: a, calendar: 24x7, targets: {pickup: 999999h}}\n"
    )
    assert told(folder, {}, capsys)[-1] == "     pickup: 999999h of 24x7, due never"


def test_without_promises_there_is_no_policy(tmp_path: Path, capsys: Captured) -> None:
    assert told(tmp_path, {}, capsys)[1:] == ["  No policy matches, so it has no clocks."]


def test_a_ticket_comes_from_standard_input_and_is_created_now(
    folder: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(b'{"priority": null}'))
    monkeypatch.setattr("sys.stdin", stdin)
    monkeypatch.setattr("streams.cli.check_config.wall_ms", lambda: 1_772_442_000_000)
    assert run(["check-config", str(folder), "--ticket", "-"]) == 0
    assert capsys.readouterr().out.startswith("A ticket created at 2026-03-02T09:00:00Z:\n")


def test_a_value_is_read_as_in_an_event(folder: Path, capsys: Captured) -> None:
    """What no list has counts as `other`, and that is said; a number becomes its digits."""
    (folder / "sla.yml").write_text(
        "policies:\n"
        "- {name: odd, when: {priority: other, queue: '70'}, calendar: 24x7, targets: {}}\n"
    )
    file = folder / "ticket.json"
    file.write_text('{"priority": "P1", "queue": 70}')
    assert run(["check-config", str(folder), "--ticket", str(file)]) == 0
    captured = capsys.readouterr()
    assert "1. odd governs: priority is other; queue is 70" in captured.out
    assert captured.err == "priority: P1 is none of its values, so it counts as other\n"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"{", 'expected a JSON object such as {"priority": "high"}'),
        (b"[]", 'expected a JSON object such as {"priority": "high"}'),
        (b"\xff", 'expected a JSON object such as {"priority": "high"}'),
        (b'{"prio": "high"}', "unknown attribute prio, did you mean priority?"),
        (b'{"priority": ["high"]}', "such a ticket would be refused (type)"),
        (b'{"source": ""}', "such a ticket would be refused (value)"),
        (
            b'{"created_at": "1999-12-31T00:00:00Z"}',
            "such a ticket would be refused (ancient)",
        ),
    ],
)
def test_a_ticket_that_cannot_be_is_one_line(
    folder: Path, capsys: Captured, content: bytes, line: str
) -> None:
    assert refused(folder, content, capsys) == f"{line}\n"


@pytest.mark.parametrize(
    "text", ['"yesterday"', '"2026-03-02T09:00:00"', "5", '"9999-12-31T23:59:59-23:59"']
)
def test_a_creation_is_an_instant_with_a_zone(folder: Path, capsys: Captured, text: str) -> None:
    found = refused(folder, f'{{"created_at": {text}}}'.encode(), capsys)
    assert found.startswith("created_at: expected an instant such as 20")
    assert found.count("\n") == 1


def test_a_file_that_is_not_there_is_one_line(folder: Path, capsys: Captured) -> None:
    assert run(["check-config", str(folder), "--ticket", "nowhere.json"]) == 2
    assert capsys.readouterr().err == (
        "deskpulse: nowhere.json: No such file or directory, expected a file with a JSON object\n"
    )


def test_it_says_of_each_goal_why_no_worker_can_judge_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    goals = """
      - {kpi: csat, comparator: improves, guard: [handle_time, fcr]}
      - {kpi: volume}
      - {kpi: fcr, comparator: improves}
      - {kpi: first_response, stat: p90, comparator: improves}
      - {kpi: csat, slice: {queue: "*"}, comparator: improves}
      - {kpi: csat, slice: {customer: {region: emea}}, comparator: improves}
      - {kpi: cost_per_contact, comparator: improves}
      - {kpi: unresolved_end_of_day, comparator: improves}
      - {kpi: resolved_of_all, comparator: improves}
      - {kpi: sla_attainment, comparator: improves}
      - {kpi: cover, comparator: improves}
    """
    (tmp_path / "scorecards.yml").write_text("scorecards:\n  mine:\n    goals:" + goals)
    assert run(["check-config", str(tmp_path)]) == 0
    (line,) = [row for row in capsys.readouterr().out.splitlines() if "scorecard " in row]
    _, *told = line.strip().split("; ")
    several = "what several tickets of a requester come to"
    assert told == [
        f"guarded in reports only, {several}: csat (fcr)",
        "only watched: volume",
        f"in reports only, {several}: fcr",
        "in reports only, a percentile against the one before: first_response p90",
        "in reports only, a row for each value: csat queue=*",
        "in reports only, by an attribute of customers: csat customer_region=emea",
        "in reports only, money: cost_per_contact",
        "in reports only, depth at an instant: unresolved_end_of_day, resolved_of_all",
        "in reports only, made of the SLA clocks of sla.yml: sla_attainment",
        "in reports only, made of agent-events: cover",
    ]
