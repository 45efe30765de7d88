"""The catalogue as a page for people who write queries.

`python -m streams.metrics > docs/metrics.md` writes it; a test keeps the two equal.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from streams.config.model import Config
from streams.config.series import estimate_series
from streams.config.values import duration_text
from streams.core import people
from streams.metrics.catalogue import (
    CATALOGUE,
    CLOSED,
    MAX_PARTITIONS,
    OWN_FLAGS,
    VALUES,
    WINDOW_HISTOGRAMS,
    Metric,
    Origin,
    families,
)
from streams.wire.reasons import FLAGS, REASONS, Reason

HEAD: Final = """\
# Metrics

What a worker shows on `/metrics`, in OpenMetrics and in Prometheus' text format. This page is
made from the declarations that are exported: `python -m streams.metrics > docs/metrics.md`.

Each worker shows the partitions it owns. Over several workers, take the `sum` of numbers,
percentiles of the summed buckets, the `min` of the oldest instants and of
`deskpulse_source_silent`, and the `max` of `deskpulse_source_last_event_timestamp_seconds`. After
a rebalance both owners of a partition are visible until their next scrape; so where a series has
the label `partition`, take the worse value first:
`sum(max by (partition) (deskpulse_consumer_lag_events))`.

A `histogram` has series that end in `_bucket`, `_sum` and `_count`; those of a `gaugehistogram`,
which also falls, end in `_bucket`, `_gsum` and `_gcount`. Bucket bounds are inclusive.

## Which dimension is where

{dimensions}
## Series

{series}"""
_DIMENSIONS: Final = (
    (
        "queue",
        "now, counters, windows, sums of KPIs read by queue, clocks, agents",
        "report, goals",
    ),
    ("priority", "`tickets_active`, the oldest that is owed", "report, goals"),
    ("status", "`tickets_active`", "report (now)"),
    ("channel", "`channel_tickets_active`, contacts that wait", "report, goals"),
    ("segment", "`segment_tickets_active`", "report, goals"),
    ("policy, clock", "everything of SLA clocks", "report (`sla`), goals by reports"),
    ("product, category, kind", "none", "report, goals"),
    ("agent", "never", "report, `deskpulse top --by agent`, goals"),
    ("attributes of customers", "none", "report (`by.customer_...`), goals by reports"),
)
_OF_DIMENSIONS: Final = """\
A label multiplies the series of every worker, so what is told apart live is what is acted on live:

{table}
A KPI of one segment, product, category or agent is live as a goal with that slice
(`slice: {{segment: enterprise}}`): three to five series each, instead of some for every value.
"""
_OF_SERIES: Final = """\
The defaults come to at most {series} series a worker of {most} (`max_series`), with names for all
values that `labels` allows. A policy, a goal, `metrics.agents` and `metrics.customers` need more;
where they do not fit, fewer queues keep their name, and `check-config` counts both.
"""
TITLES: Final = {
    Origin.NOW: "Tickets now",
    Origin.SINCE: "Since the worker started",
    Origin.WINDOW: "Trailing windows",
    Origin.KPIS: "What KPIs are made of",
    Origin.EARLY: "Early warning",
    Origin.PROMISES: "SLA clocks",
    Origin.GOALS: "Goals",
    Origin.AGENTS: "Agents",
    Origin.CUSTOMERS: "Customers",
    Origin.TRUST: "Can the numbers be believed?",
}
INTRODUCTIONS: Final = {
    Origin.NOW: "From the state: a restart changes nothing. A partition that is not restored yet "
    "is not in them.",
    Origin.SINCE: "Each fact is counted once, after the commit that made it durable, under the "
    "queue its ticket had then. A restart begins at zero; `rate` and `increase` know that.",
    Origin.WINDOW: "Exact by event time, with all corrections, and the same after a restart. "
    f"Distributions are those of {' and '.join(WINDOW_HISTOGRAMS)}, where configured.",
    Origin.KPIS: "Numerators and denominators of the KPIs of the catalogue ([kpis.md](kpis.md) has "
    "each KPI's), in `metrics.kpi_windows`: sum them over workers, then divide. By queue there is "
    "what is read by queue.",
    Origin.EARLY: "The same hour of the last `early_warning.weeks` weeks, at the same local time. "
    "Sum it over workers, then compare: `week` 0 is now, and a week counts where every worker "
    "has it. The rules do so ([decision 18](decisions/0018-early-warning.md)).",
    Origin.PROMISES: "Only where policies are configured. A queue is shown under the policies "
    "and clocks that had an instance in it. Counters begin at zero after a restart, gauges and "
    "windows come from the state.",
    Origin.GOALS: "Of the scorecards in `scorecards.yml`. Sum the two parts over workers, then "
    "divide; a goal that `improves` is compared with the same fraction of the period before. Goals "
    "that are no fraction of sums (depth at an instant, money, what several tickets of a requester "
    "come to) are in the report only.",
    Origin.AGENTS: "Only with `metrics.agents`, in `metrics.kpi_windows`, and never by agent. They "
    "are at most a minute old and begin once all agents of a worker's partitions are counted. "
    "Adherence is the time within shifts by that scheduled, lost hours the rest; occupancy "
    "`deskpulse_window_handled_seconds` by the time within shifts and overtime. A queue is "
    "promised by its policy, else by its shifts. Quality reviews come with tickets, and are here "
    "as they are about agents.",
    Origin.CUSTOMERS: "Only with `metrics.customers`, from the state of `customer-events` and of "
    "the requesters of tickets. Periods are calendar ones in the configured zone; retention is the "
    "customers retained by those of the period before, and is complete when the period is over. "
    "Retention after support needs both topics at once: it is in the report.",
    Origin.TRUST: "Of the worker, and of each of its partitions.",
}
WORDS: Final = {
    "channel": "as in the events, `labels.channel.max` of them; the others are `other`",
    "clock": "the clocks that a policy names",
    "criterion": "as in the events, `labels.criterion.max` of them; the others are `other`",
    "flag": "see below",
    "guard": "a KPI that must not get worse meanwhile",
    "segment": "as in the events, `labels.segment.max` of them; the others are `other`",
    "goal": "the KPI and what sets the goal apart, `csat queue=billing`",
    "partition": f"its number, {MAX_PARTITIONS} of them; the others are `other`",
    "policy": "as in `sla.yml`",
    "queue": "as in the events, `labels.queue.max` of them, or fewer where `max_series` is short; "
    "the others are `other`",
    "reason": "of letters see below; of lost time "
    f"{', '.join(f'`{reason}`' for reason in people.REASONS)}",
    "scorecard": "as in `scorecards.yml`",
    "source": "as in the events, `labels.source.max` of them; the others are `other`",
    "text": "as in `scorecards.yml`: annotations, and actions that have begun",
    "version": "of the program",
    "week": "0 is now, 1 a week ago, up to `early_warning.weeks`",
    "window": "`windows` of the configuration",
}
"""The values of labels that are not simply listed. A label keeps its value for good."""

Row = tuple[str, ...]


def page() -> str:
    """The whole page, Markdown."""
    config = Config()
    parts = [
        HEAD.format(
            dimensions=_OF_DIMENSIONS.format(
                table=_table(("dimension", "in metrics", "elsewhere"), _DIMENSIONS)
            ),
            series=_OF_SERIES.format(
                series=f"{estimate_series(config, families(config), CLOSED):,}",
                most=f"{config.max_series:,}",
            ),
        ),
        *(_section(origin) for origin in Origin),
        f"## Labels\n\n{_table(('label', 'values'), _values())}",
        f"## Reasons of dead letters\n\n{_table(('reason', 'meaning'), _reasons())}",
        f"## Flags\n\n{_table(('flag', 'meaning'), _meanings({**FLAGS, **OWN_FLAGS}))}",
    ]
    return "\n".join(parts)


def _section(origin: Origin) -> str:
    rows = (
        (_code(each.exported), str(each.kind), _listed(each.labels), _meaning(each))
        for each in CATALOGUE
        if each.origin is origin
    )
    table = _table(("metric", "type", "labels", "meaning"), rows)
    return f"## {TITLES[origin]}\n\n{INTRODUCTIONS[origin]}\n\n{table}"


def _meaning(metric: Metric) -> str:
    if not metric.edges:
        return metric.help
    bounds = (duration_text(e) if e % 1000 == 0 else f"{e / 1000:g}s" for e in metric.edges)
    return f"{metric.help} Buckets: {', '.join(bounds)}."


def _values() -> Iterator[Row]:
    for label in sorted({label for metric in CATALOGUE for label in metric.labels}):
        if label in WORDS:
            yield _code(label), WORDS[label]
            continue
        sets = (
            metric.values.get(label, VALUES.get(label, ()))
            for metric in CATALOGUE
            if label in metric.labels
        )
        yield _code(label), "; or ".join(map(_listed, dict.fromkeys(sets)))


def _reasons() -> Iterator[Row]:
    yield from _meanings({each: text for each, text in REASONS.items() if each in [*Reason]})
    yield "`missing:FIELD`", "`FIELD` is required and absent or null."


def _meanings(sentences: Mapping[str, str]) -> Iterator[Row]:
    return ((_code(name), sentence) for name, sentence in sentences.items())


def _table(head: Row, rows: Iterable[Row]) -> str:
    lines = (head, ("---",) * len(head), *rows)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _code(name: str) -> str:
    return f"`{name}`"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(_code(name) if name else "none" for name in names)
