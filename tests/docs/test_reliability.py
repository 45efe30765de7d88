"""The page of promises is what the runs have shown, and each of its commands can be run."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.brokers import ROOT
from tests.reliability import FIGURES, PROMISES, Promise

TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_the_page_is_what_the_program_prints() -> None:
    """If not: make reliability."""
    command = [sys.executable, "-m", "tests.reliability"]
    printed = subprocess.run(command, capture_output=True, check=True, cwd=ROOT, text=True).stdout
    assert (ROOT / "docs" / "reliability.md").read_text() == printed


@pytest.mark.parametrize("promise", PROMISES, ids=lambda one: one.command)
def test_its_commands_exist(promise: Promise) -> None:
    program, *words = promise.command.split()
    if program == "make":
        assert set(words) <= TARGETS
        return
    assert program == "pytest"
    assert words
    assert not list(missing(words))


def missing(tests: list[str]) -> Iterator[str]:
    for one in tests:
        path, _, name = one.partition("::")
        if not (ROOT / path).is_file() or (
            name and f"def {name}(" not in (ROOT / path).read_text()
        ):
            yield one


def test_a_test_that_is_gone_is_missed() -> None:
    gone = ["tests/docs/test_reliability.py::test_gone", "tests/docs/test_gone.py"]
    assert list(missing(gone)) == gone


def test_every_run_was_made_and_found_nothing_wrong() -> None:
    """Mutation testing takes hours, and is shown once somebody had it."""
    runs = json.loads(FIGURES.read_text())
    assert {one.run for one in PROMISES} - {"", "mutants"} <= runs.keys()
    for name, run in runs.items():
        if name.startswith("chaos"):
            assert (run["lost"], run["doubled"], run["wrong"]) == (0, 0, []), name
        if name.startswith("soak"):
            assert run["judged"] == run["produced"], name
