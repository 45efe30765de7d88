"""Each of the 47 kinds of bad input gets exactly what the corpus says, everywhere it shows."""

import ast
from collections import Counter
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import pytest

from streams.kafka.journal import Output
from streams.metrics.catalogue import VALUES
from streams.wire.deadletters import POINTER_BYTES, PREFIX, details
from streams.wire.payloads import PAYLOADS
from streams.wire.reasons import MAX_VALUE_BYTES, REASONS, Reason
from tests.brokers import ROOT
from tests.contract import bad_input
from tests.contract.bad_input import ASIDE, Desk, Message
from tests.contract.schema_files import validator

CASES = bad_input.cases()
PLAYED = [case for case in CASES if "records" in case]
ELSEWHERE = [case["elsewhere"] for case in CASES if "elsewhere" in case]


def test_every_row_has_a_case() -> None:
    assert {case["row"] for case in CASES} == set(range(1, bad_input.ROWS + 1))
    assert len(PLAYED) + len(ELSEWHERE) == len(CASES)


@pytest.mark.parametrize("place", ELSEWHERE)
def test_what_is_tested_elsewhere_is(place: str) -> None:
    path, _, name = place.partition("::")
    tests = ast.walk(ast.parse((ROOT / path).read_text()))
    assert name in {test.name for test in tests if isinstance(test, ast.FunctionDef)}


@pytest.mark.parametrize("case", PLAYED, ids=lambda case: f"{case['row']}-{case['input'][:50]}")
def test_it_is_what_the_corpus_says(
    case: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(event_type: str) -> None:
        def fails(value: Any, _: Any) -> Any:
            raise KeyError(value["note"])

        kind = replace(PAYLOADS[event_type], read=fails)
        monkeypatch.setitem(cast("dict[str, Any]", PAYLOADS), event_type, kind)

    desk = bad_input.desk(case, tmp_path)
    sent = bad_input.played(case, desk, breaks)
    found = desk.report()
    validator("report.json").validate(found)
    _hold_the_account(found["events"], sent)
    _hold_the_letters(desk, sent)
    _hold_the_counters(desk, sent)
    assert {name: n for name, n in found["events"]["flags"].items() if n} == case.get("flags", {})
    for path, expected in case.get("report", {}).items():
        assert bad_input.at(found, path) == expected, path
    assert desk.said() == case.get("says", desk.said())
    series = desk.metrics()
    assert case.get("metrics", {}).items() <= series.items()


def _hold_the_account(events: dict[str, Any], sent: list[Message]) -> None:
    """Nothing vanishes: what was read is what became of it."""
    fates = Counter(message.fate.partition(" ")[0] for message in sent)
    assert events["read"] == len(sent)
    assert {name: events[name] for name in ("applied", "duplicate", "late")} == {
        name: fates[name] for name in ("applied", "duplicate", "late")
    }
    for name in ("ignored", "rejected"):
        assert events[name] == _reasons(sent, name)


def _reasons(sent: list[Message], outcome: str) -> dict[str, int]:
    fates = (message.fate.partition(" ") for message in sent)
    return dict(Counter(reason for found, _, reason in fates if found == outcome))


def _hold_the_letters(desk: Desk, sent: list[Message]) -> None:
    """Each refused or late record has exactly one letter, as it came and with the reason."""
    topics = desk.config.topics
    for outcome, topic in zip(ASIDE, (topics.late, topics.dead_letters), strict=True):
        aside = [
            (message, record.offset)
            for message, record in zip(sent, desk.sent, strict=True)
            if message.fate.startswith(outcome)
        ]
        letters = desk.written(topic)
        assert len(letters) == len(aside)
        for letter, (message, offset) in zip(letters, aside, strict=True):
            said = details(letter.headers)
            validator("dead-letter.json").validate(said)
            assert f"{outcome} {said['reason']}" in {message.fate, f"{message.fate} late"}
            assert (said["topic"], said["partition"]) == (topics.source, "0")
            assert said["offset"] == str(offset)
            assert ("fault" in said) == (said["reason"] == Reason.HANDLER)
            _hold_the_original(letter, message, said)


def _hold_the_original(letter: Output, message: Message, said: Any) -> None:
    names = [name.encode(errors="surrogateescape") for name, _ in message.headers]
    own = [(name, content) for name, content in letter.headers if not name.startswith(PREFIX)]
    assert [name for name, _ in own] == [n.decode(errors="backslashreplace") for n in names]
    assert [content for _, content in own] == [content for _, content in message.headers]
    assert letter.key == message.key
    value = message.value
    if value is not None and len(value) > MAX_VALUE_BYTES:
        assert said["sha256"] == sha256(value).hexdigest()
        value = value[:POINTER_BYTES]
    elif (letter.key, value) == (None, None):
        assert said["null"] == "value"
        value = b""
    assert letter.value == value


def _hold_the_counters(desk: Desk, sent: list[Message]) -> None:
    series = desk.metrics()
    outcomes = Counter(message.fate.partition(" ")[0] for message in sent)
    for outcome in VALUES["outcome"]:
        assert series[f'events_total{{outcome="{outcome}"}}'] == outcomes[outcome]
    assert series["late_events_total"] == outcomes["late"]
    refused = _reasons(sent, "rejected")
    for reason in REASONS:
        assert series.get(f'dead_letters_total{{reason="{reason}"}}', 0) == refused.get(reason, 0)
    flags = desk.report()["events"]["flags"]
    for flag in VALUES["flag"]:
        assert series[f'events_flagged_total{{flag="{flag}"}}'] == flags.get(flag, 0)
