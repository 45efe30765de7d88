"""The page docs/reliability.md: what is promised, how it is tested, and what the runs have shown.

    python -m tests.reliability keep    takes figures of runs (target/reliability) over into
                                        docs/reliability.json, with their dates and machines
    python -m tests.reliability         prints the page made of it

`make reliability` does both. A promise without figures of a run names the tests that hold it.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import yaml

from tests.figures import KEPT, ROOT, machine

FIGURES: Final = ROOT / "docs" / "reliability.json"
CORPUS: Final = ROOT / "tests" / "contract" / "bad-input.yml"

MUTANTS: Final = ROOT / "target" / "mutants.json"
"""Where `make mutate` leaves its figures."""

Runs = Mapping[str, Mapping[str, Any]]
"""The figures of runs by their names."""


@dataclass(frozen=True, slots=True)
class Promise:
    """One line of the table."""

    says: str
    how: str
    command: str
    run: str = ""
    """Whose figures it shows; without a run it has none, and is left out until there was one."""
    figures: Callable[[Mapping[str, Any]], str] = lambda _: ""


def _chaos(one: Mapping[str, Any]) -> str:
    done = ", ".join(f"{n} x {name}" for name, n in one["done"].items())
    return (
        f"{one['records']:,} records, {one['events']:,} events, {one['tickets']:,} tickets, "
        f"{one['announced']:,} transitions, {one['workers']} workers, {one['partitions']} "
        f"partitions, {one['minutes']} minutes, seed {one['plan']['seed']}; {done}: "
        f"**{one['lost']} lost, {one['doubled']} doubled, {one['announced_again']} announced "
        f"again, {len(one['wrong'])} otherwise wrong**"
    )


def _model(one: Mapping[str, Any]) -> str:
    rules = one["rules"]
    deaths = sum(number for name, number in rules.items() if name.startswith("dies"))
    return (
        f"{one['steps']:,} steps that ran in {one['lives']:,} lives, of them {deaths:,} deaths, "
        f"{rules.get('stands_still', 0):,} workers that stood still, {rules.get('wakes', 0):,} "
        "that woke up"
    )


def _crashes(one: Mapping[str, Any]) -> str:
    about = {"date", "machine", "load"}
    points = {name: n for name, n in one.items() if name not in about}
    return f"{sum(points.values()):,} crashes: " + ", ".join(
        f"{n:,} {name}" for name, n in sorted(points.items())
    )


def _soak(one: Mapping[str, Any]) -> str:
    kept = ""
    if "kept_first" in one:
        kept = f" for {one['kept_first']:,} to {one['kept_last']:,} tickets, agents and requesters"
    return (
        f"{one['minutes']:g} minutes, {one['produced']:,} records produced and {one['judged']:,} "
        f"judged; memory {one['rss_first']:g} to {one['rss_last']:g} MB "
        f"({one['rss_per_minute']:+g} MB a minute after the warm-up){kept}; "
        f"{one['files_first']} to {one['files_last']} open files; event loop late by "
        f"{one['lag_p50']:g} ms (p50), {one['lag_p99']:g} ms (p99), {one['lag_max']:g} ms (max)"
    )


def _mutants(one: Mapping[str, Any]) -> str:
    return (
        f"{one['found']:,} of {one['tried']:,} mutants found ({one['found'] / one['tried']:.1%}; "
        f"95 % interval {one['low']:.1%} to {one['high']:.1%}), drawn from {one['known']:,} with "
        f"seed {one['seed']}"
    )


def _corpus(_: Mapping[str, Any]) -> str:
    return f"{len(yaml.safe_load(CORPUS.read_text())):,} kinds of bad input"


PROMISES: Final = (
    Promise(
        "Exactly once: nothing lost, nothing counted twice, each transition announced once",
        "Three brokers of Apache Kafka; workers killed, ended, held up past their session; "
        "brokers killed and ended; writes refused; a disk that takes no more. Ticket by ticket, "
        "partition by partition, against one engine without harm",
        "make chaos",
        "chaos-kafka",
        _chaos,
    ),
    Promise(
        "The same, in every run of CI; each dead letter once, each stop within its bound",
        "The short form, letter by letter as well",
        "pytest tests/chaos/test_havoc.py::test_three_brokers_lose_nothing_and_count_nothing_twice",
        "chaos-kafka-short",
        _chaos,
    ),
    Promise(
        "At least once (brokers without transactions): state and sums still exact, a transition "
        "perhaps again with the same id",
        "The embedded broker; workers killed and ended",
        "make chaos",
        "chaos-embedded",
        _chaos,
    ),
    Promise(
        "The same, in every run of CI",
        "The short form",
        "pytest tests/chaos/test_havoc.py::"
        "test_the_embedded_broker_loses_nothing_and_says_the_same_twice_at_most",
        "chaos-embedded-short",
        _chaos,
    ),
    Promise(
        "A transaction costs nothing but time that runs out, whose coordinator moves, or that a "
        "source leaves open",
        "Apache Kafka, one and three brokers; a worker that is stopped in the middle of a commit",
        "pytest tests/kafka/test_transactions_end.py tests/kafka/test_open_transactions.py",
    ),
    Promise(
        "Whatever befalls workers, they end where the reference model is",
        "A state machine of hypothesis in both modes: rebalances, deaths at any await, zombies, "
        "duplicates, contradictions, late events, timers, other promises after a start or a signal",
        "pytest tests/chaos/test_several_workers.py",
        "model",
        _model,
    ),
    Promise(
        "A crash at any await, and another one after it, changes no figure and no output",
        "In process, in both modes, after every suspension between receive and commit",
        "pytest tests/chaos/test_crash_points.py",
        "crashes",
        _crashes,
    ),
    Promise(
        "Under steady load every record is judged and no file stays open; memory and the event "
        "loop are shown",
        "One worker on Apache Kafka, a simulated support team, metrics scraped",
        "make soak",
        "soak",
        _soak,
    ),
    Promise(
        "The same, in every run of CI",
        "Two minutes of it",
        "pytest tests/chaos/test_soak.py",
        "soak-short",
        _soak,
    ),
    Promise(
        "Bad input goes where it belongs, with its reason, and stops nothing",
        "A corpus with one case for each kind, and shares of 1, 10 and 100 % of the traffic",
        "pytest tests/contract/test_bad_input.py tests/contract/test_bad_traffic.py",
        figures=_corpus,
    ),
    Promise(
        "Order, splits, restarts and doubles of events change no answer; nothing vanishes",
        "Properties against a reference model that shares no code with the engine",
        "pytest tests/laws/test_laws.py tests/laws/test_promises.py tests/laws/test_sums.py",
    ),
    Promise(
        "What was announced changes only visibly",
        "Properties: announced less retracted is what is true",
        "pytest tests/laws/test_announcements.py",
    ),
    Promise(
        "The tests notice when the engine is wrong",
        "Mutation testing of the modules that decide numbers",
        "make mutate",
        "mutants",
        _mutants,
    ),
)


def keep() -> None:
    """Take the figures of new runs over."""
    kept = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    for path in sorted(KEPT.glob("*.json")):
        kept[path.stem] = json.loads(path.read_text())
    if MUTANTS.exists():
        found = json.loads(MUTANTS.read_text())
        told = {key: value for key, value in found.items() if isinstance(value, int | float)}
        when = datetime.fromtimestamp(MUTANTS.stat().st_mtime, UTC)
        kept["mutants"] = {"date": f"{when:%Y-%m-%d}", "machine": machine(), **told}
    FIGURES.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")


def page() -> str:
    """The page."""
    runs: Runs = json.loads(FIGURES.read_text())
    return "\n".join([*_head(), *_table(runs), *_recoveries(runs), *_machines(runs)]) + "\n"


def _head() -> Iterator[str]:
    yield "# Reliability"
    yield ""
    yield (
        "What is promised, how it is tested, and what the runs have shown. This page is made by\n"
        "`make reliability` of [reliability.json](reliability.json), where the runs leave their\n"
        "figures; the seeds repeat a run's traffic and its blows, not the instants at which they\n"
        "land. What workers do with events that cannot be used is in the [runbook](runbook.md),\n"
        "what they let in is in [security](security.md)."
    )
    yield ""


def _table(runs: Runs) -> Iterator[str]:
    yield "| promise | how tested | figures | command |"
    yield "|---|---|---|---|"
    for one in PROMISES:
        if not one.run or one.run in runs:
            shown = one.figures(runs.get(one.run, {}))
            yield f"| {one.says} | {one.how} | {shown} | `{one.command}` |"


def _recoveries(runs: Runs) -> Iterator[str]:
    yield ""
    yield "## Recovery"
    yield ""
    yield (
        "Seconds from a blow until all that had been sent by then was durable (of a worker that\n"
        "ends: by the time it was gone), while other blows came. The session timeout is 6 s; the\n"
        "times hold that a dead worker is missed, the rebalance, the restore and the backlog."
    )
    yield ""
    yield "| run | blow | times | p50 | p99 | max |"
    yield "|---|---|---|---|---|---|"
    for name, run in sorted(runs.items()):
        for blow, took in run.get("recovery_s", {}).items():
            figures = " | ".join(f"{took[key]:.1f}" for key in ("p50", "p99", "max"))
            yield f"| {name} | {blow} | {took['times']} | {figures} |"


def _machines(runs: Runs) -> Iterator[str]:
    yield ""
    yield "## Runs"
    yield ""
    yield (
        "The load is the average of the last five minutes of a run: above the number of cores,\n"
        "other programs held it up, and its times are theirs, too."
    )
    yield ""
    yield "| run | date | machine | load |"
    yield "|---|---|---|---|"
    for name, run in sorted(runs.items()):
        load = f"{run['load']:g}" if "load" in run else "not noted"
        yield f"| {name} | {run['date']} | {run['machine']} | {load} |"


def main(arguments: list[str]) -> None:
    """The command."""
    if arguments == ["keep"]:
        keep()
    else:
        print(page(), end="")


if __name__ == "__main__":
    main(sys.argv[1:])
