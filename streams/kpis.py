"""Everything Deskpulse measures, one row each: what it means, and where it is found.

KPIs that are made of sums, and how long things took, are declared in `streams.core.kpis`; their
rows follow from there. What is no such sum - the state of now, SLA clocks, agents, customers - has
its row here. docs/kpis.md and the README's table are printed from these (`streams.kpi_page`); tests
hold every report key, metric and panel against what is really written.
"""

from typing import Final, NamedTuple

from streams.core import facts
from streams.core.formula import COUNT, SECONDS, Duration, Kpi, Term
from streams.core.kpis import DURATIONS, KPIS
from streams.metrics.terms import metric_of, terms_of


class Row(NamedTuple):
    """One number, or one family of numbers."""

    name: str
    group: str
    """A key of `streams.kpi_page.GROUPS`."""
    meaning: str
    unit: str
    report: tuple[str, ...]
    """Keys of the report, as paths."""
    metrics: tuple[str, ...] = ()
    """Families on /metrics, without the prefix."""
    better: str = "neither"
    panel: str = ""
    """The panel of the dashboard *Quality* that draws it; "" is none."""


def _of_kpi(kpi: Kpi) -> Row:
    metrics = tuple(dict.fromkeys(map(metric_of, terms_of(kpi))))
    panel = panel_of(kpi) if metrics else ""
    report = (f"kpis.{kpi.name}",)
    return Row(kpi.name, kpi.group, kpi.meaning, kpi.unit, report, metrics, kpi.better, panel=panel)


def panel_of(kpi: Kpi | Duration) -> str:
    """The title of the panel that draws a KPI."""
    words = kpi.panel or words_of(kpi.name)
    return words[0].upper() + words[1:]


def words_of(name: str) -> str:
    """A name as people write it."""
    words = (word.upper() if word in _ACRONYMS else word for word in name.split("_"))
    return " ".join(words)


_ACRONYMS: Final = frozenset({"csat", "nps", "ces", "fcr"})


def _of_duration(one: Duration) -> Row:
    report: tuple[str, ...] = (f"durations.{one.name}",)
    if one.kind in facts.WORKING:
        report = (*report, f"durations.{one.name}_working")
    metrics, panel = _OWN_METRICS.get(one.name, ()), ""
    if one.kind in facts.CATALOGUED:
        metrics = tuple(metric_of(Term("", one.kind, of)) for of in (COUNT, SECONDS))
        panel = panel_of(one)
    return Row(one.name, one.group, one.meaning, SECONDS, report, metrics, "lower", panel)


_OWN_METRICS: Final = {
    "first_response": ("first_response_seconds", "window_first_response_seconds"),
    "pickup": ("pickup_seconds",),
    "first_resolution": ("resolution_seconds", "window_resolution_seconds"),
    "full_resolution": ("resolution_seconds", "window_resolution_seconds"),
}
"""Distributions; those of resolutions have each one, also those of tickets reopened since."""


STATED: Final = (
    Row(
        "queue depth",
        "now",
        "active tickets: neither resolved, closed, deleted nor merged; now, the peak with its "
        "time, and at named instants (end of day, end of week), those by queue, too",
        "tickets",
        (
            *("queue_depth.now", "queue_depth.peak", "queue_depth.by_queue"),
            *("queue_depth.by_status", "queue_depth.snapshots", "queue_depth.snapshots_by_queue"),
        ),
        ("tickets_active", "channel_tickets_active", "segment_tickets_active"),
    ),
    Row(
        "unassigned",
        "now",
        "active tickets nobody has; by queue, status, priority and channel, as the next two",
        "tickets",
        ("queue_depth.unassigned", "queue_depth.unassigned_by"),
        ("tickets_unassigned",),
        "lower",
    ),
    Row(
        "unanswered",
        "now",
        "active tickets whose first response is still owed, and since when the oldest is",
        "tickets",
        (
            *("queue_depth.unanswered", "queue_depth.unanswered_by"),
            "queue_depth.oldest_unanswered",
        ),
        ("tickets_unanswered", "oldest_unanswered_timestamp_seconds"),
        "lower",
    ),
    Row(
        "unattended",
        "now",
        "active tickets whose requester waits for a reply, and since when the oldest does",
        "tickets",
        (
            *("queue_depth.unattended", "queue_depth.unattended_by"),
            "queue_depth.oldest_unattended",
        ),
        ("tickets_unattended", "oldest_unattended_timestamp_seconds"),
        "lower",
    ),
    Row(
        "inflow, outflow, net flow",
        "flow",
        "tickets created, resolutions, and their difference",
        "tickets",
        ("tickets.created", "counts.resolutions", "kpis.flow"),
        ("tickets_created", "tickets_resolved", "window_created", "window_resolved"),
    ),
    Row(
        "volume",
        "flow",
        "tickets created by hour of the week and month of the year; the last hour, day and week "
        "against those before and the same a week ago, and since an annotation, each by queue, "
        "channel and agent, too; the change against the period before under `periods`",
        "tickets",
        (
            *("volume.change", "volume.by"),
            *("volume.by_hour_of_week", "volume.by_month_of_year"),
            *("by.queue", "by.channel", "periods"),
        ),
    ),
    Row(
        "peak-hour slow-down",
        "flow",
        "first responses to tickets of the busiest hours of the week over those to the rest",
        "ratio",
        ("kpis.peak_slow_down",),
        better="lower",
    ),
    Row(
        "top movers",
        "flow",
        "queues, channels, segments, products, categories, kinds and attributes of customers whose "
        "volume moved farthest for what it varies from day to day: the last seven days against "
        "the seven before",
        "tickets",
        ("movers",),
    ),
    Row(
        "responses by hours",
        "flow",
        "first response, next reply and pickup times by the hours in which they began to be owed: "
        "office, evening, night and weekend by the zone's clock; over all and by queue",
        "seconds",
        ("hours_bands",),
        better="lower",
    ),
    Row(
        "reopens",
        "flow",
        "from resolved or closed back to active",
        "times",
        ("counts.reopens",),
        ("tickets_reopened", "window_reopened"),
        "lower",
    ),
    Row(
        "transfers",
        "flow",
        "the queue changes from one to another (setting the first is none); the pairs from and to, "
        "and escalations by the tiers from and to",
        "times",
        ("counts.transfers", "kpis.transfer_rate.pairs", "kpis.escalation_rate.by_tier"),
        ("tickets_transferred", "window_transferred"),
        "lower",
    ),
    Row(
        "assignments",
        "flow",
        "the assignee changes to somebody else",
        "times",
        ("counts.assignments",),
        ("tickets_assigned", "window_assigned"),
    ),
    Row(
        "replies and messages",
        "flow",
        "public, human agent replies; public messages of requesters that are not automatic",
        "messages",
        ("counts.agent_replies", "counts.requester_messages"),
        ("replies", "window_agent_replies", "window_requester_messages"),
    ),
    Row(
        "priority changes",
        "flow",
        "from one priority to another",
        "times",
        ("counts.priority_changes",),
    ),
    Row(
        "early warning",
        "flow",
        "inflow, p90 of first responses and CSAT against the same hour of the last weeks: whether "
        "they left the band around its median (docs/decisions/0018-early-warning.md)",
        "verdict",
        (),
        (
            *("hour_created", "hour_first_responses", "hour_first_response_weighted_seconds"),
            *("day_csat", "day_csat_satisfied"),
            *(f"early_warning_{name}" for name in ("min_known", "min_sample", "band")),
        ),
    ),
    Row(
        "what scores depend on",
        "voice",
        "CSAT, reopenings and conflicts by bands of first response, resolution time, transfers and "
        "complexity",
        "share",
        ("drivers",),
    ),
    Row(
        "aspects, reasons, criteria",
        "voice",
        "answers by the aspects and reasons that surveys name, reviews by their criteria",
        "score",
        ("kpis.csat.aspects", "kpis.csat.reasons", "kpis.quality_score.by_criterion"),
    ),
    Row(
        "cost",
        "money",
        "recorded costs, handling at the agents' rates and a share of what is fixed; per contact "
        "and per resolution, of everything, each queue and all tickets that became conflicts; "
        "exact decimals",
        "money",
        (
            "kpis.cost.per_contact",
            "kpis.cost.per_resolution",
            "kpis.cost.by_queue",
            "kpis.cost.conflicts",
        ),
        better="lower",
    ),
    Row(
        "lost service hours, adherence",
        "people",
        "time scheduled and not present, by reason; time present within shifts, of that scheduled; "
        "of all, by agent, queue and day",
        "seconds",
        ("people.lost_s", "people.lost_by_reason_s", "people.adherence", "people.queues"),
        (
            "window_scheduled_seconds",
            "window_within_shift_seconds",
            "window_lost_seconds",
        ),
        "lower",
    ),
    Row(
        "cover",
        "people",
        "promised time with at least `min_staff` present, by queue and hours band; its gaps, and "
        "what came in meanwhile",
        "share",
        ("people.cover",),
        ("agents", "agents_scheduled", "cover_promised", "cover_min_staff"),
        "higher",
    ),
    Row(
        "occupancy, tickets per day",
        "people",
        "handling time of the time present; tickets touched and resolved per day; by agent",
        "share",
        ("people.agents",),
        (
            "window_handled_seconds",
            "window_within_shift_seconds",
            "window_overtime_seconds",
            "window_touched",
        ),
    ),
    Row(
        "own trend of agents",
        "people",
        "each agent's hours, work, times and KPIs of the last 30 days, beside the same of the 30 "
        "before",
        "as the KPI",
        ("people.trend",),
    ),
    Row(
        "quality by criterion",
        "people",
        "mean of score / max of each criterion of quality reviews",
        "share",
        ("kpis.quality_score.by_criterion",),
        ("window_criterion", "window_criterion_points"),
        "higher",
    ),
    Row(
        "staff satisfaction",
        "people",
        "surveys of agents",
        "share",
        ("people.surveys",),
        better="higher",
    ),
    Row(
        "retention",
        "customers",
        "customers of the period before who were active again; returning ones; after support by "
        "CSAT band and conflict, beside customers without a ticket",
        "share",
        ("customers.retention", "customers.retention_after_support"),
        ("customers", "customers_before", "customers_retained", "customers_returning"),
        "higher",
    ),
    Row(
        "purchases, churn",
        "customers",
        "customers with two purchases or more, of those with one; customers who left; by declared "
        "attributes, too",
        "share",
        ("customers.repurchase", "customers.churned", "customers.by"),
        ("customers_purchased", "customers_repurchased", "customers_churned"),
        "higher",
    ),
    Row(
        "speed of answer, abandonment",
        "customers",
        "from the queue of a phone or chat to the answer; contacts abandoned of those queued; by "
        "channel and queue",
        "seconds",
        ("customers.contacts.speed_of_answer", "customers.contacts.abandonment"),
        (
            "contacts_queued",
            "contacts_answered",
            "contacts_abandoned",
            "contacts_waited_seconds",
        ),
        "lower",
    ),
    Row(
        "repeat requesters, repeated questions",
        "customers",
        "tickets per customer, customers with several; categories that are asked about often, with "
        "their share and trend",
        "share",
        ("customers.tickets", "customers.repeated_questions"),
        (
            "requesters",
            "requesters_repeated",
            "requesters_tickets",
            "requesters_repeat_contacts",
        ),
        "lower",
    ),
    Row(
        "self-service",
        "customers",
        "visits that helped, and after which no ticket or call came",
        "share",
        ("customers.self_service",),
        better="higher",
    ),
    Row(
        "reviews and sentiment",
        "customers",
        "public feedback by channel: how much, its score, the sentiment that is given",
        "score",
        ("customers.reviews",),
        better="higher",
    ),
    Row(
        "SLA clocks",
        "promises",
        "instances of nine clocks in exactly one of seven states; which promises were kept, by "
        "the time of their deadline, in wall and in working time; the wave of deadlines to come",
        "instances",
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
    Row(
        "attainment, error budget, burn",
        "promises",
        "instances that were met of those that were due, by policy and clock, of all and of the "
        "last 1, 7, 30, 91 and 365 days; how many misses the objective allows, and how many of "
        "them are used, which over a short time is the burn rate",
        "share",
        ("sla",),
        ("sla_window", "sla_objective_ratio"),
        "higher",
    ),
    Row(
        "budget attribution",
        "promises",
        "the working time that clocks used, by queue, status and assignee",
        "seconds",
        ("sla",),
        ("sla_spent_seconds", "sla_spent_by_status_seconds"),
    ),
    Row(
        "breach detection",
        "promises",
        "from a deadline to the acknowledged announcement of the breach",
        "seconds",
        (),
        ("breach_detection_delay_seconds",),
        "lower",
    ),
    Row(
        "goals",
        "promises",
        "each goal of the scorecards over a trailing window of its period's length: what it comes "
        "to as a fraction, its target and warn_at, the window before, and the same of its guards",
        "as the goal",
        ("scorecards",),
        (
            "goal_numerator",
            "goal_denominator",
            "goal_previous_numerator",
            "goal_previous_denominator",
            "goal_target",
            "goal_min_sample",
            "goal_warn_numerator",
            "goal_warn_at",
            "goal_guard_numerator",
            "goal_guard_denominator",
            "goal_guard_previous_numerator",
            "goal_guard_previous_denominator",
        ),
    ),
    Row(
        "annotations",
        "promises",
        "what happened when: releases, and actions for a goal; with what came before and after",
        "instants",
        ("annotations",),
        ("annotation_timestamp_seconds",),
    ),
    Row(
        "trust",
        "trust",
        "what became of every arrival; lag, freshness, restored partitions, silent sources",
        "events",
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
"""What is no sum of facts of tickets."""

ROWS: Final = (*STATED, *map(_of_duration, DURATIONS), *map(_of_kpi, KPIS))
"""Everything that is measured."""
