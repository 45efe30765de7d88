"""The guard of instructions: what it reads, subtracts, compares and keeps."""

import os
from pathlib import Path
from typing import Any

import pytest

from streams.kafka import worker
from tests.bench import instructions
from tests.bench.instructions import (
    CASES,
    NOTHING,
    collected,
    comparison,
    engine,
    kept_with,
    per_event,
    wrong,
)
from tests.conftest import stale


def entry(form: str, **per_event: int) -> dict[str, Any]:
    return {"python": "3.11", "machine": "arm64", "form": form, "per_event": per_event}


def test_the_number_is_the_one_that_callgrind_collected() -> None:
    said = (
        "==7== Events    : Ir\n==7== Collected : 1969901048\n==7==\n==7== I   refs: 1,969,901,048\n"
    )
    assert collected(said) == 1_969_901_048
    with pytest.raises(AssertionError, match="no such tool"):
        collected("valgrind: no such tool")


def test_what_comes_before_the_first_event_is_not_counted() -> None:
    counted = {NOTHING: 1_000, "basic": 5_000, "whole": 9_010}
    assert per_event(counted, events=100) == {"basic": 40, "whole": 80}


def test_the_change_is_in_percent_of_what_was_kept_for_the_same_form() -> None:
    kept = [entry("native", basic=10), entry("pure", basic=1_000)]
    *_, row = comparison(kept, entry("pure", basic=1_015))
    assert row.split() == ["basic", "1,015", "1,000", "+1.5%"]


def test_nothing_is_compared_with_another_form() -> None:
    *_, row = comparison([entry("native", basic=10)], entry("pure", basic=1_015))
    assert row.split() == ["basic", "1,015", "-", "-"]


def test_an_update_replaces_the_figures_of_its_own_form_only() -> None:
    kept = {"figures": [entry("native", basic=10), entry("pure", basic=20)]}
    assert kept_with(kept, entry("native", basic=9)) == [
        entry("native", basic=9),
        entry("pure", basic=20),
    ]


def test_an_answer_is_wrong_against_the_events_and_against_what_was_kept() -> None:
    right, kept = {"applied": 3}, {"basic": {"applied": 2, "met": 1}}
    assert wrong(right, {"basic": {"applied": 3, "met": 1}}, kept) == []
    assert wrong(right, {"basic": {"applied": 2}}, kept) == [
        "basic: 2 applied, expected 3",
        "basic: None met, expected 1",
    ]


def test_the_run_answers_what_its_events_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(instructions, "EVENTS", 300)
    right = instructions.prepare(tmp_path)
    messages = instructions.messages_of(tmp_path)
    answers = {name: engine(instructions.settings_of(tmp_path, name), messages) for name in CASES}
    assert wrong(right, answers, {}) == []
    assert right["applied"] == len(messages) == 300


def test_a_module_is_stale_only_if_it_changed_after_it_was_compiled(tmp_path: Path) -> None:
    fold, clocks, fresh = (tmp_path / "core" / name for name in ("fold.py", "clocks.py", "new.py"))
    fold.parent.mkdir()
    for module in (fold, clocks, fresh):
        module.touch()
        os.utime(module, (1_000, 1_000))
    for module, at in ((fold, 999), (clocks, 1_000)):
        compiled = module.with_suffix(".cpython-311-x86_64-linux-gnu.so")
        compiled.touch()
        os.utime(compiled, (at, at))
    assert stale(tmp_path) == [fold]


def test_the_garbage_collector_is_set_as_in_the_worker() -> None:
    assert instructions.GC_THRESHOLDS == worker.GC_THRESHOLDS
