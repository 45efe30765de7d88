"""Deskpulse and its peers on the same events: `make bench-peers`.

    python -m tests.bench.peers [--events N] [--runs N] [--only NAME,...] [--restore]

Each program in turn, one worker process, on one topic of 4 partitions that is loaded once; then
all of them again, until each had its runs. Prints one table and writes target/bench-peers.json.
Every answer is compared with one that was computed from the log without any of the programs;
a wrong answer ends it with exit code 1; how long anything took never does.
"""

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from tests.bench.cluster import kafka
from tests.bench.machine import Others, machine
from tests.bench.peers import programs, reference, results, tools, topics
from tests.bench.peers.programs import PROGRAMS, Program
from tests.bench.peers.results import Entry, Restore
from tests.bench.peers.workload import Row, events, rows
from tests.brokers import ROOT, Broker
from tests.conftest import SHARED, missing

OUT: Final = ROOT / "target" / "bench-peers.json"
LOG: Final = SHARED / "data" / "servicenow_uci" / "incident_event_log.zip"
RESTORED: Final = 1_000_000
"""Tickets of the restore."""


class Asked(NamedTuple):
    """What was asked for."""

    chosen: Sequence[Program]
    events: int
    runs: int
    restore: bool


class Outcome(NamedTuple):
    """What the programs came to."""

    entries: list[Entry]
    restores: list[Restore]
    wrong: dict[str, str]
    """By program whose answer was wrong, or that failed: what was found."""


def main(arguments: list[str]) -> int:
    """Run what was asked for; returns the exit code."""
    asked = _asked(arguments)
    reason = _why_not(asked)
    if reason:
        print(reason, file=sys.stderr)
        return 1
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    for program in asked.chosen:
        program.prepare()
    others = Others.watched()
    with kafka() as broker:
        outcome = _compare(broker, rows(LOG), asked)
        if asked.restore:
            outcome.restores.extend(_restores(broker, asked.runs, outcome.wrong))
    where = machine() | ({} if others is None else {"others": others.text()})
    _tell(where, outcome)
    _write(OUT, where, asked, outcome)
    return 1 if outcome.wrong else 0


def _asked(arguments: list[str]) -> Asked:
    names = [program.name for program in PROGRAMS]
    parser = argparse.ArgumentParser("python -m tests.bench.peers")
    parser.add_argument("--events", type=int, default=1_000_000, help="default 1,000,000")
    parser.add_argument("--runs", type=int, default=3, help="of each program; default 3")
    parser.add_argument("--only", default=",".join(names), help=f"some of {', '.join(names)}")
    parser.add_argument(
        "--restore", action="store_true", help="also restore 1,000,000 tickets from a changelog"
    )
    read = parser.parse_args(arguments)
    only = read.only.split(",")
    if not set(only) <= set(names) or read.runs < 1 or read.events < 1:
        parser.error(f"expected names out of {', '.join(names)}, runs and events above 0")
    chosen = [program for program in PROGRAMS if program.name in only]
    return Asked(chosen, read.events, read.runs, read.restore)


def _why_not(asked: Asked) -> str:
    reasons = [missing("kafka"), missing("shared")]
    if asked.restore or any(program.name.startswith("kstreams") for program in asked.chosen):
        reasons.append(tools.missing())
    return "\n".join(reason for reason in reasons if reason)


def _compare(broker: Broker, log: Sequence[Row], asked: Asked) -> Outcome:
    sizes = {program.name: min(asked.events, program.most or asked.events) for program in PROGRAMS}
    sources = _loaded(broker, log, {sizes[program.name] for program in asked.chosen})
    answers = {
        (size, ours): reference.expected(
            log, size, reference.of_deskpulse if ours else reference.of_peers
        )
        for size in sources
        for ours in (False, True)
    }
    entries = [Entry(p.name, p.label, p.durability, sizes[p.name]) for p in asked.chosen]
    wrong: dict[str, str] = {}
    for number in range(1, asked.runs + 1):
        for program, entry in zip(asked.chosen, entries, strict=True):
            print(f"run {number}: {program.name} ...", file=sys.stderr)
            try:
                found = program.run(broker, sources[entry.events], entry.events)
                differs = reference.differences(answers[entry.events, program.is_ours], found)
                assert not differs, differs
            except AssertionError as error:
                wrong[program.name] = str(error)
            else:
                entry.runs.append(found)
            finally:
                topics.drop_all_but(broker.bootstrap, sources.values())
    return Outcome(entries, [], wrong)


def _loaded(broker: Broker, log: Sequence[Row], sizes: set[int]) -> dict[int, str]:
    """A topic for each size."""
    sources = {}
    for size in sorted(sizes):
        print(f"loading {size:,} events ...", file=sys.stderr)
        sources[size] = f"events-{size}"
        loaded = topics.load(broker.bootstrap, sources[size], events(log, size))
        assert loaded == size, f"loaded {loaded} of {size} events"
    return sources


def _restores(broker: Broker, runs: int, wrong: dict[str, str]) -> list[Restore]:
    """The same changelog for each program and run."""
    app, empty = "restored", "no-events"
    changelog = programs.changelog_of(app)
    print(f"loading {RESTORED:,} tickets ...", file=sys.stderr)
    topics.create(broker.bootstrap, empty)
    tickets = topics.finished_tickets(RESTORED)
    topics.load(broker.bootstrap, changelog, tickets, compacted=True)
    restores = {
        Restore(f"{programs.KAFKA_STREAMS}, in memory", RESTORED): partial(
            programs.restored_by_kafka_streams, broker, empty, app, RESTORED
        ),
        Restore(programs.PLAIN, RESTORED): partial(
            programs.restored_by_plain, broker, changelog, RESTORED
        ),
    }
    for number in range(1, runs + 1):
        for restore, run in restores.items():
            print(f"restore {number}: {restore.label} ...", file=sys.stderr)
            try:
                found = run()
                assert found["tickets"] == RESTORED, found
            except AssertionError as error:
                wrong[f"restore, {restore.label}"] = str(error)
            else:
                restore.runs.append(found)
    return list(restores)


def _tell(where: dict[str, str], outcome: Outcome) -> None:
    lines = [f"{name:<10} {value}" for name, value in where.items()]
    lines += ["", *results.table(outcome.entries, outcome.restores), ""]
    lines += ["x: times as many events per second / per CPU second as that program (medians)"]
    lines += [f"{name} FAILED: {found}" for name, found in outcome.wrong.items()]
    print("\n".join(lines))


def _write(path: Path, where: dict[str, str], asked: Asked, outcome: Outcome) -> None:
    written: dict[str, Any] = {"machine": where, "versions": tools.versions()}
    written |= {"events": asked.events, "runs": asked.runs}
    written |= results.as_json(outcome.entries, outcome.restores) | {"wrong": outcome.wrong}
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(written, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
