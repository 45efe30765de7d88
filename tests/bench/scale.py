"""What many partitions and workers need, computed from what one worker was measured to need.

    python -m tests.bench.scale [--partitions N] [--NAME VALUE ...] [--write]

What was measured is taken from target/bench.json (`make bench`) unless it is given; sizes of
events and records are those of tickets of six events made here; what is configured is the
default. `--write` puts the tables into docs/scale.md.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from streams.config import Config, estimate_series
from streams.core.processor import Processor
from streams.kafka import topics_file
from streams.metrics.catalogue import CLOSED, families
from streams.simulate import bulk
from streams.wire import packing
from tests.bench.__main__ import OUT
from tests.bench.engine import PER_TICKET, fold
from tests.brokers import ROOT

PAGE: Final = ROOT / "docs" / "scale.md"
MEASURED: Final = {
    "per_core": ("worker", "events/CPU s"),
    "ticket_bytes": ("memory.ticket", "bytes RSS/open ticket"),
    "restore_us": ("restore", "us CPU/ticket"),
}
"""Inputs that are figures of target/bench.json, by name and unit."""
SCRAPE_S: Final = 15
"""Prometheus' interval (deploy/prometheus/prometheus.yml)."""
SAMPLE: Final = 1_000
"""Tickets whose sizes are taken."""
_TABLES: Final = re.compile(r"(<!-- tables -->\n).*(<!-- end -->)", re.DOTALL)


MEANINGS: Final = {
    "partitions": "partitions of the source topic",
    "workers": "workers, one core each",
    "tickets": "tickets kept, of six events each",
    "events": "events per second, over all partitions",
    "per_core": "events that a worker makes durable in a second of CPU",
    "ticket_bytes": "bytes of RSS per open ticket",
    "restore_us": "microseconds of CPU to restore a ticket",
    "event_bytes": "bytes of an event, key and value",
    "record_bytes": "bytes of a changelog record, key and value",
}
"""What each of `Inputs` is; all are options of the command."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the calculation starts from (`MEANINGS`)."""

    per_core: float
    ticket_bytes: float
    restore_us: float
    event_bytes: float
    record_bytes: float
    partitions: float = 1_000
    workers: float = 100
    tickets: float = 10_000_000
    events: float = 1_000_000


class Need(NamedTuple):
    """One row of the result."""

    what: str
    value: str
    how: str


def needs(given: Inputs, config: Config) -> Iterator[Need]:
    """What it takes; times are of one core per worker."""
    commits = 1_000 / config.commit_interval
    share = given.tickets / given.workers
    ratio, segment = _cleaning(config)
    state = given.tickets * given.record_bytes
    restore_s = share * given.restore_us / 1e6
    most = given.workers * given.per_core
    yield Need("partitions of a worker", _n(given.partitions / given.workers), "even")
    yield Need("most events/s", _n(most), "workers x events per CPU second")
    yield Need("cores at the given load", _n(given.events / given.per_core), "events/s / the same")
    yield Need("RSS of a worker's tickets", _b(share * given.ticket_bytes), "tickets x bytes each")
    yield Need("source topic in", f"{_b(given.events * given.event_bytes)}/s", "events/s x bytes")
    yield Need(
        "changelog in, at most",
        f"{_b(given.events * given.record_bytes)}/s",
        "events/s x bytes of a record; less where a ticket has several events in a commit",
    )
    yield Need("state in the changelog", _b(state), "tickets x bytes of a record")
    disk = state / (1 - ratio) + given.partitions * segment
    yield Need(
        "changelog on disk, at most",
        f"{_b(disk)} a copy",
        f"state / (1 - {ratio} dirty) + an active segment of {_b(segment)} per partition",
    )
    transactions = given.partitions * commits
    yield Need(
        "transactions/s, at most",
        _n(transactions),
        "one per partition and commit interval; an idle partition has none",
    )
    yield Need(
        "requests/s for them",
        _n(5 * transactions),
        "AddPartitionsToTxn, Produce, AddOffsetsToTxn, TxnOffsetCommit, EndTxn",
    )
    yield Need("transactional producers", _n(given.partitions), "one per partition")
    series = estimate_series(config, families(config), CLOSED)
    each = min(series, config.max_series)
    yield Need("series of a worker, at most", _n(each), "default labels; max_series caps it")
    yield Need("series, all workers", _n(each * given.workers), "workers x series")
    yield Need("samples/s", _n(each * given.workers / SCRAPE_S), f"a scrape every {SCRAPE_S} s")
    yield Need("restore", f"{_n(restore_s)} s", "a worker's tickets x CPU per ticket")
    yield Need(
        "read from the changelog meanwhile",
        f"{_b(state / restore_s)}/s",
        "the state / restore: every worker restores at the same time",
    )
    session_s = config.kafka.session_timeout / 1_000
    yield Need("without answers, planned", f"{_n(restore_s)} s", "a worker joins or stops: restore")
    yield Need(
        "without answers, crash",
        f"{_n(session_s + restore_s)} s",
        f"session timeout of {_n(session_s)} s (its partitions only), then restore",
    )
    left = most - given.events
    catch_up = f"{_n(restore_s * given.events / left)} s" if left > 0 else "never"
    yield Need("to catch up after a restore", catch_up, "events that came / what is left of CPU")


def _cleaning(config: Config) -> tuple[float, int]:
    """Of the changelog topic: the share that may be out of date, and an active segment, bytes."""
    settings = topics_file.load(config).topics.changelog.config
    return float(settings["min.cleanable.dirty.ratio"]), int(settings["segment.bytes"])


def sizes() -> dict[str, float]:
    """Mean bytes of an event and of the record of a ticket of six events, keys included."""
    processor = Processor(Config().engine, packing)
    messages = list(bulk(SAMPLE, PER_TICKET, seed=1, leave_open=True))
    fold(processor, messages, 0)
    _, *tickets = processor.cut().writes
    return {
        "event_bytes": sum(len(key) + len(value) for key, value in messages) / len(messages),
        "record_bytes": sum(len(key) + len(value or b"") for key, value in tickets) / len(tickets),
    }


def measured(written: Mapping[str, Any]) -> dict[str, float]:
    """Those of `MEASURED` that a bench.json has: medians."""
    found = {(one["name"], one["unit"]): one["median"] for one in written["figures"]}
    return {name: found[key] for name, key in MEASURED.items() if key in found}


def tables(given: Inputs, sources: Mapping[str, str]) -> list[str]:
    """Both tables in Markdown: what was given, and what follows."""
    lines = ["| given | value | from |", "|---|---:|---|"]
    for name, meaning in MEANINGS.items():
        value = _n(getattr(given, name))
        lines.append(f"| {meaning} | {value} | {sources.get(name, f'`--{_option(name)}`')} |")
    lines += ["", "| needed | value | how |", "|---|---:|---|"]
    lines += [f"| {what} | {value} | {how} |" for what, value, how in needs(given, Config())]
    return lines


def curve(written: Mapping[str, Any]) -> list[str]:
    """The figures of `workers` and `labels`, as far as a bench.json has them."""
    rows = [
        f"| {one['name']} | {_n(one['median'])} | {one['unit']} |"
        for one in written["figures"]
        if one["name"].startswith(("workers.", "labels."))
    ]
    return ["", "| measured | median | unit |", "|---|---:|---|", *rows] if rows else []


def main(arguments: list[str]) -> int:
    """Compute and print; returns the exit code."""
    parser = argparse.ArgumentParser("python -m tests.bench.scale")
    for name, meaning in MEANINGS.items():
        parser.add_argument(f"--{_option(name)}", type=float, help=meaning)
    parser.add_argument("--write", action="store_true", help=f"into {PAGE.relative_to(ROOT)}")
    asked = vars(parser.parse_args(arguments))
    write = asked.pop("write")
    options = {name: value for name, value in asked.items() if value is not None}
    written = json.loads(OUT.read_text()) if OUT.exists() else {"figures": []}
    bench = measured(written)
    missing = [name for name in MEASURED if name not in bench | options]
    if missing:
        wanted = " ".join(sorted({MEASURED[name][0].partition(".")[0] for name in missing}))
        given = " ".join(f"--{_option(name)}" for name in missing)
        print(f"not measured: run python -m tests.bench {wanted}, or give {given}", file=sys.stderr)
        return 1
    values = bench | sizes() | options
    sources = dict.fromkeys(sizes(), "tickets made here")
    sources |= {name: f"`python -m tests.bench {MEASURED[name][0]}`" for name in bench}
    sources |= {name: f"`--{_option(name)}`" for name in options}
    lines = tables(Inputs(**values), sources) + curve(written)
    print("\n".join(lines))
    if write:
        fill(PAGE, lines)
    return 0


def fill(page: Path, lines: Iterable[str]) -> None:
    """Put lines between the marks of a page."""
    text = "\n".join(["", *lines, "", ""])
    page.write_text(_TABLES.sub(lambda found: found[1] + text + found[2], page.read_text()))


def _option(name: str) -> str:
    return name.replace("_", "-")


def _n(value: float) -> str:
    """A number: whole from 100 on, else with one digit behind the point at most."""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:,.1f}"


def _b(count: float) -> str:
    """Bytes in units that people read."""
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return f"{count:,.0f} B"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
