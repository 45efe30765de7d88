"""The benchmarks: `make bench`, or `python -m tests.bench [NAME...] [--runs N]`.

Prints one table, and writes it to target/bench.json with the values of every run. What a
benchmark computes is checked against what it must be, and a wrong answer ends it with exit code
1; how long it took never does.
"""

import argparse
import json
import logging
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from typing import Any, Final, NamedTuple

from tests.bench.machine import Others, machine
from tests.bench.readings import HEAD, Figure, Reading, figures
from tests.brokers import ROOT
from tests.conftest import missing

OUT: Final = ROOT / "target" / "bench.json"

Measure = Callable[[int], Iterable[Reading]]

NEEDS: Final[Mapping[str, str | None]] = {
    "engine": None,
    "worker": "kafka",
    "memory": None,
    "restore": "kafka",
    "latency": "kafka",
    "scrape": None,
}
"""The benchmarks, each a module of this folder, and the part it cannot do without."""


class Benchmark(NamedTuple):
    """One benchmark that can run here."""

    name: str
    what: str
    measure: Measure


def benchmark(name: str) -> Benchmark:
    """The benchmark of this name; the first line of its module says what it measures."""
    module = import_module(f"tests.bench.{name}")
    return Benchmark(name, str(module.__doc__).partition("\n")[0], module.measure)


def main(arguments: list[str]) -> int:
    """Run what was asked for; returns the exit code."""
    parser = argparse.ArgumentParser("python -m tests.bench")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NEEDS))
    parser.add_argument("--runs", type=int, default=3, help="runs of each; default 3")
    asked = parser.parse_args(arguments)
    names = asked.names or list(NEEDS)
    unknown = set(names) - set(NEEDS)
    if unknown or asked.runs < 1:
        parser.error(f"expected names out of {', '.join(NEEDS)} and at least one run")
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    return run([benchmark(name) for name in names if not left_out(name)], asked.runs)


def left_out(name: str) -> bool:
    """Whether a part is missing that the benchmark needs; says so."""
    part = NEEDS[name]
    reason = missing(part) if part else ""
    if reason:
        print(f"{name}: {reason}")
    return bool(reason)


def run(benchmarks: list[Benchmark], runs: int) -> int:
    """Run benchmarks one after the other, print the table, write the file."""
    others = Others.watched()
    found, wrong = [], 0
    for number, each in enumerate(benchmarks, 1):
        print(f"[{number}/{len(benchmarks)}] {each.name}: {each.what}", file=sys.stderr)
        try:
            found += figures(each.measure(runs))
        except AssertionError as error:
            wrong = 1
            print(f"{each.name}: wrong answer: {error}", file=sys.stderr)
    where = machine()
    if others is not None:
        where["others"] = f"kept {others.cores():.1f} cores busy meanwhile"
    ...
    return wrong


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
