"""docs/scorecards.md names what there is, and its commands are commands."""

import re
import shlex
from pathlib import Path

import pytest

from streams.cli import run
from streams.config.sheets import SHEETS
from streams.core.measures import MEASURES
from streams.core.scorecards import STATUSES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "scorecards.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^deskpulse (.+)$", PAGE, re.MULTILINE)
rows = re.findall(r"^\| ([^|]+) \| ", PAGE, re.MULTILINE)


def test_every_scorecard_and_every_status_is_explained() -> None:
    assert {f"`{name}`" for name in SHEETS} <= set(rows)
    assert set(STATUSES) <= set(rows)


def test_every_measure_is_named_on_the_page_that_messages_send_to() -> None:
    """KPIs and times under their own headings, the others with what they can be told apart by."""
    kpis = (ROOT / "docs" / "kpis.md").read_text(encoding="utf-8")
    for name in MEASURES:
        assert f"| {name} |" in kpis or f"| `{name}` |" in kpis, name


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_on_the_page_is_one(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = shlex.split(command)
    assert run([words[0], "--help"]) == 0
    shown = capsys.readouterr().out
    for option in (word for word in words if word.startswith("--")):
        assert option in shown
