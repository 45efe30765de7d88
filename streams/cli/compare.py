"""`deskpulse compare`: what changed between before and after, and how sure that is."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.table import Table
from rich.text import Text

from streams.cli.console import out, write_result
from streams.cli.options import ConfigFolder, configuration
from streams.cli.people import AgentFiles, CustomerFiles, elsewhere, labels_of, whose
from streams.cli.ranges import days
from streams.cli.records import LookAt, MoreFiles, ReplayFiles, looked_at, recorded
from streams.compare import judge
from streams.config.problems import likely
from streams.core.clientele import Clientele
from streams.core.contrast import Contrast, Days, Side, last_instant, provisional
from streams.core.goals import Goal
from streams.core.instants import format_rfc3339, local_day
from streams.core.measures import AGENTS, BY_CLOCK, CUSTOMERS, MEASURES, Measure
from streams.core.periods import whole_period
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
            help=f"Only facts under this label: {', '.join(SLICED)}, {CUSTOMER}NAME of "
            f"customer_attributes, or of SLA clocks {' and '.join(BY_CLOCK)}. Again for several; "
            "values of one name may stand with commas.",
            show_default=False,
        ),
    ] = None,
    working: Annotated[
        bool, typer.Option("--working", help="Times as working time, where they have it.")
    ] = False,
    replay: ReplayFiles = None,
    agents: AgentFiles = None,
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
    chosen = _slice(slice_ or [], labels_of(settings))
    measures = _measures(kpi, chosen)
    files = recorded(replay, more)
    if (agents or customers) and not files:
        raise UserError("--agents and --customers go with --replay")
    asked = {one.topic for one in measures} if kpi is not None else set()
    asked |= {CUSTOMERS for name in chosen if name.startswith(CUSTOMER)}
    _told(asked, files, {AGENTS: agents, CUSTOMERS: customers})
    wanted = kpi is None or not asked.isdisjoint({AGENTS, CUSTOMERS})
    books, people, at = looked_at(
        settings, files, agents or [], customers or [], as_of, others=wanted
    )
    if not books.records and not books.settled.months:
        raise UserError("no ticket yet, so nothing to compare")
    spans = (
        _past("--before", spans[0], at, settings.engine),
        _past("--after", spans[1], at, settings.engine),
    )
    contrast = Contrast(chosen, *spans)
    count = _counted(books, settings.engine, at, contrast, whose(settings, people[1], at))
    contrast.close(count, elsewhere(count, settings, *people))
    rows = list(_rows(contrast, count, measures, working=working, every=kpi is not None))
    notes = list(_notes(contrast, count, rows, measures))
    if json:
        write_result(pretty({"as_of": format_rfc3339(at), "rows": rows, "notes": notes}), None)
    else:
        _show(contrast, rows, notes)
    return 0


def _measures(names: list[str] | None, chosen: Slice) -> list[Measure]:
    """The measures that were asked for, or all that this slice can be had of."""
    for name in names or ():
        if name not in MEASURES:
            raise UserError(f"--kpi {name}: {likely(name, MEASURES, 'a measure of docs/kpis.md')}")
        refused = MEASURES[name].refuses(chosen)
        if refused:
            what = "leave --slice out" if MEASURES[name].whole else "slice by one of these"
            raise UserError(f"--kpi {name}: {refused}, {what}")
    return [MEASURES[name] for name in names or MEASURES if not MEASURES[name].refuses(chosen)]


def _slice(texts: Iterable[str], names: Sequence[str]) -> Slice:
    chosen: dict[str, frozenset[str]] = {}
    known = (*names, *BY_CLOCK)
    for text in texts:
        name, equals, values = text.partition("=")
        if name not in known or not equals:
            raise UserError(f"--slice {text}: write NAME=VALUE, NAME one of {', '.join(known)}")
        chosen[name] = frozenset(values.split(","))
    return chosen


def _told(
    wanted: Container[str], files: list[Path], given: Mapping[str, list[Path] | None]
) -> None:
    """Refuse what is made of events that nobody has named."""
    for topic, option in ((AGENTS, "--agents"), (CUSTOMERS, "--customers")):
        if topic in wanted and files and not given[topic]:
            raise UserError(f"this is made of {topic}: name recorded ones, {option} FILE")


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
        return Recount(books, settings, packing, at, each=contrast.add, clientele=known)
    except TooOldError as error:
        raise UserError(f"--as-of: {error}") from None


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


def _notes(
    contrast: Contrast, count: Recount, rows: Sequence[Row], measures: Sequence[Measure]
) -> Iterator[str]:
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
    calendar = [row["kpi"] for row in rows if MEASURES[row["kpi"]].calendar]
    if calendar and any(not whole_period(*side.days) for side in (contrast.before, contrast.after)):
        yield f"known of whole months, quarters and years only: {', '.join(calendar)}"
    if contrast.slice and len(measures) > MANY:
        apart = [one.name for one in MEASURES.values() if one.refuses(contrast.slice)]
        yield f"left out, because nobody tells them apart by this: {', '.join(apart)}"
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
