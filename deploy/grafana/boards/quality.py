"""The dashboard of quality: what customers say, and what becomes of their tickets.

Its panels follow from the KPIs (streams.core.kpis): one for each title that they name, beside a
panel of each group that counts what their values are made of.
"""

from collections.abc import Iterable, Iterator
from math import ceil

from boards import Board, Panel, Row
from boards.promql import QUEUE, by_queue, metric, recorded
from streams.core.facts import CATALOGUED
from streams.core.formula import COUNT, SECONDS, Duration, Kpi, Term
from streams.core.kpis import BY_NAME, DURATIONS, KPIS
from streams.core.settings import Settings
from streams.kpi_page import GROUPS
from streams.kpis import panel_of, words_of
from streams.metrics.terms import metric_of, terms_of

FEWEST = Settings().min_sample
UNITS = {"share": "percentunit", "seconds": "s"}
"""Grafana's of a KPI's; any other is a plain number."""
WINDOW = 'window="$kpi_window"'
LOW = f"Nothing where there are fewer than {FEWEST}: then read the counts."
IN = "in the last $kpi_window"


MOST = (
    "At most so much: what is provisional may still be taken back, and what further tickets of the "
    "requester take back is in reports only."
)


def _is_bound(kpi: Kpi) -> bool:
    """Whether windows do not know all that is subtracted."""
    known = terms_of(kpi)
    return any(term.times < 0 and term not in known for term in kpi.top)


def _line(kpi: Kpi) -> str:
    return f"{words_of(kpi.name)}, at most" if _is_bound(kpi) else words_of(kpi.name)


def _sum(term: Term, *labels: str, by: str = "") -> str:
    return f"sum{by}({metric(metric_of(term), *labels, WINDOW)})"


def _total(terms: Iterable[Term], *labels: str, by: str = "") -> str:
    """Terms put together; those that windows do not know, and those only shown, are left out."""
    text = ""
    for term in terms:
        if term.times:
            times = "" if abs(term.times) == 1 else f"{abs(term.times)} * "
            sign = ("- " if text else "-") if term.times < 0 else ("+ " if text else "")
            text += f"{' ' if text else ''}{sign}{times}{_sum(term, *labels, by=by)}"
    return text


def value(kpi: Kpi, *labels: str, by: str = "") -> str:
    """The value of a KPI; none where there is little to go by."""
    known = terms_of(kpi)
    top = _total((term for term in kpi.top if term in known), *labels, by=by)
    factor = "" if kpi.factor == 1 else f"{kpi.factor} * "
    bottom = _total(kpi.bottom, *labels, by=by)
    return f"{factor}({top}) / ({bottom} >= {FEWEST})"


def _mean(one: Duration) -> str:
    count, seconds = (_sum(Term("", one.kind, of)) for of in (COUNT, SECONDS))
    return f"{seconds} / ({count} >= {FEWEST})"


def _panels(group: str) -> Iterator[Panel]:
    """A panel for each title, and the counts behind all of them."""
    kpis = [kpi for kpi in KPIS if kpi.group == group and terms_of(kpi)]
    times = [one for one in DURATIONS if one.group == group and one.kind in CATALOGUED]
    for title in dict.fromkeys(map(panel_of, kpis)):
        drawn = [kpi for kpi in kpis if panel_of(kpi) == title]
        meanings = "; ".join(f"{_line(kpi)}: {kpi.meaning}" for kpi in drawn)
        unit = UNITS.get(drawn[0].unit, "short")
        lines = {_line(kpi): value(kpi) for kpi in drawn}
        most = f" {MOST}" if any(map(_is_bound, drawn)) else ""
        yield Panel(title, f"{meanings}.{most} {LOW}", unit, lines)
    for title in dict.fromkeys(map(panel_of, times)):
        means = [one for one in times if panel_of(one) == title]
        meanings = "; ".join(f"{words_of(one.name)}: {one.meaning}" for one in means)
        lines = {words_of(one.name): _mean(one) for one in means}
        yield Panel(title, f"Means. {meanings}. {LOW}", "s", lines)
    behind = {term.key.replace("_", " "): term for kpi in kpis for term in kpi.bottom}
    yield Panel(
        f"{GROUPS[group]}: how many",
        "What the values of these panels are divided by.",
        "short",
        {name: _sum(term) for name, term in behind.items()},
    )


def _rows(group: str) -> Iterator[Row]:
    """At most four panels side by side, about as many in each row."""
    panels = tuple(_panels(group))
    rows = ceil(len(panels) / 4)
    wide = ceil(len(panels) / rows)
    for number in range(rows):
        more = f" ({number + 1} of {rows})" if rows > 1 else ""
        some = panels[number * wide : (number + 1) * wide]
        yield Row(f"{GROUPS[group]} {IN}{more}", some)


def _one(name: str, where: str, lines: dict[str, str]) -> Panel:
    kpi, title = BY_NAME[name], _sentence(words_of(name))
    most = f" {MOST}" if _is_bound(kpi) else ""
    text = f"{_sentence(kpi.meaning)}.{most} {LOW}"
    return Panel(f"{title} {where}", text, UNITS.get(kpi.unit, "short"), lines)


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def number(name: str) -> Panel:
    """A KPI of all queues, as one number."""
    return _one(name, IN, {_line(BY_NAME[name]): value(BY_NAME[name])})


def queues(name: str) -> Panel:
    """A KPI of each chosen queue."""
    return _one(name, "by queue", by_queue(value(BY_NAME[name], QUEUE, by=" by (queue) ")))


def counted(title: str, text: str, term: Term) -> Panel:
    """A sum of each chosen queue."""
    return Panel(title, text, "short", by_queue(_sum(term, QUEUE, by=" by (queue) ")))


def expected(title: str, text: str, unit: str, signal: str) -> Panel:
    """A signal of early warning between the ends of its band, as the rules judge it."""
    chosen = f'signal="{signal}"'
    return Panel(
        title,
        f"{text}, and the band of the same hour of the last weeks. No band: too little to go by.",
        unit,
        {
            "now": recorded("job_signal_week:deskpulse_signal:value", chosen, 'week="0"'),
            "usual": recorded("job_signal:deskpulse_signal:median", chosen),
            "above is unusual": recorded("job_signal:deskpulse_signal:high", chosen),
            "below is unusual": recorded("job_signal:deskpulse_signal:low", chosen),
        },
    )


BOARD = Board(
    "deskpulse-quality",
    "Deskpulse: quality",
    "What customers say, and what becomes of their tickets. Every value has its counts beside it.",
    (
        Row(
            "At a glance",
            tuple(map(number, ("csat", "nps", "ces", "fcr", "reopen_rate", "conflict_rate"))),
            numbers=True,
        ),
        Row(
            "Is it unusual for this hour? All workers together",
            (
                expected("Inflow against its band", "Tickets in an hour", "short", "inflow"),
                expected(
                    "First response p90 against its band",
                    "What nine of ten first responses in an hour take at most",
                    "s",
                    "first_response",
                ),
                expected(
                    "CSAT against its band",
                    "Satisfied answers of all in a day",
                    "percentunit",
                    "csat",
                ),
            ),
        ),
        Row(
            f"Handling by queue {IN}, and what it must not cost",
            tuple(map(queues, ("handle_time", "csat", "reopen_rate"))),
        ),
        Row(
            f"Queues {IN}",
            (
                *map(queues, ("fcr", "transfer_rate")),
                counted(
                    "Conflicts by queue",
                    "Tickets that became a complaint or a conflict.",
                    BY_NAME["conflict_rate"].top[0],
                ),
                counted(
                    "CSAT responses by queue",
                    "How many responses the CSAT of a queue is made of.",
                    BY_NAME["csat"].bottom[0],
                ),
            ),
        ),
        *(row for group in ("voice", "tickets", "effort", "conflicts") for row in _rows(group)),
    ),
)
