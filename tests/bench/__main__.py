"""The benchmarks: `make bench`, or `python -m tests.bench [NAME...] [--runs N]`.

Prints one table, and writes it to target/bench.json with the values of every run. What a
benchmark computes is checked against what it must be, and a wrong answer ends it with exit code
1; how long it took never does.
"""

import argparse
import json
import logging
import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Final, NamedTuple

from tests.bench.machine import Others, machine
from tests.bench.readings import HEAD, Figure, Reading, figures
from tests.brokers import ROOT
from tests.conftest import missing

OUT: Final = ROOT / "target" / "bench.json"

Measure = Callable[[int], Iterable[Reading]]

NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "engine": (),
    "catalogue": (),
    "worker": ("kafka",),
    "workers": ("kafka",),
    "labels": (),
    "memory": (),
    "restore": ("kafka",),
    "latency": ("kafka",),
    "detection": ("kafka",),
    "paging": ("kafka", "prometheus"),
    "scrape": (),
}
"""The benchmarks, each a module of this folder, and the parts it cannot do without."""


class Benchmark(NamedTuple):
    """One benchmark."""

    name: str
    what: str
    """In a line."""
    measure: Measure


class Outcome(NamedTuple):
    """What some benchmarks came to."""

    figures: list[Figure]
    wrong: dict[str, str]
    """By benchmark whose answer was wrong, or that failed: what was found."""


def main(arguments: list[str]) -> int:
    """Run what was asked for; returns the exit code."""
    parser = argparse.ArgumentParser("python -m tests.bench")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NEEDS))
    parser.add_argument("--runs", type=int, default=3, help="how often each runs; default 3")
    asked = parser.parse_args(arguments)
    names = asked.names or list(NEEDS)
    if not set(names) <= set(NEEDS) or asked.runs < 1:
        parser.error(f"expected names out of {', '.join(NEEDS)}, and at least one run")
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    left_out = {name: reason for name in names if (reason := why_not(name))}
    chosen = [benchmark(name) for name in names if name not in left_out]
    others = Others.watched()
    outcome = run(chosen, asked.runs)
    where = machine() | ({} if others is None else {"others": others.text()})
    lines = [f"{name:<10} {value}" for name, value in where.items()]
    lines += ["", HEAD, *(figure.row() for figure in outcome.figures), ""]
    lines += [f"{each.name:<10} {each.what}" for each in chosen]
    lines += [f"{name:<10} {reason}" for name, reason in left_out.items()]
    lines += [f"{name:<10} FAILED: {found}" for name, found in outcome.wrong.items()]
    print("\n".join(lines))
    write(OUT, where, outcome)
    return 1 if outcome.wrong else 0


def benchmark(name: str) -> Benchmark:
    """The benchmark of this name; the first line of its module says what it measures."""
    module = import_module(f"tests.bench.{name}")
    return Benchmark(name, str(module.__doc__).partition("\n")[0], module.measure)


def why_not(name: str) -> str:
    """Why a benchmark cannot run here and what to do; empty when it can."""
    return "; ".join(reason for part in NEEDS[name] if (reason := missing(part)))


def run(benchmarks: Iterable[Benchmark], runs: int) -> Outcome:
    """Run benchmarks one after the other; what one came to before its wrong answer is dropped."""
    outcome = Outcome([], {})
    for each in benchmarks:
        print(f"{each.name} ...", file=sys.stderr)
        try:
            outcome.figures.extend(figures(each.measure(runs)))
        except AssertionError as error:
            outcome.wrong[each.name] = str(error)
    return outcome


def write(path: Path, where: Mapping[str, str], outcome: Outcome) -> None:
    """The same as JSON."""
    found = [figure.as_json() for figure in outcome.figures]
    path.parent.mkdir(exist_ok=True)
    written = {"machine": where, "figures": found, "wrong": outcome.wrong}
    path.write_text(json.dumps(written, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
