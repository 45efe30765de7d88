"""The command line as a person meets it: help, results, and mistakes told in one line."""

import gzip
import json
from pathlib import Path

import pytest

from streams.cli import run
from streams.wire.codec import dumps

EVENT = {
    "specversion": "1.0",
    "id": "1",
    "source": "helpdesk/acme",
    "type": "ticket.created",
    "subject": "T-1",
    "time": "2026-03-02T09:00:00Z",
    "data": {"queue": "billing", "priority": "high", "channel": "email"},
}
REPLY = EVENT | {
    "id": "2",
    "type": "ticket.replied",
    "time": "2026-03-02T09:10:00Z",
    "data": {"author": {"id": "ann", "role": "agent"}, "visibility": "public"},
}
COMMANDS = (
    ["demo"],
    ["worker"],
    ["notify"],
    ["top"],
    ["publish"],
    ["replay"],
    ["import"],
    ["report"],
    ["explain"],
    ["due"],
    ["check-config"],
    ["dead-letters", "list"],
    ["dead-letters", "show"],
    ["dead-letters", "replay"],
    ["topics", "ensure"],
    ["topics", "check"],
    ["reset"],
)

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def events(tmp_path: Path) -> Path:
    path = tmp_path / "events.jsonl"
    path.write_bytes(dumps(EVENT) + b"\n" + dumps(REPLY) + b"\n")
    return path


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_an_example(command: list[str], capsys: Captured) -> None:
    assert run([*command, "--help"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Example: deskpulse " + command[0] in said


def test_help_lists_every_command(capsys: Captured) -> None:
    assert run(["--help"]) == 0
    said = capsys.readouterr().out
    assert all(command[0] in said for command in COMMANDS)


def test_version(capsys: Captured) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("deskpulse ")


def test_replay_writes_the_report(events: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    assert run(["replay", str(events), "--report", str(out)]) == 0
    found = json.loads(out.read_text())
    assert found["as_of"] == "2026-03-02T09:10:00Z"
    assert found["durations"]["first_response"]["p50_s"] == 600.0


def test_replay_reads_compressed_files_and_several(events: Path, tmp_path: Path) -> None:
    packed = tmp_path / "more.jsonl.gz"
    packed.write_bytes(gzip.compress(dumps(EVENT | {"subject": "T-2"})))
    out = tmp_path / "report.json"
    assert run(["replay", str(events), str(packed), "--report", str(out)]) == 0
    assert json.loads(out.read_text())["tickets"]["created"] == 2


def test_as_of_leaves_later_events_out_of_the_facts(events: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    arguments = ["replay", str(events), "--report", str(out), "--as-of", "2026-03-02T09:05:00Z"]
    assert run(arguments) == 0
    found = json.loads(out.read_text())
    assert found["events"]["applied"] == 2
    assert found["durations"]["first_response"]["count"] == 0


def test_refused_and_late_lines_are_in_the_report_and_in_the_file(
    events: Path, tmp_path: Path, capsys: Captured
) -> None:
    late = EVENT | {"id": "3", "time": "2026-01-02T09:00:00Z"}
    with events.open("ab") as file:
        file.write(b"{\n\n" + dumps(late) + b"\n")
    out, letters = tmp_path / "report.json", tmp_path / "letters.jsonl"
    arguments = ["--report", str(out), "--dead-letters", str(letters)]
    assert run(["replay", str(events), *arguments]) == 0
    found = json.loads(out.read_text())["events"]
    assert (found["rejected"], found["late"]) == ({"empty": 1, "json": 1}, 1)
    kept = [json.loads(line) for line in letters.read_text().splitlines()]
    assert [(letter["reason"], letter["value"]) for letter in kept] == [
        ("json", "{"),
        ("empty", ""),
        ("late", dumps(late).decode()),
    ]
    assert "json" in capsys.readouterr().err


MISTAKES = {
    "no such file": ["replay", "nowhere.jsonl"],
    "a folder for a file": ["replay", "."],
    "no folder": ["check-config", "nowhere"],
    "no instant": ["replay", "nowhere.jsonl", "--as-of", "yesterday"],
    "no zone": ["report", "--as-of", "2026-03-02T09:00:00"],
    "no mapping": ["import", "csv", "nowhere.csv", "--out", "out.jsonl"],
    "no such format": ["import", "excel", "log.xls", "--out", "out.jsonl"],
    "no such scenario": ["demo", "--scenario", "worst"],
    "no such command": ["replya"],
    "no such option": ["replay", "--fast"],
    "nobody answers": ["top", "--once", "http://127.0.0.1:9/metrics"],
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_without_a_traceback_and_exits_with_2(
    mistake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(MISTAKES[mistake]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.strip()
    assert "Traceback" not in captured.err


def test_a_file_of_something_else_says_what_is_wrong(tmp_path: Path, capsys: Captured) -> None:
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    assert run(["replay", str(picture)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "picture.png" in said


def test_a_broken_archive_says_so(tmp_path: Path, capsys: Captured) -> None:
    broken = tmp_path / "events.jsonl.gz"
    broken.write_bytes(b"not gzip at all")
    assert run(["replay", str(broken)]) == 2
    assert "events.jsonl.gz" in capsys.readouterr().err


def test_all_mistakes_of_a_configuration_at_once(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "deskpulse.yml").write_text("windows: [5 minutes]\ntime: sideways\nlatenes: {}\n")
    assert run(["check-config", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert said.count("deskpulse.yml:") == 3
    assert "lateness" in said


def test_check_config_says_what_the_folder_means(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "deskpulse.yml").write_text("app: acme\n")
    assert run(["check-config", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "group acme" in said
    assert "series" in said


def test_check_config_refuses_more_series_than_allowed(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "deskpulse.yml").write_text("max_series: 50\n")
    assert run(["check-config", str(tmp_path)]) == 2
    assert "max_series" in capsys.readouterr().err


def test_an_unreachable_broker_is_one_line(
    tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESKPULSE_BOOTSTRAP", "127.0.0.1:9")
    monkeypatch.chdir(tmp_path)
    for command in (["worker"], ["report"], ["topics", "check"], ["reset", "--yes"]):
        assert run(command) == 2, command
        said = capsys.readouterr().err
        assert "no Kafka broker answers at 127.0.0.1:9" in said
        assert "Traceback" not in said
