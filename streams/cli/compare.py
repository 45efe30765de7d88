"""`deskpulse compare`: what changed between before and after, and how sure that is."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.table import Table
from rich.text import Text

from streams.cli.console import out, write_result
from streams.cli.options import ConfigFolder, configuration
from streams.cli.people import CustomerFiles, PeopleReplay, labels_of, whose
from streams.cli.ranges import days
from streams.cli.records import LookAt, MoreFiles, ReplayFiles, looked_up, recorded
from streams.cli.report import read_people
from streams.compare import judge
from streams.config import Config
from streams.config.problems import likely
from streams.core.clientele import NOBODY, Clientele
from streams.core.contrast import Contrast, Days, Side, last_instant, provisional
from streams.core.customers_report import CustomerBooks
from streams.core.goals import Goal
from streams.core.instants import format_rfc3339, local_day
from streams.core.measures import MEASURES, Measure
from streams.core.recount import Recount, Slice
from streams.core.report import Books, TooOldError
from streams.core.settings import Settings
from streams.core.sums import CUSTOMER, SLICED
from streams.errors import UserError
from streams.scorecards.words import change, counted, daily, interval, subject
from streams.wire import packing
from streams.wire.codec import pretty

STATS: Final = ("mean", "p50", "p90")
"""What is compared of times."""
MANY: Final = 10
"""Rows among which chance is worth a word."""

Row = dict[str, Any]


def compare(
    more: MoreFiles = None,
    before: Annotated[
        str,
        typer.Option(metavar="A..B", help="Local days, both included; or 2026-W10, 2026-03."),
    ] = "",
    after: Annotated[str, typer.Option(metavar="C..D", help="The same of the time after.")] = "",
    kpi: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Again for several.", show_default="all"),
    ] = None,
    slice_: Annotated[
        list[str] | None,
        typer.Option(
            "--slice",
            metavar="NAME=VALUE",
            help=f"Only facts under this label: {', '.join(SLICED)}, or {CUSTOMER}NAME of "
            "customer_attributes. Again for several; values of one name may stand with commas.",
            show_default=False,
        ),
    ] = None,
    working: Annotated[
        bool, typer.Option("--working", help="Times as working time, where they have it.")
    ] = False,
    replay: ReplayFiles = None,
    customers: CustomerFiles = None,
    config: ConfigFolder = None,
    as_of: LookAt = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> int:
    """Compare KPIs before and after: counts, values, difference, and its 95 % interval.

    An interval that does not hold zero tells a change from chance.

    Example: deskpulse compare --before 2026-02 --after 2026-03 --kpi csat --slice queue=billing
    """
    if not before or not after:
        raise UserError("name both --before A..B and --after C..D")
    settings = configuration(config)
    zone = settings.timezone
    spans = days("--before", before, zone), days("--after", after, zone)
    measures = _measures(kpi, slice_ is not None)
    chosen = _slice(slice_ or [], labels_of(settings))
    files = recorded(replay, more)
    if customers and not files:
        raise UserError("--customers goes with --replay")
    books, at = looked_up(settings, files, as_of)
    if not books.records and not books.settled.months:
        raise UserError("no ticket yet, so nothing to compare")
    spans = (
        _past("--before", spans[0], at, settings.engine),
        _past("--after", spans[1], at, settings.engine),
    )
    contrast = Contrast(chosen, *spans)
    known = NOBODY
    if any(name.startswith(CUSTOMER) for name in chosen):
        known = _whose(settings, bool(files), customers or [], at)
    count = _counted(books, settings.engine, at, contrast, known)
    rows = list(_rows(contrast, count, measures, working=working, every=kpi is not None))
    notes = list(_notes(contrast, count, rows))
    if json:
        write_result(pretty({"as_of": format_rfc3339(at), "rows": rows, "notes": notes}), None)
    else:
        _show(contrast, rows, notes)
    return 0


def _measures(names: list[str] | None, sliced: bool) -> list[Measure]:
    known = [name for name, measure in MEASURES.items() if not measure.topic]
    for name in names or ():
        if name not in known:
            raise UserError(f"--kpi {name}: {likely(name, known, 'a name of docs/scorecards.md')}")
        if sliced and MEASURES[name].whole:
            raise UserError(f"--kpi {name}: known as a whole only, leave --slice out")
    return [MEASURES[name] for name in names or known if not (sliced and MEASURES[name].whole)]


def _slice(texts: Iterable[str], names: Sequence[str]) -> Slice:
    chosen: dict[str, frozenset[str]] = {}
    for text in texts:
        name, equals, values = text.partition("=")
        if name not in names or not equals:
            raise UserError(f"--slice {text}: write NAME=VALUE, NAME one of {', '.join(names)}")
        chosen[name] = frozenset(values.split(","))
    return chosen


def _whose(config: Config, replayed: bool, files: list[Path], at: int) -> Clientele:
    """What is known of the requesters of these tickets."""
    if not replayed:
        return whose(config, asyncio.run(read_people(config))[1], at)
    if not files:
        raise UserError("--slice customer_...: name recorded events of customers: --customers FILE")
    people = PeopleReplay(config, lambda _line, _verdict: None, at)
    people.feed([], files)
    return whose(config, CustomerBooks(people.customers), at)


def _past(option: str, span: Days, as_of: int, settings: Settings) -> Days:
    """The days that there have been."""
    today = local_day(as_of, settings.zone)
    if span.first > today:
        raise UserError(f"{option}: begins after {date.fromordinal(today)}, the last day there is")
    return span._replace(last=min(span.last, today))


def _counted(
    books: Books, settings: Settings, at: int, contrast: Contrast, known: Clientele
) -> Recount:
    try:
        count = Recount(books, settings, packing, at, each=contrast.add, clientele=known)
    except TooOldError as error:
        raise UserError(f"--as-of: {error}") from None
    contrast.close(count)
    return count


def _rows(
    contrast: Contrast, count: Recount, measures: Sequence[Measure], *, working: bool, every: bool
) -> Iterator[Row]:
    """A row for each measure; without `every` only of what there is something of on both sides."""
    settings = count.settings
    for measure in measures:
        for stat in STATS if measure.times else measure.stats:
            goal = Goal(
                "",
                measure.name,
                contrast.slice,
                stat,
                working=working,
                min_sample=settings.min_sample,
            )
            found = judge(contrast, measure, goal, count)
            if not every and (found["difference"] is None or not _something(found)):
                continue
            yield {
                "kpi": measure.name,
                "meaning": measure.meaning,
                "stat": stat,
                "basis": "working" if working else "wall",
                "slice": {name: sorted(values) for name, values in contrast.slice.items()},
                "measured_in": measure.unit,
                "unit": None,
                "within_s": None,
                **found,
                "provisional": provisional(measure, contrast.after.days, settings, count.as_of),
            }


def _something(found: Row) -> bool:
    return bool(found["before"]["sample"] and found["after"]["sample"])


def _notes(contrast: Contrast, count: Recount, rows: Sequence[Row]) -> Iterator[str]:
    first = min(count.days, default=None)
    for side, name in ((contrast.before, "before"), (contrast.after, "after")):
        yield from _gone(side, name)
        if first is not None and not side.settled and side.days.first < first:
            yield f"{name}: nothing is recorded of the days before {date.fromordinal(first)}"
    if last_instant(contrast.after.days.last, count.settings) > count.as_of:
        yield f"after: {date.fromordinal(contrast.after.days.last)} is not over yet"
    young = [row["kpi"] for row in rows if row["provisional"]]
    if young:
        yield f"provisional, because tickets of after are too young: {', '.join(young)}"
    if len(rows) > MANY:
        yield "of 20 KPIs that did not change, one is expected outside its interval by chance"


def _gone(side: Side, name: str) -> Iterator[str]:
    if side.gone:
        yield (
            f"{name}: {side.gone} tickets created then were dropped since and left out; what is "
            "kept of them is by month and one label: compare whole months, by one label at most"
        )
    if side.settled:
        yield f"{name}: {side.settled} tickets were dropped since; their sums by month are counted"


def _show(contrast: Contrast, rows: Sequence[Row], notes: Sequence[str]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("KPI", *(str(side.days) for side in (contrast.before, contrast.after))):
        table.add_column(title, justify="left" if title == "KPI" else "right")
    for title in ("difference", "95 % interval"):
        table.add_column(title, justify="right")
    methods = list(dict.fromkeys(row["method"] for row in rows if row["method"]))
    for row in rows:
        mark = f" [{methods.index(row['method']) + 1}]" if row["method"] else ""
        table.add_row(
            Text(subject({**row, "slice": {}})),
            counted(daily(row), row["before"]),
            counted(daily(row), row["after"]),
            change(row, row["difference"]),
            Text(interval(row, row["interval"]) + mark),
        )
    if contrast.slice:
        parts = (f"{name} {', '.join(sorted(values))}" for name, values in contrast.slice.items())
        out.print(f"only {'; '.join(parts)}", markup=False)
    out.print(table)
    for number, method in enumerate(methods, 1):
        out.print(f"[{number}] {method}", markup=False, soft_wrap=True)
    for text in notes:
        out.print(text, markup=False, soft_wrap=True)
