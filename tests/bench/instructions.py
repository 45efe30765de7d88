"""Instructions per event of a fixed run of the engine, and what has changed since they were kept.

    python -m tests.bench.instructions [--update]

Unlike a time, the number of instructions hardly depends on what else the machine does, so a few
per cent more are a fact. The run is decode, fold and cut, without Kafka, of events of the
simulated desk, under valgrind's callgrind; what a run without any event takes is subtracted.
The figures kept are in docs/instructions.json, for each Python, machine and form of the engine;
`--update` keeps the new ones. A change of them never fails, a wrong answer does.
"""

import argparse
import gc
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from streams.config import load
from streams.core.processor import Processor
from streams.core.settings import Settings
from streams.core.windows import COUNT
from streams.simulate import Scenario, events_only
from streams.wire import packing
from streams.wire.codec import dumps
from tests.bench.engine import BATCH, CUT_AT, Message, fold
from tests.bench.peers.ours import BASIC, WHOLE
from tests.brokers import ROOT
from tests.conftest import form

KEPT: Final = ROOT / "docs" / "instructions.json"
CASES: Final = {"basic": BASIC, "whole": WHOLE}
"""Without promises and windows; and with all windows and three clocks in working time."""
NOTHING: Final = "nothing"
"""The case that folds no event: all that comes before the first one."""

EVENTS: Final = 10_000
DESK: Final = Scenario(start_ms=1_767_610_800_000, scale=4_000, warm_up_days=0)
"""Ten times the demo's desk from Monday, 2026-01-05 on: its night, its morning, its opening."""
GC_THRESHOLDS: Final = (100_000, 10, 1_000_000)
"""As in the worker."""

Entry = dict[str, Any]
"""What is kept for one Python, machine and form: these three, and `per_event` by case."""
_WHERE: Final = ("python", "machine", "form")


def main(arguments: list[str]) -> int:
    """Count, compare and perhaps keep; returns the exit code."""
    parser = argparse.ArgumentParser("python -m tests.bench.instructions")
    parser.add_argument("--update", action="store_true", help=f"write {KEPT.relative_to(ROOT)}")
    update = parser.parse_args(arguments).update
    if shutil.which("valgrind") is None:
        print("there is no valgrind here: apt-get install valgrind", file=sys.stderr)
        return 1
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {"answers": {}, "figures": []}
    with TemporaryDirectory() as folder:
        right = prepare(Path(folder))
        counted, answers = measure(Path(folder))
    entry = where() | {"per_event": per_event(counted, EVENTS)}
    print("\n".join(comparison(kept["figures"], entry)))
    found = wrong(right, answers, {} if update else kept["answers"])
    for line in found:
        print(f"WRONG: {line}", file=sys.stderr)
    if update and not found:
        written = {"events": EVENTS, "answers": answers, "figures": kept_with(kept, entry)}
        KEPT.write_text(json.dumps(written, indent=2) + "\n")
    return 1 if found else 0


def where() -> Entry:
    """What the figures depend on: another Python or machine has other instructions."""
    python = ".".join(platform.python_version_tuple()[:2])
    return {"python": python, "machine": platform.machine(), "form": form()}


def prepare(folder: Path) -> dict[str, int]:
    """Write the events and the settings of each case; returns what any case must find."""
    for name, setup in CASES.items():
        (folder / name).mkdir()
        (folder / name / "deskpulse.yml").write_text(setup.settings)
        if setup.promises:
            (folder / name / "sla.yml").write_text(setup.promises)
    events = list(islice(events_only(DESK), EVENTS))
    lines = [event["subject"].encode() + b"\t" + dumps(event) for event in events]
    (folder / "events").write_bytes(b"\n".join(lines))
    created = sum(event["type"] == "ticket.created" for event in events)
    tickets = len({event["subject"] for event in events})
    return {"applied": EVENTS, "tickets": tickets, "created": created}


def measure(folder: Path) -> tuple[dict[str, int], dict[str, Any]]:
    """Instructions by case, that of nothing included, and the answers of the cases."""
    # Once without valgrind: what it leaves are the compiled modules (`__pycache__`).
    _child((), folder, NOTHING)
    counted, answers = {}, {}
    for name in (NOTHING, *CASES):
        print(f"{name} ...", file=sys.stderr)
        valgrind = ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null")
        done = _child(valgrind, folder, name)
        counted[name] = collected(done.stderr)
        if name != NOTHING:
            answers[name] = json.loads(done.stdout)
    return counted, answers


def _child(under: Sequence[str], folder: Path, case: str) -> subprocess.CompletedProcess[str]:
    command = [*under, sys.executable, "-m", "tests.bench.instructions", str(folder), case]
    # Sets have the same order in every run.
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    return subprocess.run(
        command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )


def collected(said: str) -> int:
    """The number of instructions, out of what callgrind says in the end."""
    found = re.search(r"Collected : (\d+)", said)
    assert found is not None, said[-2000:]
    return int(found[1])


def per_event(counted: Mapping[str, int], events: int) -> dict[str, int]:
    """Instructions per event by case, without those of a run that folds nothing."""
    return {
        name: round((number - counted[NOTHING]) / events)
        for name, number in counted.items()
        if name != NOTHING
    }


def comparison(kept: Iterable[Entry], entry: Entry) -> list[str]:
    """The table: each case now, as it was kept, and the change."""
    before: Mapping[str, int] = next((one["per_event"] for one in kept if _same(one, entry)), {})
    lines = [", ".join(f"{name} {entry[name]}" for name in _WHERE)]
    lines += [f"{'instructions per event':<24}{'now':>12}{'kept':>12}{'change':>10}"]
    for name, now in entry["per_event"].items():
        was = before.get(name)
        then, change = ("-", "-") if was is None else (f"{was:,}", f"{now / was - 1:+.1%}")
        lines.append(f"{name:<24}{now:>12,}{then:>12}{change:>10}")
    return lines


def kept_with(kept: Mapping[str, Any], entry: Entry) -> list[Entry]:
    """The kept figures with this one in the place of that of the same Python, machine, form."""
    others = [one for one in kept["figures"] if not _same(one, entry)]
    return sorted([*others, entry], key=lambda one: [one[name] for name in _WHERE])


def _same(one: Entry, other: Entry) -> bool:
    return all(one[name] == other[name] for name in _WHERE)


def wrong(
    right: Mapping[str, int], answers: Mapping[str, Any], kept: Mapping[str, Any]
) -> list[str]:
    """What the cases found that the events do not say, or that is not what was kept."""
    found = []
    for case, answer in answers.items():
        expected = {**kept.get(case, {}), **right}
        found += [
            f"{case}: {answer.get(name)} {name}, expected {value}"
            for name, value in expected.items()
            if answer.get(name) != value
        ]
    return found


def engine(settings: Settings, messages: Sequence[Message]) -> dict[str, int]:
    """Fold all messages, cut as the worker does; returns the answers."""
    processor = Processor(settings, packing)
    facts, said = Counter[str](), Counter[str]()
    for offset in range(0, len(messages), BATCH):
        fold(processor, messages[offset : offset + BATCH], offset)
        if processor.pending >= CUT_AT or offset + BATCH >= len(messages):
            cut = processor.cut()
            said.update(one.transition for one in cut.transitions)
            for (kind, _, what), number in cut.totals.sums.items():
                if what == COUNT:
                    facts[kind] += number
    return {
        "applied": processor.outcomes["applied", ""],
        "tickets": len(processor.records),
        **dict(sorted(facts.items())),
        **dict(sorted(said.items())),
    }


def messages_of(folder: Path) -> list[Message]:
    """The events that were prepared, by their keys."""
    lines = (folder / "events").read_bytes().splitlines()
    return [(key, value) for key, _, value in (line.partition(b"\t") for line in lines)]


def settings_of(folder: Path, case: str) -> Settings:
    """The settings of a case that were prepared."""
    return load(folder / case).engine


def child(folder: Path, case: str) -> None:
    """What is counted: prints the answers of a case as JSON."""
    messages = messages_of(folder)
    settings = {name: settings_of(folder, name) for name in CASES}
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    if case != NOTHING:
        print(json.dumps(engine(settings[case], messages)))


if __name__ == "__main__":
    if len(sys.argv) == 3:
        child(Path(sys.argv[1]), sys.argv[2])
    else:
        sys.exit(main(sys.argv[1:]))
