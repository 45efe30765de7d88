"""`deskpulse explain` as a person and a program meet it."""

import json
import os
import re
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from streams.cli import records, run
from streams.cli.moments import amount, moment, plain, slices
from streams.config import Config
from streams.core.calendars import FOREVER
from streams.core.instants import DAY, HOUR, format_rfc3339, parse_rfc3339
from streams.core.report import Books
from streams.replay import Replay
from streams.wire.codec import dumps
from tests.contract.schema_files import SCHEMAS, validator
from tests.reference.pictures import event, life
from tests.reference.pictures import minute as minute_of

DOCUMENT = (SCHEMAS.parent / "docs" / "explaining.md").read_text()
BLOCKS = re.findall(r"^```(sh|)\n(.*?)^```$", DOCUMENT, re.DOTALL | re.MULTILINE)
BERLIN = Config().timezone

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The configuration and the events of docs/explaining.md."""
    monkeypatch.chdir(tmp_path)
    subprocess.run(["bash", "-euc", BLOCKS[0][1]], check=True, cwd=tmp_path)
    return tmp_path


ARGUMENTS = ["T-1042", "--replay", "events.jsonl", "--config", "conf"]


def explained(capsys: Captured, *arguments: str) -> dict[str, Any]:
    assert run(["explain", *(arguments or ARGUMENTS), "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_what_the_document_shows_is_what_the_commands_say(folder: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {k: v for k, v in os.environ.items() if k != "COLUMNS"} | {"PATH": path}
    commands = [text for language, text in BLOCKS[1:] if language]
    shown = [text for language, text in BLOCKS[1:] if not language]
    assert [command.split()[1] for command in commands] == ["explain", "due"]
    for command, expected in zip(commands, shown, strict=True):
        done = subprocess.run(
            ["bash", "-euc", command],
            check=True,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
        )
        said = [line.rstrip() for line in done.stdout.splitlines()]
        assert said == expected.splitlines(), f"paste the output of {command}"


@pytest.mark.usefixtures("folder")
def test_the_json_matches_its_schema_and_sums_exactly(capsys: Captured) -> None:
    found = explained(capsys)
    validator("explain.json").validate(found)
    (clock,) = found["clocks"]
    counted = [round(line["counted_s"] * 1000) for line in clock["intervals"]]
    assert sum(counted) == round(clock["used_s"] * 1000) == 9 * HOUR + HOUR // 12
    assert all(
        before["to"] == after["from"]
        for before, after in zip(clock["intervals"], clock["intervals"][1:], strict=False)
    )
    assert clock["state"] == "breached_closed"
    assert [each["target_s"] for each in clock["earlier_terms"]] == [16 * 3600]


@pytest.mark.usefixtures("folder")
def test_the_sum_is_the_number_in_the_report(capsys: Captured) -> None:
    assert run(["replay", "events.jsonl", "--config", "conf"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["sla"]
    (clock,) = explained(capsys)["clocks"]
    assert clock["spent_s"] == row["spent_s"]
    assert sum(row["spent_s"]["queue"].values()) == clock["used_s"]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("as_of", "state"),
    [
        ("2026-03-05T15:00:00Z", "running"),
        ("2026-03-05T17:00:00Z", "paused"),
        ("2026-03-10T10:30:00Z", "at_risk"),
        ("2026-03-10T14:00:00Z", "breached_open"),
    ],
)
def test_as_of_looks_back_and_every_state_matches_the_schema(
    as_of: str, state: str, capsys: Captured
) -> None:
    found = explained(capsys, *ARGUMENTS, "--as-of", as_of)
    validator("explain.json").validate(found)
    assert found["as_of"] == as_of
    assert [clock["state"] for clock in found["clocks"]] == [state]


@pytest.mark.usefixtures("folder")
def test_recorded_events_are_explained_as_of_any_instant_however_long_they_go_on(
    capsys: Captured,
) -> None:
    """A worker would have squashed the beginning by then; a replay keeps all of it."""
    last = json.loads(Path("events.jsonl").read_text().splitlines()[-1])
    first = datetime.fromisoformat(last["time"])
    more = [
        last | {"id": f"x{day}", "time": (first + timedelta(days=day)).isoformat()}
        for day in range(5, 100, 5)
    ]
    with Path("events.jsonl").open("ab") as file:
        file.writelines(dumps(event) + b"\n" for event in more)
    found = explained(capsys, *ARGUMENTS, "--as-of", "2026-03-05T15:00:00Z")
    assert found["clocks"][0]["state"] == "running"
    for as_of in ("2026-03-05T15:00:00Z", "2026-06-01T00:00:00Z"):
        found = explained(capsys, *ARGUMENTS, "--as-of", as_of)
        assert found["history_from"] is None
        assert found["clocks"][0]["started"]["type"] == "ticket.created"


@pytest.mark.usefixtures("folder")
def test_several_files_may_follow_replay_as_a_shell_writes_them(capsys: Captured) -> None:
    lines = Path("events.jsonl").read_text().splitlines(keepends=True)
    Path("1.jsonl").write_text("".join(lines[:4]))
    Path("2.jsonl").write_text("".join(lines[4:]))
    whole = explained(capsys)
    assert explained(capsys, "T-1042", "--replay", "1.jsonl", "2.jsonl", "-c", "conf") == whole


@pytest.mark.usefixtures("folder")
def test_a_ticket_that_is_not_there_is_one_line_and_exit_code_2(capsys: Captured) -> None:
    mistakes = {
        "no ticket T-9 in events.jsonl": ["T-9", "--replay", "events.jsonl"],
        "no event up to 2020-01-01T00:00:00Z": [*ARGUMENTS, "--as-of", "2020-01-01T00:00:00Z"],
        "a file goes behind --replay": ["T-1042", "events.jsonl"],
    }
    for said, arguments in mistakes.items():
        assert run(["explain", *arguments]) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert said in captured.err
        assert captured.err.count("\n") == 1


@pytest.mark.usefixtures("folder")
def test_without_policies_it_says_so(capsys: Captured) -> None:
    assert run(["explain", "T-1042", "--replay", "events.jsonl"]) == 0
    assert "no policies (sla.yml)" in capsys.readouterr().out


def _kept(settings: Config) -> Books:
    replay = Replay(settings.engine)
    with Path("events.jsonl").open("rb") as lines:
        for _ in replay.feed(lines):
            pass
    return replay.books()


@pytest.mark.usefixtures("folder")
def test_without_replay_the_record_of_that_ticket_is_read_from_the_changelog(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str | None] = []

    async def read_changelog(config: Config, books: Books, only: str | None = None) -> None:
        asked.append(only)
        books.records |= _kept(config).records

    monkeypatch.setattr(records, "read_changelog", read_changelog)
    monkeypatch.setattr(records, "wall_ms", lambda: parse_rfc3339("2026-03-11T00:00:00Z"))
    assert explained(capsys, "T-1042", "-c", "conf")["as_of"] == "2026-03-11T00:00:00Z"
    (Path("conf") / "deskpulse.yml").write_text("time: event\n")
    assert explained(capsys, "T-1042", "-c", "conf")["as_of"] == "2026-03-10T14:20:00Z"
    assert asked == ["T-1042", None]
    assert run(["explain", "T-9", "-c", "conf"]) == 2
    assert "no ticket T-9 in deskpulse-tickets-changelog" in capsys.readouterr().err


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("width", [40, 60, 200])
def test_it_fits_the_width_of_the_terminal(
    width: int, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    assert run(["explain", *ARGUMENTS]) == 0
    said = capsys.readouterr().out.splitlines()
    assert max(map(len, said)) <= width
    assert any("9:05:00" in line for line in said)


RULES = """
policies:
  - name: tagged
    when: {tags: [vip, gold]}
    calendar: 24x7
    targets: {resolution: {within: 5m, retarget: keep, warn: [80%]}}
  - name: all
    calendar: 24x7
    targets: {resolution: {within: 9m, pause: [pending], warn: [80%]}, next_reply: {urgent: 1h}}
"""
TOLD = {
    "C.p..": ["paused while pending", "none while it is paused", "not known while it is paused"],
    "C.D..": ["not owed: deleted (deleted)", "the report counts no time of what is cancelled"],
    "C.M..": ["not owed: merged into T2", "assignee nobody, merged into T2"],
    "Cu.n..": ["next_reply (all): cancelled", "; no policy names it any more"],
    "a.": ["no creation seen", "No clocks: no policy names one that has started"],
    "c.": ["by an agent", "matches every ticket"],
    "Ct...": ["tags is vip, new (any of gold, vip)", "until Fri 2024-03-01 01:01:00 all: 0:09:00"],
    "Ct..g.": ["terms     those of tagged: 0:05:00 of 24x7", "01:04:00 tagged: 0:05:00"],
}
"""Pictures (`tests.reference.pictures`), and what the text says of them."""


@pytest.mark.parametrize("picture", TOLD)
def test_the_text_says_why_time_does_not_count(
    picture: str, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "sla.yml").write_text(RULES)
    tags = {"t": ["vip", "new"], "g": None}
    events = life(picture)
    events += [
        event(minute, "ticket.updated", tags=tags[letter])
        for minute, letter in enumerate(picture)
        if letter in tags
    ]
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n".join(map(dumps, events)))
    as_of = format_rfc3339(minute_of(len(picture)))
    assert run(["explain", "T1", "--replay", str(path), "-c", str(tmp_path), "--as-of", as_of]) == 0
    said = capsys.readouterr().out
    assert [text for text in TOLD[picture] if text not in said] == [], said


def test_text_of_events_cannot_steer_the_terminal() -> None:
    assert plain("bill\x1b[31ming\u202e\n") == "bill�[31ming��"
    assert plain("Zahlung ✓") == "Zahlung ✓"


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0, "0:00:00"), (61_000, "0:01:01"), (100 * HOUR, "100:00:00"), (-1_500, "-0:00:01.500")],
)
def test_amounts_are_exact(ms: int, text: str) -> None:
    assert amount(ms) == text


def test_moments_are_local_and_never_is_never() -> None:
    summer = parse_rfc3339("2026-07-01T10:00:00.250Z")
    assert moment(summer, BERLIN) == "Wed 2026-07-01 12:00:00.250"
    assert moment(None, BERLIN, "not yet") == "not yet"
    assert moment(FOREVER, BERLIN) == "never"


def test_open_time_is_told_by_day_and_cut_short() -> None:
    noon = parse_rfc3339("2026-07-01T10:00:00Z")
    assert slices([(noon, noon + HOUR), (noon + 2 * HOUR, noon + 3 * HOUR)], BERLIN) == (
        "Wed 12:00-13:00, 14:00-15:00"
    )
    assert slices([(noon, noon + 13 * HOUR)], BERLIN) == "Wed 12:00-Thu 2026-07-02 01:00"
    daily = [(noon + n * DAY, noon + n * DAY + HOUR) for n in range(9)]
    assert slices(daily, BERLIN).endswith("Mon 12:00-13:00; and 3 more open intervals")
