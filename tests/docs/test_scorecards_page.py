"""docs/scorecards.md names what there is, and its commands are commands."""

import re
import shlex
from pathlib import Path

import pytest

from streams.cli import run
from streams.config.sheets import SHEETS
from streams.core.measures import MEASURES
from streams.core.scorecards import STATUSES

PAGE = (Path(__file__).parents[2] / "docs" / "scorecards.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^deskpulse (.+)$", PAGE, re.MULTILINE)
rows = re.findall(r"^\| ([^|]+) \| ", PAGE, re.MULTILINE)


def test_every_scorecard_and_every_status_is_explained() -> None:
    assert {f"`{name}`" for name in SHEETS} <= set(rows)
    assert set(STATUSES) <= set(rows)


def test_every_measure_that_is_no_kpi_of_the_other_page_is_named() -> None:
    others = {name for name, one in MEASURES.items() if one.topic or not one.times}
    listed = {name for name, one in MEASURES.items() if one.kpi is not None and one.kpi.bottom}
    for name in others - listed:
        assert f"`{name}`" in PAGE, name


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_on_the_page_is_one(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = shlex.split(command)
    assert run([words[0], "--help"]) == 0
    shown = capsys.readouterr().out
    for option in (word for word in words if word.startswith("--")):
        assert option in shown
