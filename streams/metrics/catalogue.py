"""Every exported metric, declared once: name, type, labels, meaning, and where it comes from.

The collector exports what stands here and nothing else; the page in the docs, the check of
the dashboards and the count of `max_series` read the same declarations.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from math import prod
from types import MappingProxyType
from typing import Final, NamedTuple

from streams.config.model import Config
from streams.config.series import Family
from streams.config.values import duration_text
from streams.core import facts, lately, people
from streams.core.clocks import BREACHED, CANCELLED, MET, MET_LATE, RESUMED, RETRACTED, WARNED
from streams.core.customers import PERIODS
from streams.core.events import DONE, OTHER, PRIORITIES, STATUSES
from streams.core.instants import DAY, HOUR, MINUTE
from streams.core.processor import Outcome
from streams.core.pursued import pursued
from streams.core.watch import OPEN, OUTCOMES, PRESSING
from streams.core.windows import EDGES
from streams.kafka.partitions import DELAYS
from streams.metrics.terms import sums
from streams.wire.reasons import FLAGS, REASONS

PREFIX: Final = "deskpulse_"


class Kind(StrEnum):
    """The OpenMetrics type."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
    GAUGE_HISTOGRAM = "gaugehistogram"


class Origin(StrEnum):
    """Where the numbers of a metric come from, and so when they are there."""

    NOW = "state"
    """The tickets as they are now; only of partitions that are owned and restored."""
    SINCE = "facts"
    """Counted by this process, each once, after the commit that made it durable."""
    WINDOW = "window"
    """The trailing event-time windows, of partitions that are restored and have caught up once."""
    KPIS = "kpis"
    """The same, of what KPIs are made of: only the windows of `metrics.kpi_windows`."""
    EARLY = "early_warning"
    """The same hour of the last weeks, of partitions that are restored and have caught up once."""
    PROMISES = "promises"
    """The SLA clocks; only where there are policies, of partitions that are restored."""
    GOALS = "goals"
    """The goals of scorecards, as far as they can be judged live, of partitions that are restored
    and have caught up once; and what happened."""
    AGENTS = "agents"
    """What agents do; only with `metrics.agents`, once all agents of a worker's partitions have
    been counted."""
    CUSTOMERS = "customers"
    """The same of customers and of the requesters of tickets, with `metrics.customers`."""
    TRUST = "pipeline"
    """The worker itself: whether the other numbers can be believed."""


class Metric(NamedTuple):
    """One exported metric."""

    name: str
    """Without the prefix, and without a counter's `_total`."""
    kind: Kind
    labels: tuple[str, ...]
    origin: Origin
    help: str
    edges: tuple[int, ...] = ()
    """Upper bounds of a histogram's buckets, milliseconds, inclusive; `+Inf` goes without saying.
    All of them are edges of the engine's own histograms."""
    fact: str = ""
    """The kind of fact that is summed; none for what is not a sum of facts."""
    amounts: bool = False
    """The values of the facts are added up; else the facts are counted."""
    values: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    """Labels that have other values here than in `VALUES`."""

    @property
    def exported(self) -> str:
        """The name as PromQL knows it; of a histogram the part before `_bucket`."""
        return PREFIX + self.name + ("_total" if self.kind is Kind.COUNTER else "")


COUNTED: Final[Mapping[str, str]] = {
    facts.CREATED: "Tickets created",
    facts.RESOLVED: "Resolutions: a status of resolved or closed after any other one",
    facts.REOPENED: "Reopenings of resolved tickets",
    facts.TRANSFERRED: "Moves of a ticket from one queue to another one",
}
"""Facts that are counted by queue, since the start and in windows; metrics carry the name of the
fact."""
_ASSIGNED: Final = "Times a ticket got an assignee it did not have"

ROLES: Final[Mapping[str, str]] = {
    "agent": facts.AGENT_REPLY,
    "bot": facts.BOT_REPLY,
    "requester": facts.REQUESTER_MESSAGE,
}
"""Facts that are counted by the role of a message's author."""

WINDOW_HISTOGRAMS: Final = tuple(duration_text(span) for span in (HOUR, DAY))
"""Windows that also have distributions of durations, where they are configured."""

_RESPONSE_EDGES: Final = (
    *(5 * MINUTE, 15 * MINUTE, 30 * MINUTE),
    *(HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, DAY),
)
_RESOLUTION_EDGES: Final = (HOUR, 4 * HOUR, 8 * HOUR, DAY, 3 * DAY, 7 * DAY)
"""Fewer than in the histograms since the start: a queue in a window costs as many series."""


_HOUR: Final = "the hour up to the last full quarter, or the same hour so many weeks ago"
_DAY: Final = "the 24 hours up to the last full quarter, or the same ones so many weeks ago"

TRANSITIONS: Final = (WARNED, BREACHED, MET, MET_LATE, CANCELLED, RESUMED, RETRACTED)
"""Those that are published without `publish: all`; the others are counted where they are."""
WITHIN: Final = {"15m": 15 * MINUTE, "1h": HOUR, "4h": 4 * HOUR}
"""How far the wave of deadlines to come is looked at."""


def _gauge(name: str, labels: str, origin: Origin, text: str, fact: str = "") -> Metric:
    return Metric(name, Kind.GAUGE, tuple(labels.split()), origin, text, fact=fact)


def _counter(name: str, labels: str, text: str, fact: str = "") -> Metric:
    return Metric(name, Kind.COUNTER, tuple(labels.split()), Origin.SINCE, text, fact=fact)


def _histogram(fact: str, labels: str, text: str) -> Metric:
    name = f"{fact}_seconds"
    return Metric(name, Kind.HISTOGRAM, tuple(labels.split()), Origin.SINCE, text, EDGES, fact)


def _window(what: str, text: str, fact: str, labels: str = "window queue") -> Metric:
    text = f"{text}, in the trailing window."
    return _gauge(f"window_{what}", labels, Origin.WINDOW, text, fact)


def _kpis() -> Iterator[Metric]:
    """What KPIs are made of: by queue only what is read by queue, to stay within `max_series`."""
    for one in sums():
        labels = "window queue" if one.by_queue else "window"
        metric = _gauge(one.metric, labels, Origin.KPIS, one.help, one.kind)
        yield metric._replace(amounts=one.amounts)


def _distribution(fact: str, text: str, edges: tuple[int, ...]) -> Metric:
    name, labels = f"window_{fact}_seconds", ("window", "queue")
    return Metric(name, Kind.GAUGE_HISTOGRAM, labels, Origin.WINDOW, text, edges, fact)


def _promise(name: str, labels: str, text: str, **values: tuple[str, ...]) -> Metric:
    return Metric(
        f"sla_{name}", Kind.GAUGE, tuple(labels.split()), Origin.PROMISES, text, values=values
    )


def _told(name: str, labels: str, text: str, **values: tuple[str, ...]) -> Metric:
    return _promise(name, labels, text, **values)._replace(kind=Kind.COUNTER)


def _agents(name: str, labels: str, text: str, **values: tuple[str, ...]) -> Metric:
    return _gauge(name, labels, Origin.AGENTS, text)._replace(values=values)


def _customers(name: str, text: str, labels: str = "") -> Metric:
    metric = _gauge(name, labels, Origin.CUSTOMERS, text)
    return metric._replace(values={"period": PERIODS}) if "period" in metric.labels else metric


def _goal(name: str, text: str) -> Metric:
    labels = ("scorecard", "goal", "comparator")
    return Metric(f"goal_{name}", Kind.GAUGE, labels, Origin.GOALS, text)


def _guard(name: str, text: str) -> Metric:
    metric = _goal(f"guard_{name}", text)
    return metric._replace(labels=("scorecard", "goal", "guard", "comparator"))


def _early(name: str, text: str, labels: str = "week") -> Metric:
    return _gauge(name, labels, Origin.EARLY, text)


CATALOGUE: Final = (
    _gauge(
        "tickets_active",
        "queue priority status",
        Origin.NOW,
        "Tickets that are neither resolved, closed, deleted nor merged.",
    ),
    _gauge("channel_tickets_active", "channel", Origin.NOW, "Active tickets by channel."),
    _gauge("segment_tickets_active", "segment", Origin.NOW, "Active tickets by segment."),
    _gauge("tickets_unassigned", "queue", Origin.NOW, "Active tickets without an assignee."),
    _gauge(
        "tickets_unanswered",
        "queue",
        Origin.NOW,
        "Active tickets whose first response is still owed.",
    ),
    _gauge(
        "tickets_unattended",
        "queue",
        Origin.NOW,
        "Active tickets whose requester waits for a reply.",
    ),
    _gauge(
        "oldest_unanswered_timestamp_seconds",
        "queue priority",
        Origin.NOW,
        "Since when the first response that is owed longest is owed, in Unix seconds.",
    ),
    _gauge(
        "oldest_unattended_timestamp_seconds",
        "queue",
        Origin.NOW,
        "Since when the requester who waits longest for a reply has waited, in Unix seconds.",
    ),
    *(
        _counter(f"tickets_{fact}", "queue", f"{text}, since the worker started.", fact)
        for fact, text in COUNTED.items()
    ),
    _counter("tickets_assigned", "", f"{_ASSIGNED}, since the worker started.", facts.ASSIGNED),
    _counter(
        "replies",
        "role",
        "Public messages by agents, bots and requesters, since the worker started.",
    ),
    _histogram(
        facts.FIRST_RESPONSE,
        "queue",
        "Wall-clock time from creation to first response, in seconds.",
    ),
    _histogram(
        facts.PICKUP, "", "Wall-clock time from creation to the first assignee, in seconds."
    ),
    _histogram(
        facts.RESOLUTION,
        "queue",
        "Wall-clock time from creation to each resolution, in seconds.",
    ),
    *(_window(fact, text, fact) for fact, text in COUNTED.items()),
    _window("assigned", _ASSIGNED, facts.ASSIGNED, "window"),
    _window("agent_replies", "Public replies by human agents", facts.AGENT_REPLY, "window"),
    _window(
        "requester_messages", "Public messages by requesters", facts.REQUESTER_MESSAGE, "window"
    ),
    _distribution(
        facts.FIRST_RESPONSE,
        "Times to first response of those given in the trailing window, in seconds.",
        _RESPONSE_EDGES,
    ),
    _distribution(
        facts.RESOLUTION,
        "Times to resolution of those reached in the trailing window, in seconds.",
        _RESOLUTION_EDGES,
    ),
    *_kpis(),
    _early("hour_created", f"Tickets created in {_HOUR}."),
    _early("hour_first_responses", f"First responses given in {_HOUR}."),
    _early(
        "hour_first_response_weighted_seconds",
        f"The p90 of these first responses, times how many there were: summed over workers and "
        f"divided by their number a p90 in seconds, in {_HOUR}.",
    ),
    _early("day_csat", f"CSAT answers in {_DAY}."),
    _early("day_csat_satisfied", f"Those of them that were satisfied, in {_DAY}."),
    _early("early_warning_min_known", "Weeks that must be known before anything is unusual.", ""),
    _early(
        "early_warning_min_sample",
        "Tickets in a usual hour, first responses or answers from which anything is unusual.",
        "",
    ),
    _early("early_warning_band", "Standard deviations from the median that are still usual.", ""),
    _promise(
        "clocks",
        "policy clock queue state",
        "Instances of SLA clocks that are not over: running, past a warn level, paused, or past "
        "their deadline.",
        state=OPEN,
    ),
    _promise(
        "urgent_clocks",
        "clock queue state",
        "Instances of urgent tickets that are past their deadline, or past a warn level "
        "while their calendar is open.",
        state=tuple(sorted(PRESSING)),
    ),
    _promise(
        "due",
        "policy clock within",
        "Deadlines of running clocks in the time to come.",
        within=tuple(WITHIN),
    ),
    _promise("objective_ratio", "policy clock", "The share of instances that is to be met."),
    _promise(
        "window",
        "policy clock window outcome time",
        "Instances whose deadline lies in the trailing window, open ones that are overdue "
        "included; with time=working the last so many open hours of the policy's calendar.",
        outcome=OUTCOMES,
        time=("wall", "working"),
    ),
    _told(
        "transitions",
        "policy clock queue transition",
        "Transitions of SLA clocks that were published, since the worker started.",
        transition=TRANSITIONS,
    ),
    _told(
        "spent_seconds",
        "policy clock queue",
        "Budget used by clocks that stopped, by the queue it was used in, since the worker "
        "started, in seconds of working time.",
    ),
    _told(
        "spent_by_status_seconds",
        "policy clock status",
        "Budget used by clocks that stopped, by the status it was used in, since the worker "
        "started, in seconds of working time.",
        status=(*sorted(STATUSES), OTHER),
    ),
    Metric(
        "breach_detection_delay_seconds",
        Kind.HISTOGRAM,
        (),
        Origin.PROMISES,
        "From a breach to its acknowledged announcement, in seconds of wall time.",
        DELAYS,
    ),
    _goal(
        "numerator",
        "The upper part of a goal's fraction over its period, in the unit of its KPI; the value "
        "itself where there is no lower one.",
    ),
    _goal("denominator", "The lower part of a goal's fraction: how much there is to go by."),
    _goal(
        "previous_numerator",
        "The same in the period before, of goals that are to improve.",
    ),
    _goal("previous_denominator", "The same in the period before, of goals that are to improve."),
    _goal("target", "What a goal's value is compared with; of a percentile, its rank."),
    _goal("min_sample", "The least denominator from which a goal is judged."),
    _goal(
        "warn_numerator",
        "The upper part of the fraction that is compared with warn_at; the denominator is the "
        "goal's.",
    ),
    _goal("warn_at", "A goal that is met, but not by this much, is at risk; a percentile's rank."),
    *(
        _guard(name, f"{text} of a guard of the goal; which way is good says the comparator.")
        for name, text in (
            ("numerator", "The upper part"),
            ("denominator", "The lower part"),
            ("previous_numerator", "The upper part in the period before"),
            ("previous_denominator", "The lower part in the period before"),
        )
    ),
    _agents(
        "agents",
        "queue state",
        "Agents by what they do now, of those who are not offline.",
        state=lately.STATES,
    ),
    _agents("agents_scheduled", "queue", "Agents whose shift is now, absent or not."),
    _agents(
        "cover_promised",
        "queue",
        "1 while the calendar of the queue's policy is open, 0 while it is not; nothing where no "
        "policy governs a ticket of which only the queue is known.",
    ),
    _agents("cover_min_staff", "", "How many agents have to be there in promised hours."),
    _agents(
        "window_scheduled_seconds",
        "window queue",
        "Time of shifts in the trailing window, in seconds.",
    ),
    _agents(
        "window_within_shift_seconds",
        "window queue",
        "Time of shifts in which the agent was present, in the trailing window, in seconds.",
    ),
    _agents(
        "window_overtime_seconds",
        "window queue",
        "Time agents were present outside of shifts, in the trailing window, in seconds.",
    ),
    _agents(
        "window_lost_seconds",
        "window queue reason",
        "Time of shifts in which the agent was not present, in the trailing window, in seconds.",
        reason=people.REASONS,
    ),
    _agents(
        "window_criterion",
        "window criterion",
        "Scores given in quality reviews, in the trailing window.",
    )._replace(fact=facts.CRITERION),
    _agents(
        "window_criterion_points",
        "window criterion",
        "What these scores add up to, each a share of the highest one.",
    )._replace(fact=facts.CRITERION, amounts=True),
    _customers("customers", "Customers with a sign of life in the period of now.", "period"),
    _customers("customers_before", "Customers of the period before.", "period"),
    _customers("customers_retained", "Customers of both periods.", "period"),
    _customers("customers_returning", "Customers of this period and of any earlier one.", "period"),
    _customers("customers_purchased", "Customers with a purchase, ever."),
    _customers("customers_repurchased", "Customers with two purchases or more, ever."),
    _customers("customers_churned", "Times that a customer left, ever."),
    _customers("requesters", "Requesters of tickets created in the month of now."),
    _customers("requesters_repeated", "Requesters of two such tickets or more."),
    _customers("requesters_tickets", "Tickets of requesters created in the month of now."),
    _customers(
        "requesters_repeat_contacts",
        "Tickets of these whose requester had one of the same category resolved shortly before.",
    ),
    _customers(
        "contacts_queued", "Contacts that began to wait, in the last seven days.", "channel"
    ),
    _customers("contacts_answered", "Contacts of these that were answered.", "channel"),
    _customers("contacts_abandoned", "Contacts of these that were abandoned.", "channel"),
    _customers(
        "contacts_waited_seconds",
        "How long those that were answered had waited, in seconds.",
        "channel",
    ),
    Metric(
        "annotation_timestamp_seconds",
        Kind.GAUGE,
        ("text",),
        Origin.GOALS,
        "When something happened that scorecards.yml tells of, in Unix seconds.",
    ),
    _counter("events", "outcome", "Events read and made durable, by what became of them."),
    _counter("dead_letters", "reason", "Events refused and written to the dead letter topic."),
    _counter("late_events", "", "Events too old to be applied, written to the topic for those."),
    _counter("events_flagged", "flag", "Marks on events that were not quite as they should be."),
    _counter(
        "corrections",
        "",
        "Facts already counted that later events took back; windows are corrected exactly.",
    ),
    _gauge(
        "state_ready",
        "partition",
        Origin.TRUST,
        "1 when the partition's state is restored, 0 before: then its tickets are missing.",
    ),
    _gauge(
        "watermark_timestamp_seconds",
        "partition",
        Origin.TRUST,
        "Up to when everything on Kafka has been processed, in Unix seconds.",
    ),
    _gauge("consumer_lag_events", "partition", Origin.TRUST, "Events not processed yet."),
    _gauge(
        "consumer_lag_seconds",
        "partition",
        Origin.TRUST,
        "Age of the event processed last while there are more, in seconds; 0 when caught up.",
    ),
    _gauge(
        "last_commit_timestamp_seconds",
        "",
        Origin.TRUST,
        "When changes were last made durable, in Unix seconds.",
    ),
    _gauge(
        "config_last_reload_successful",
        "",
        Origin.TRUST,
        "1 when the configuration could be read when it last was, 0 when the former one stays.",
    ),
    _gauge(
        "config_last_reload_success_timestamp_seconds",
        "",
        Origin.TRUST,
        "When a configuration was last taken over, in Unix seconds.",
    ),
    _gauge(
        "event_loop_lag_seconds",
        "",
        Origin.TRUST,
        "How long the worker let something wait that was due: the longest since the commit cycle "
        "before, in seconds.",
    ),
    _gauge(
        "memory_used_ratio",
        "",
        Origin.TRUST,
        "How much the worker has of the memory that its container may have, or the machine has.",
    ),
    _gauge(
        "source_last_event_timestamp_seconds",
        "source",
        Origin.TRUST,
        "Event time of the newest event of a source system, in Unix seconds.",
    ),
    _gauge(
        "source_silent",
        "source",
        Origin.TRUST,
        "1 when a source system is silent against what is usual for the hour of the week.",
    ),
    _gauge("build_info", "version", Origin.TRUST, "Always 1; the label is the running version."),
    _gauge(
        "collect_duration_seconds",
        "",
        Origin.TRUST,
        "How long gathering and writing the metrics of this scrape took, in seconds.",
    ),
)
"""Every metric, in the order of the output."""

OWN_FLAGS: Final[Mapping[str, str]] = {
    "conflict": "Its source and id came with another content too; the earlier event counts.",
}
"""Flags that judging sets, besides those of decoding, and what they mean."""
MAX_PARTITIONS: Final = 16
"""Partitions of one worker shown by themselves; the rest is `other`, with the worst values."""

VALUES: Final[Mapping[str, tuple[str, ...]]] = {
    "status": (*sorted(STATUSES - DONE), OTHER),
    "priority": (*sorted(PRIORITIES), OTHER, ""),
    "role": tuple(ROLES),
    "outcome": tuple(Outcome),
    "reason": tuple(REASONS),
    "flag": (*FLAGS, *OWN_FLAGS),
    "comparator": ("<", "<=", ">=", ">"),
}
"""Every value of the labels that have a closed list; "" is a ticket that has none."""
CLOSED: Final[Mapping[str, int]] = {
    **{label: len(values) for label, values in VALUES.items()},
    "partition": MAX_PARTITIONS + 1,
    "version": 1,
}
"""How many values the labels without a budget have."""


def shown_windows(metric: Metric, config: Config) -> frozenset[str] | None:
    """The windows that a metric shows, where they are configured; `None` is every one."""
    if metric.origin in {Origin.KPIS, Origin.AGENTS}:
        return frozenset(map(duration_text, config.metrics.kpi_windows))
    return frozenset(WINDOW_HISTOGRAMS) if metric.kind is Kind.GAUGE_HISTOGRAM else None


def is_shown(metric: Metric, config: Config) -> bool:
    """Whether the configuration asks for a metric at all."""
    if metric.origin is Origin.AGENTS:
        return config.metrics.agents
    return config.metrics.customers or metric.origin is not Origin.CUSTOMERS


def families(config: Config) -> list[Family]:
    """The metrics as `estimate_series` counts them."""
    return list(_families(config))


def _promised(metric: Metric, config: Config) -> Family:
    """A metric of clocks: its policies and clocks are exactly those that are configured."""
    policies = config.engine.policies
    names = {"policy": len(policies.pairs), "clock": 1}
    if "policy" not in metric.labels:
        names = {"clock": len(policies.clocks)}
    closed = {label: len(values) for label, values in metric.values.items()}
    given = {**names, **closed}
    left = tuple(label for label in metric.labels if label not in given)
    times = prod(given[label] for label in metric.labels if label in given)
    return Family(metric.exported, left, len(metric.edges) + 1 if metric.edges else 0, times)


def _of_goals(metric: Metric, config: Config) -> Family:
    """A metric of goals: they, and what happened, are exactly those that are configured."""
    kept = [one for one, _ in pursued(config.engine)]
    goals, guards = [one for one in kept if not one.guard], [one for one in kept if one.guard]
    warned, divided = sum(one.warn_at is not None for one in goals), sum(g.divided for g in guards)
    numbers = {
        "goal_warn_numerator": warned,
        "goal_warn_at": warned,
        "goal_guard_numerator": len(guards),
        "goal_guard_denominator": divided,
        "goal_guard_previous_numerator": len(guards),
        "goal_guard_previous_denominator": divided,
        "goal_denominator": sum(one.divided for one in goals),
        "goal_previous_numerator": sum(one.target is None for one in goals),
        "goal_previous_denominator": sum(one.target is None and one.divided for one in goals),
        "goal_target": sum(one.target is not None for one in goals),
        "annotation_timestamp_seconds": len(config.engine.happenings),
    }
    return Family(metric.exported, times=numbers.get(metric.name, len(goals)))


def _families(config: Config) -> Iterator[Family]:
    windows = {duration_text(span) for span in config.windows}
    for metric in CATALOGUE:
        if not is_shown(metric, config):
            continue
        if metric.origin is Origin.PROMISES:
            if config.engine.policies:
                yield _promised(metric, config)
            continue
        if metric.origin is Origin.EARLY:
            weeks = config.early_warning.weeks
            if weeks:
                yield Family(metric.exported, times=weeks + 1 if metric.labels else 1)
            continue
        if metric.origin is Origin.GOALS:
            yield _of_goals(metric, config)
            continue
        buckets = len(metric.edges) + 1 if metric.edges else 0
        shown = shown_windows(metric, config)
        times = prod(len(values) for values in metric.values.values())
        labels = tuple(label for label in metric.labels if label not in metric.values)
        if shown is None or "window" not in labels:
            yield Family(metric.exported, labels, buckets, times)
            continue
        labels = tuple(label for label in labels if label != "window")
        yield from (Family(metric.exported, labels, buckets, times) for _ in windows & shown)
