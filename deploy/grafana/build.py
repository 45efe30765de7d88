#!/usr/bin/env python3
"""Writes `dashboards/now.json`, the dashboard of now. Run it after an edit; CI compares.

Workers share the tickets: each exports the KPIs of its own partitions, so what a queue
has is the *sum* over the workers, its oldest message the *minimum*, its percentiles those
of the *summed* buckets. Trust metrics carry a partition; there the worse value counts,
since after a rebalance the old owner's stays visible until its next scrape.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

OUTPUT = Path(__file__).with_name("dashboards") / "now.json"
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
COLUMNS = 24
"""The width of Grafana's grid."""


class Panel(NamedTuple):
    """One panel: what it shows (`targets`: PromQL by legend) and what that means."""

    title: str
    description: str
    unit: str
    """Grafana's unit id: `short` is a count, `s` seconds, `percentunit` a share of 1."""
    targets: dict[str, str]
    steps: tuple[tuple[float, str], ...] = ()
    """(from, colour): how a single value is coloured from that value on."""


def metric(name: str, *labels: str) -> str:
    """A trust metric of the chosen workers."""
    chosen = ('job=~"$job"', 'instance=~"$instance"', *labels)
    return f"deskpulse_{name}{{{', '.join(chosen)}}}"


def kpi(name: str, *labels: str) -> str:
    """A KPI of the chosen workers and queues."""
    return metric(name, 'queue=~"$queue"', *labels)


def window(name: str) -> str:
    """An exact event-time window, as long as the variable `window` says."""
    return kpi(f"window_{name}", 'window="$window"')


def per_queue(selector: str, fold: str = "sum") -> str:
    """What each queue has in all of the chosen workers."""
    return f"{fold} by (queue) ({selector})"


def by_queue(expression: str) -> dict[str, str]:
    """One line per queue; Prometheus drops an empty label, so name the tickets without one."""
    return {"{{queue}}": f'label_replace({expression}, "queue", "(no queue)", "queue", "")'}


def percentiles(histogram: str) -> dict[str, str]:
    """The 50th and 90th percentile of the facts counted in the window."""
    rates = f"sum by (le) (rate({kpi(histogram + '_bucket')}[$window]))"
    return {f"p{p}": f"histogram_quantile(0.{p}, {rates})" for p in (50, 90)}


OPEN_TICKETS = {
    "Active tickets": ("tickets_active", "Neither resolved, closed, deleted nor merged."),
    "Unassigned": ("tickets_unassigned", "Active tickets that nobody has taken."),
    "Unanswered": ("tickets_unanswered", "Active tickets without a first response."),
}
"""Title: metric, meaning."""
OLDEST = (
    "How long the ticket that has waited longest for its first response has waited, "
    "in wall-clock time."
)
FRESH = ((0.0, "green"), (60.0, "orange"), (300.0, "red"))
"""Red from where the alert DeskpulseNumbersStale pages."""

SECTIONS: dict[str, tuple[Panel, ...]] = {
    "Now": (
        *(
            Panel(title, text, "short", {title.lower(): f"sum({kpi(name)})"})
            for title, (name, text) in OPEN_TICKETS.items()
        ),
        Panel(
            "Oldest unanswered",
            OLDEST,
            "s",
            {"age": f"time() - min({kpi('oldest_unanswered_timestamp_seconds')})"},
        ),
        Panel(
            "Age of the numbers",
            "How far the slowest partition is behind now. All other panels are true as of then.",
            "s",
            {"age": f"time() - min({metric('watermark_timestamp_seconds')})"},
            FRESH,
        ),
        Panel(
            "Partitions ready",
            "Share of the workers' partitions that are restored. Below 100 % the tickets of "
            "the others are missing from every panel.",
            "percentunit",
            {"ready": f"avg(min by (partition) ({metric('state_ready')}))"},
            ((0.0, "red"), (1.0, "green")),
        ),
    ),
    "Queues": (
        *(
            Panel(f"{title} by queue", text, "short", by_queue(per_queue(kpi(name))))
            for title, (name, text) in OPEN_TICKETS.items()
        ),
        Panel(
            "Oldest unanswered by queue",
            OLDEST,
            "s",
            by_queue(f"time() - {per_queue(kpi('oldest_unanswered_timestamp_seconds'), 'min')}"),
        ),
    ),
    "Flow in the last $window": (
        Panel(
            "Inflow and outflow",
            "Tickets created, resolved and reopened in the trailing window, by event time.",
            "short",
            {what: f"sum({window(what)})" for what in ("created", "resolved", "reopened")},
        ),
        Panel(
            "Net flow by queue",
            "Created minus resolved in the trailing window: above 0 the queue grows.",
            "short",
            by_queue(f"{per_queue(window('created'))} - {per_queue(window('resolved'))}"),
        ),
        Panel(
            "Replies and transfers",
            "Public replies by human agents, and moves from one queue to another, in the "
            "trailing window.",
            "short",
            {
                "agent replies": f"sum({window('agent_replies')})",
                "transferred": f"sum({window('transferred')})",
            },
        ),
        Panel(
            "Reopen rate by queue",
            "Reopens / resolutions in the trailing window; nothing where none was resolved. "
            "Read it beside the counts: one of two is 50 % as well.",
            "percentunit",
            by_queue(f"{per_queue(window('reopened'))} / ({per_queue(window('resolved'))} > 0)"),
        ),
    ),
    "Speed in the last $window": (
        Panel(
            "First response time",
            "Wall-clock time from creation to the first response, of those that the workers "
            "counted in the window: old ones too while they read a backlog. "
            "Interpolated between bucket edges; every target is an edge.",
            "s",
            percentiles("first_response_seconds"),
        ),
        Panel(
            "Resolution time",
            "Wall-clock time from creation to each resolution that the workers counted in the "
            "window: old ones too while they read a backlog. "
            "Interpolated between bucket edges; every target is an edge.",
            "s",
            percentiles("resolution_seconds"),
        ),
    ),
    "Trust": (
        Panel(
            "Age of the numbers by partition",
            "How far each partition is behind now.",
            "s",
            {
                "{{partition}}": "time() - min by (partition) "
                f"({metric('watermark_timestamp_seconds')})"
            },
        ),
        Panel(
            "Consumer lag, events",
            "Events on Kafka that are not processed yet.",
            "short",
            {"{{partition}}": f"max by (partition) ({metric('consumer_lag_events')})"},
        ),
        Panel(
            "Consumer lag, time",
            "The same lag in seconds.",
            "s",
            {"{{partition}}": f"max by (partition) ({metric('consumer_lag_seconds')})"},
        ),
        Panel(
            "Dead letters by reason",
            "Events refused per second; they wait on the topic `dead-letters` for their "
            "producer to mend them.",
            "cps",
            {
                "{{reason}}": "sum by (reason) "
                f"(rate({metric('dead_letters_total')}[$__rate_interval]))"
            },
        ),
    ),
}


def dashboard() -> dict[str, Any]:
    """The dashboard as Grafana's JSON model: a line of equally wide panels per section."""
    panels: list[dict[str, Any]] = []
    y = 0
    for title, section in SECTIONS.items():
        panels.append(
            {
                "id": len(panels) + 1,
                "type": "row",
                "title": title,
                "collapsed": False,
                "gridPos": {"x": 0, "y": y, "w": COLUMNS, "h": 1},
                "panels": [],
            }
        )
        single, height = ("stat", 4) if title == "Now" else ("timeseries", 8)
        width = COLUMNS // len(section)
        for i, panel in enumerate(section):
            grid = {"x": i * width, "y": y + 1, "w": width, "h": height}
            panels.append({"id": len(panels) + 1, "gridPos": grid, **_panel(panel, single)})
        y += 1 + height
    return {
        "uid": "deskpulse-now",
        "title": "Deskpulse: now",
        "description": "What is open, what flows in and out, how fast, and whether to believe it.",
        "tags": ["deskpulse"],
        "editable": False,
        "graphTooltip": 1,
        "refresh": "10s",
        "schemaVersion": 41,
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": _variables()},
        "panels": panels,
    }


def _panel(panel: Panel, kind: str) -> dict[str, Any]:
    """A panel without its place; a `stat` asks for this instant: it never shows old values."""
    instant = kind == "stat"
    defaults: dict[str, Any] = {"unit": panel.unit}
    if panel.steps:
        steps = [{"value": at or None, "color": colour} for at, colour in panel.steps]
        defaults["thresholds"] = {"mode": "absolute", "steps": steps}
    else:
        defaults["color"] = {"mode": "palette-classic"}
    return {
        "type": kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": DATASOURCE,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": {"graphMode": "none"} if instant else {"tooltip": {"mode": "multi"}},
        "targets": [
            {
                "refId": chr(ord("A") + i),
                "datasource": DATASOURCE,
                "expr": expression,
                "legendFormat": legend,
                "instant": instant,
                "range": not instant,
            }
            for i, (legend, expression) in enumerate(panel.targets.items())
        ],
    }


def _variables() -> list[dict[str, Any]]:
    """Data source, job, instance and queue (all at first), and the length of the windows."""
    workers = 'deskpulse_state_ready{job=~"$job"}'
    return [
        {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"},
        _choice("job", "label_values(deskpulse_state_ready, job)"),
        _choice("instance", f"label_values({workers}, instance)"),
        # `.*` and not `.+`: a ticket may have no queue.
        _choice("queue", 'label_values(deskpulse_tickets_active{job=~"$job"}, queue)', every=".*"),
        {
            "name": "window",
            "label": "Window",
            "type": "custom",
            "query": "5m,1h,24h,7d",
            "current": {"text": "1h", "value": "1h"},
        },
    ]


def _choice(name: str, query: str, every: str = ".+") -> dict[str, Any]:
    """A variable with the values that a label has now, any number of which can be chosen."""
    return {
        "name": name,
        "label": name.capitalize(),
        "type": "query",
        "datasource": DATASOURCE,
        "query": {"query": query, "refId": name},
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": every,
        "current": {"text": ["All"], "value": ["$__all"]},
    }


def render() -> str:
    """The text of the dashboard file."""
    return json.dumps(dashboard(), indent=2) + "\n"


if __name__ == "__main__":
    OUTPUT.write_text(render(), encoding="utf-8")
