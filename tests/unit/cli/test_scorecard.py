"""`deskpulse scorecard`: the same rows in the terminal, as Markdown, HTML and JSON."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from streams.cli import run
from tests.conflict_log import conflict_log
from tests.tickets_told import Event, at, created, csat, reply

Captured = pytest.CaptureFixture[str]

GOLDEN = (
    ("conflict reaction mean < 1h", "1h30m (20)", "missed", "train staff; streamline the process"),
    (
        "conflict resolution mean < 24h",
        "36h (18)",
        "missed",
        "automate; improve communication",
    ),
    (
        "conflict resolved share >= 95%",
        "90% (18/20) provisional",
        "missed",
        "service quality; training",
    ),
    (
        "conflict CSAT mean >= 4.5 of 5",
        "4 of 5 (18)",
        "missed",
        "collect feedback; work on mistakes",
    ),
)
"""Goal, Actual, Status and Action of the golden log."""
HOSTILE = "<script>alert(1)</script> | *b* _i_ [x](y)"


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


def logged(folder: Path, events: list[Event]) -> str:
    path = folder / "events.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in events))
    return str(path)


def folder_of(tmp_path: Path, scorecards: dict[str, Any]) -> str:
    conf = tmp_path / "conf"
    conf.mkdir()
    (conf / "scorecards.yml").write_text(json.dumps(scorecards))
    return str(conf)


def hostile(tmp_path: Path) -> list[str]:
    """A scorecard whose queue, action and annotation are code, over two weeks."""
    events = [
        each
        for day in range(12)
        for n in range(3)
        for ticket in [f"T-{day}-{n}"]
        for each in (
            created(ticket, at(day, 9), queue=HOSTILE),
            reply(ticket, at(day, 10 + n)),
            csat(ticket, at(day, 11), 3 + n % 3),
        )
    ]
    goal = {
        "kpi": "first_response",
        "slice": {"queue": HOSTILE},
        "period": "week",
        "comparator": "<",
        "goal": "4h",
        "warn_at": "90m",
        "owner": HOSTILE,
        "actions": [{"text": HOSTILE[:60], "since": "2026-03-08"}],
        "benchmark": HOSTILE,
        "expected": HOSTILE,
    }
    conf = folder_of(
        tmp_path,
        {
            "annotations": [{"at": "2026-03-07", "text": HOSTILE[:60]}],
            "scorecards": {"mine": {"goals": [goal, {"kpi": "nps", "comparator": "improves"}]}},
        },
    )
    return ["scorecard", "--config", conf, "--replay", logged(tmp_path, events)]


def test_the_golden_log_prints_four_rows_all_missed(tmp_path: Path, capsys: Captured) -> None:
    log = logged(tmp_path, conflict_log())
    assert run(["scorecard", "conflicts", "--replay", log]) == 0
    head, titles, *rows = capsys.readouterr().out.splitlines()
    assert head == "scorecard conflicts, as of Fri 2026-03-06 07:01:00 (Europe/Berlin)"
    assert titles.split() == ["Goal", "Actual", "Trend", "Status", "Action"]
    for row, (goal, actual, status, action) in zip(rows, GOLDEN, strict=True):
        assert [part.strip() for part in re.split(r"  +", row.strip())] == [
            goal,
            actual,
            "·····▄",
            status,
            action,
        ]


def test_as_markdown_it_has_the_same_rows(tmp_path: Path, capsys: Captured) -> None:
    log = logged(tmp_path, conflict_log())
    assert run(["scorecard", "conflicts", "--replay", log, "--format", "md"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    assert cells[0] == ["Goal", "Actual", "Trend", "Status", "Action"]
    assert [
        (goal.replace("\\<", "<"), actual, status, action)
        for goal, actual, _, status, action in cells[2:]
    ] == list(GOLDEN)


def test_the_shipped_starter_is_shown_where_nothing_is_configured(
    tmp_path: Path, capsys: Captured
) -> None:
    assert run(["scorecard", "--replay", logged(tmp_path, conflict_log())]) == 0
    shown = capsys.readouterr().out
    assert "scorecard starter" in shown
    assert "CSAT improves" in shown
    assert "too few: 0 in the period before, at least 5 needed" in shown


def test_all_that_is_configured_is_shown_without_a_name(tmp_path: Path, capsys: Captured) -> None:
    conf = folder_of(tmp_path, {"scorecards": {"experience": {}, "conflicts": {}}})
    log = logged(tmp_path, conflict_log())
    assert run(["scorecard", "--config", conf, "--replay", log, "--format", "json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert list(shown["scorecards"]) == ["experience", "conflicts"]


def test_an_unknown_scorecard_is_refused_in_one_line(capsys: Captured) -> None:
    assert run(["scorecard", "conflict"]) == 2
    assert capsys.readouterr().err == (
        "deskpulse: no scorecard conflict, did you mean conflicts?\n"
    )


def test_before_and_after_name_the_method(tmp_path: Path, capsys: Captured) -> None:
    assert run(hostile(tmp_path)) == 0
    shown = capsys.readouterr().out
    assert "What happened" in shown
    assert "2026-03-07" in shown
    assert "Welch (scipy.stats.t)" in shown


# -- what others wrote stays text -------------------------------------------------------------


def test_markdown_keeps_what_others_wrote_in_its_cell(tmp_path: Path, capsys: Captured) -> None:
    assert run([*hostile(tmp_path), "--format", "md"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    cells = [len(re.findall(r"(?<!\\)\|", line)) - 1 for line in lines]
    assert cells == [5] * 4 + [7] * 5
    assert not any("<script" in line.replace("\\<", "") for line in lines)


class _Tags(HTMLParser):
    """Every element with its attributes, and the text of the page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def page(tmp_path: Path) -> str:
    """The hostile scorecard as HTML."""
    out = tmp_path / "page.html"
    assert run([*hostile(tmp_path), "--format", "html", "--out", str(out)]) == 0
    return out.read_text(encoding="utf-8")


def parsed(page: str) -> _Tags:
    tags = _Tags()
    tags.feed(page)
    return tags


def test_the_page_needs_nothing_from_elsewhere_and_runs_nothing(page: str) -> None:
    tags = {tag for tag, _ in parsed(page).found}
    assert not tags & {"script", "link", "img", "iframe", "object", "use", "a"}
    assert not re.search(r"https?:|@import|url\(|\bon\w+=", re.sub(r">[^<]*<", "><", page))


def test_what_others_wrote_is_text_on_the_page(page: str) -> None:
    assert "<script" not in page
    assert HOSTILE in parsed(page).text


def test_the_page_can_be_read_without_seeing_it(page: str) -> None:
    """Headings of rows and columns, a caption, a language; charts say what they show."""
    found = parsed(page).found
    assert dict(found)["html"] == {"lang": "en"}
    scopes = [attributes.get("scope") for tag, attributes in found if tag == "th"]
    assert set(scopes) == {"row", "col"}
    tags = [tag for tag, _ in found]
    assert tags.count("caption") == tags.count("table") == 2
    charts = [attributes for tag, attributes in found if tag == "svg"]
    assert [chart["role"] for chart in charts] == ["img", "img"]
    assert re.findall(r"<title>(Trend[^<]*)</title>", page) == [
        "Trend by week, oldest first: none, none, none, none, 2h, 2h",
        "Trend by month, oldest first: none, none, none, none, none, none",
    ]


def test_the_page_follows_the_readers_scheme(page: str) -> None:
    assert "color-scheme: light dark" in page
    assert "@media (prefers-color-scheme: dark)" in page


def test_a_status_is_a_word_and_a_sign_not_only_a_colour(page: str) -> None:
    assert re.search(r'class="status at-risk"><span aria-hidden="true">!</span> at risk<', page)
    assert re.search(r'class="status unavailable"><span aria-hidden="true">-</span> unavai', page)


def test_what_was_promised_stands_below_in_every_format(tmp_path: Path, capsys: Captured) -> None:
    """Nine of ten within the hour, where nine of ten are asked for: the budget is just used up."""
    events = [
        each
        for n in range(10)
        for each in (created(f"T-{n}", at(0, 9)), reply(f"T-{n}", at(0, 9.5 + (n == 0))))
    ]
    conf = folder_of(tmp_path, {"scorecards": {"mine": {"goals": [{"kpi": "sla_attainment"}]}}})
    policy = {"name": "all|of it", "calendar": "24x7", "targets": {"first_response": "1h"}}
    (Path(conf) / "sla.yml").write_text(json.dumps({"policies": [{**policy, "objective": "90%"}]}))
    command = ["scorecard", "--config", conf, "--replay", logged(tmp_path, events)]
    assert run([*command, "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    (goal,), (row,) = found["scorecards"]["mine"], found["sla"]
    assert (goal["actual"]["value"], goal["status"]) == (0.9, "watched")
    assert (row["attainment"], row["objective"], row["low_sample"]) == (0.9, 0.9, False)
    month = row["periods"]["month"]
    assert (month["met"], month["missed"]) == (9, 1)
    assert (month["allowed"], month["budget_used"]) == (pytest.approx(1), pytest.approx(1))
    for format_, shown in (
        ("text", "90% (9/10)  90%        90% (9/10)    100%         1 / 1"),
        ("md", "| all\\|of it first\\_response | 90% (9/10) | 90% | 90% (9/10) | 100% | 1 / 1 |"),
        ("html", "all|of it first_response"),
    ):
        assert run([*command, "--format", format_]) == 0
        assert shown in capsys.readouterr().out
