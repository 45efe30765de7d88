"""What is measured, for people: docs/kpis.md, and the short table of the README.

    python -m streams.kpi_page > docs/kpis.md
    python -m streams.kpi_page overview

A test keeps both equal to what this prints.
"""

import sys
from collections.abc import Iterable, Iterator
from typing import Final

from streams.core.kpis import DURATIONS, KPIS
from streams.core.measures import MEASURES
from streams.core.sums import CUSTOMER, SLICED
from streams.kpis import ROWS, words_of

GROUPS: Final = {
    "now": "Tickets now",
    "flow": "In and out",
    "tickets": "The way of a ticket",
    "voice": "The customer's voice",
    "effort": "Effort and quality",
    "conflicts": "Conflicts and complaints",
    "money": "Money",
    "people": "People",
    "customers": "Customers",
    "promises": "Promises",
    "trust": "Can the numbers be believed?",
}
"""The headings, in order."""

HEAD: Final = """\
# KPIs

What Deskpulse measures. This page is made from the declarations that are computed, exported and
drawn: `python -m streams.kpi_page > docs/kpis.md`. To add one: [adding-a-kpi.md](adding-a-kpi.md).

*report* are keys of the report (`deskpulse report`, `deskpulse replay --report`): for everything,
by queue, priority, channel, segment, product, category, kind and agent under `by`, and by day,
week, month, quarter and year under `periods`. Beside the value of a KPI stand the sums it is made
of, and `low_sample` where there are fewer than `min_sample` of them: then read the counts. Where
several values stand side by side, it says of each by its name. Shares of time - adherence,
occupancy, cover - are of all the time there was, and carry none.

*metrics* are sums, never ratios: over several workers add them up, then divide. They are there by
queue where that is read by queue, else over all queues, in the trailing windows of
`metrics.kpi_windows`; all of them, with their labels: [metrics.md](metrics.md). Every further label
would multiply the series of a worker, so channels, segments, products and categories are in the
report, and so are agents, whom metrics never name. `fcr` cannot subtract in metrics what only all
tickets of a requester tell (`repeated`): it is an upper bound there.

*panel* is the panel of the dashboard *Quality* that draws it.
"""

MEASURES_HEAD: Final = """\
## Measures

Whatever has a single value can be a goal of [scorecards.md](scorecards.md) and be compared before
and after (`deskpulse compare --kpi NAME`): every KPI above that is under `kpis` or `durations` in
the report, told apart by queue, priority, channel, segment, product, category, kind, agent and the
attributes of customers (`customer_...`); and these. Of tables there is no single value: the
peak-hour slow-down, hours bands, movers, drivers and questions are in the report only.
"""

NO_SIGNAL: Final = """\
## Where no real log has a signal

The public logs that tests read hold status, queue, assignee, priority and channel. They hold no
texts, so replies and messages are absent, or another signal stands in for them (`response_signal`);
and no surveys, quality reviews, handling times, costs, shifts, presence, activity of customers,
waiting calls, or visits of a self-service. So touches, first contact, the customer's voice, effort,
money, people and customers are tested on generated events against a second, independent model, and
the simulator shows them. On such a log the report says what it has to go by: tickets of a source
without replies are `unavailable` to `fcr`, and a KPI of nothing has no value.
"""

OUTSIDE: Final = """\
## What stays outside

- *Web behaviour* (pages, clicks, where visitors leave): no event tells it. `selfservice.session`
  counts visits that helped or did not.
- *Personas and psychographic groups*: an attribute that a source declares (`segment`, those of
  customers) is a dimension; nothing is guessed.
- *Computing sentiment*: texts are not read. A `sentiment` that a source sends is counted.
- *Agents in metrics*: whatever is about one person is in the report, and in nobody's Prometheus.
"""

_COLUMNS: Final = ("KPI", "meaning", "unit", "better", "report", "metrics (`deskpulse_…`)", "panel")


def overview() -> str:
    """What is measured, as a short Markdown table."""
    names = {
        title: "; ".join(words_of(row.name) for row in ROWS if row.group == group)
        for group, title in GROUPS.items()
    }
    return _table(("about", "what is measured"), names.items())


def page() -> str:
    """The whole page, Markdown."""
    sections = (
        f"## {title}\n\n{_table(_COLUMNS, _rows(group))}" for group, title in GROUPS.items()
    )
    measures = f"{MEASURES_HEAD}\n{_table(_OF_MEASURES, _measures())}"
    return "\n".join([HEAD, *sections, measures, NO_SIGNAL, OUTSIDE])


_OF_MEASURES: Final = ("measure", "meaning", "unit", "better", "told apart by", "made of")


def _measures() -> Iterator[tuple[str, ...]]:
    """Those that have no row of their own."""
    rows = {kpi.name for kpi in KPIS} | {one.name for one in DURATIONS}
    for one in MEASURES.values():
        if one.name not in rows:
            if len(one.slices) > len(SLICED):
                by = "as KPIs are"
            else:
                by = ", ".join(
                    f"{CUSTOMER}..." if name == CUSTOMER else name for name in one.slices
                )
            better = "" if one.better == "neither" else one.better
            yield (f"`{one.name}`", one.meaning, one.unit, better, by, one.topic or "tickets")


def _rows(group: str) -> Iterator[tuple[str, ...]]:
    for row in ROWS:
        if row.group == group:
            report, metrics = (", ".join(f"`{n}`" for n in ns) for ns in (row.report, row.metrics))
            better = "" if row.better == "neither" else row.better
            yield row.name, row.meaning, row.unit, better, report, metrics, row.panel


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = (head, ("---",) * len(head), *rows)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    sys.stdout.write(overview() if sys.argv[1:] == ["overview"] else page())
