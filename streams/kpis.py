"""The KPIs Deskpulse keeps: what each means, and where it is found.

One row each; the README's table is printed from here (`python -m streams.kpis`), and tests
hold every report key and every metric against what is really written.
"""

from typing import Final, NamedTuple


class Kpi(NamedTuple):
    """One number, or one family of numbers."""

    name: str
    meaning: str
    report: tuple[str, ...]
    """Keys of the report, as paths."""
    metrics: tuple[str, ...]
    """Families on /metrics, without the prefix."""


KPIS: Final = (
    Kpi(
        "queue depth",
        "active tickets: neither resolved, closed, deleted nor merged; now, and the peak "
        "with its time",
        ("queue_depth.now", "queue_depth.peak", "queue_depth.by_queue", "queue_depth.by_status"),
        ("tickets_active", "channel_tickets_active"),
    ),
    Kpi(
        "unassigned",
        "active tickets nobody has",
        ("queue_depth.unassigned",),
        ("tickets_unassigned",),
    ),
    Kpi(
        "unanswered",
        "active tickets whose first response is still owed, and since when the oldest is",
        ("queue_depth.unanswered", "queue_depth.oldest_unanswered"),
        ("tickets_unanswered", "oldest_unanswered_timestamp_seconds"),
    ),
    Kpi(
        "unattended",
        "active tickets whose requester waits for a reply, and since when the oldest does",
        ("queue_depth.unattended", "queue_depth.oldest_unattended"),
        ("tickets_unattended", "oldest_unattended_timestamp_seconds"),
    ),
    Kpi(
        "first response time",
        "from the creation to the first public, human agent reply (or the source's own signal)",
        ("durations.first_response",),
        ("first_response_seconds", "window_first_response_seconds"),
    ),
    Kpi(
        "pickup time",
        "from the creation to the first assignee",
        ("durations.pickup",),
        ("pickup_seconds",),
    ),
    Kpi(
        "first and full resolution time",
        "from the creation to the first and to the last resolution, while the ticket is "
        "resolved or closed; the metric has each resolution",
        ("durations.first_resolution", "durations.full_resolution"),
        ("resolution_seconds", "window_resolution_seconds"),
    ),
    Kpi(
        "inflow, outflow, net flow, clearance",
        "tickets created, resolutions, their difference and their ratio",
        ("tickets.created", "counts.resolutions", "kpis.flow"),
        ("tickets_created", "tickets_resolved", "window_created", "window_resolved"),
    ),
    Kpi(
        "reopens and reopen rate",
        "from resolved or closed back to active; per resolution",
        ("counts.reopens", "kpis.reopen_rate"),
        ("tickets_reopened", "window_reopened"),
    ),
    Kpi(
        "transfers",
        "the queue changes from one to another (setting the first is none)",
        ("counts.transfers",),
        ("tickets_transferred", "window_transferred"),
    ),
    Kpi(
        "assignments",
        "the assignee changes to somebody else",
        ("counts.assignments",),
        ("tickets_assigned", "window_assigned"),
    ),
    Kpi(
        "replies and messages",
        "public, human agent replies; public messages of requesters that are not automatic",
        ("counts.agent_replies", "counts.requester_messages"),
        ("replies", "window_agent_replies", "window_requester_messages"),
    ),
    Kpi(
        "priority changes",
        "from one priority to another",
        ("counts.priority_changes",),
        (),
    ),
    Kpi(
        "SLA clocks",
        "instances of nine clocks in exactly one of seven states; which promises were kept, by "
        "the time of their deadline, in wall and in working time; the wave of deadlines to come",
        ("sla",),
        (
            "sla_clocks",
            "sla_urgent_clocks",
            "sla_due",
            "sla_window",
            "sla_objective_ratio",
            "sla_transitions",
        ),
    ),
    Kpi(
        "budget attribution",
        "the working time that clocks used, by queue, status and assignee",
        ("sla",),
        ("sla_spent_seconds", "sla_spent_by_status_seconds"),
    ),
    Kpi(
        "working time",
        "response and resolution times in the open hours of the ticket's calendar",
        (
            "durations.first_response_working",
            "durations.pickup_working",
            "durations.first_resolution_working",
            "durations.full_resolution_working",
        ),
        (),
    ),
    Kpi(
        "breach detection",
        "from a deadline to the acknowledged announcement of the breach",
        (),
        ("breach_detection_delay_seconds",),
    ),
    Kpi(
        "trust",
        "what became of every arrival; lag, freshness, restored partitions, silent sources",
        ("events",),
        (
            "events",
            "dead_letters",
            "late_events",
            "corrections",
            "state_ready",
            "watermark_timestamp_seconds",
            "consumer_lag_seconds",
            "source_silent",
        ),
    ),
)


def table() -> str:
    """The KPIs as a Markdown table."""
    rows = ["| KPI | meaning | report | metrics (`deskpulse_…`) |", "|---|---|---|---|"]
    for kpi in KPIS:
        report = ", ".join(f"`{key}`" for key in kpi.report)
        metrics = ", ".join(f"`{name}`" for name in kpi.metrics) or "-"
        rows.append(f"| {kpi.name} | {kpi.meaning} | {report} | {metrics} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    print(table(), end="")  # noqa: T201 - that is what it is run for
