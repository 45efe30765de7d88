"""What can be set: every key of the folder, its type, its default and its meaning.

The docstring below a field is its description in the JSON Schema. Durations are
milliseconds here and text (`15m`) in the file. Defaults of the engine are those of
`streams.core.settings.Settings`, stated there once.
"""

from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Final, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, ConfigDict, Field, PlainSerializer

from streams.config.goal_values import annotations_of, scorecard_of
from streams.config.goals import AnnotationEntry, ScorecardEntry
from streams.config.notify import Notify
from streams.config.promises import policies_of
from streams.config.sheets import sheet
from streams.config.sla import Calendars, PolicyEntry
from streams.config.values import (
    AppName,
    Attribute,
    Bootstrap,
    ByName,
    Credential,
    Currency,
    Daily,
    Duration,
    FilePath,
    Host,
    Moment,
    Money,
    Name,
    PositiveDuration,
    Secret,
    Share,
    TopicName,
    Weekly,
    Zone,
)
from streams.core.customers import Customers
from streams.core.effort import MICRO
from streams.core.goals import Scorecard
from streams.core.instants import DAY, MINUTE
from streams.core.people import Agents
from streams.core.refusals import Bound
from streams.core.requesters import Requesters
from streams.core.settings import (
    CATALOGUE,
    Credit,
    FixedCost,
    QueueSettings,
    Settings,
    SourceSettings,
)
from streams.core.windows import step_of

_ENGINE: Final = Settings()
_SECOND: Final = 1_000
_ZONE: Final = ZoneInfo("Europe/Berlin")
_CLOSE_OF_DAY: Final = Moment(18 * 60)
_CLOSE_OF_WEEK: Final = Moment(18 * 60, weekday=4)

Part = Literal["conflicts", "journey", "elapsed", "voice", "effort"]
Period = Literal["day", "week", "month", "quarter", "year"]
_PERIODS: Final[tuple[Period, ...]] = get_args(Period)

EVERYBODY: Final = "default"
"""The hourly rate of all who have none of their own."""

Count = Annotated[int, Field(ge=1)]
Port = Annotated[int, Field(ge=1, le=65_535)]


def _ascending(windows: tuple[int, ...]) -> tuple[int, ...]:
    if any(span % step_of(span) for span in windows):
        raise ValueError("multiples of 10s up to 5m, of 1m up to 1h, of 15m up to 1d, else of 1h")
    return tuple(sorted(set(windows)))


def _once(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _in_order(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    return tuple(part for part in CATALOGUE if part in parts)


def _shortest_first(periods: tuple[Period, ...]) -> tuple[Period, ...]:
    return tuple(period for period in _PERIODS if period in periods)


@dataclass(frozen=True, slots=True)
class Kafka:
    """How to reach the broker. Relative paths start at the configuration's folder."""

    bootstrap: Bootstrap = "127.0.0.1:9092"
    """HOST:PORT, or several with commas; DESKPULSE_BOOTSTRAP overrides it."""
    security: Literal["plaintext", "tls", "sasl_tls"] | None = None
    """sasl_tls is a user inside TLS; SASL without TLS is not offered. Without this key plaintext,
    and only to this machine; DESKPULSE_SECURITY overrides it."""
    cafile: FilePath | None = None
    """Certificates to trust (PEM); without it those of the system."""
    certfile: FilePath | None = None
    """The client's certificate (PEM), for mutual TLS."""
    keyfile: FilePath | None = None
    """The key of certfile, where it does not stand in the same file."""
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] = "SCRAM-SHA-512"
    """The SASL mechanism; only sasl_tls uses it."""
    username: Credential | None = None
    """A name, env:NAME or file:PATH."""
    password: Secret | None = None
    """env:NAME or file:PATH, read when the worker connects; never the password itself."""
    token: Secret | None = None
    """For OAUTHBEARER, instead of user name and password: env:NAME, or file:PATH, which is read
    again for every connection, so that whoever renews it may do so at any time."""
    session_timeout: PositiveDuration = 10 * _SECOND
    """A worker that is silent for longer loses its partitions."""
    rebalance_timeout: PositiveDuration = MINUTE
    """How long the group waits for its members to rejoin."""
    instance: Name | None = None
    """This worker's name in the group, of which there is one (Kafka's group.instance.id): if it
    is back within session_timeout it goes on with its partitions, and no other worker is
    disturbed. DESKPULSE_INSTANCE overrides it."""


@dataclass(frozen=True, slots=True)
class Topics:
    """The names of the topics, all different."""

    source: TopicName = "ticket-events"
    agents: TopicName = "agent-events"
    """Shifts, absences and presence of agents, and staff surveys."""
    customers: TopicName = "customer-events"
    """What customers do and say apart from tickets, and their waits on the phone and in chat."""
    transitions: TopicName = "sla-transitions"
    late: TopicName = "late-events"
    dead_letters: TopicName = "dead-letters"


@dataclass(frozen=True, slots=True)
class Snapshots:
    """The local instants at which queue depth is kept for reports."""

    end_of_day: Daily = _CLOSE_OF_DAY
    """Every day; "24:00" is the midnight that ends it."""
    end_of_week: Weekly = _CLOSE_OF_WEEK


@dataclass(frozen=True, slots=True)
class Queue:
    """What a queue is in the organisation."""

    tier: Count = 1
    """A transfer to a queue of a higher tier is an escalation."""
    department: Name | None = None
    """What transfer_level: department compares."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """What has to be paid however many tickets there are."""

    amount: Money
    """In costs.currency, each period."""
    period: Period


@dataclass(frozen=True, slots=True)
class Costs:
    """What work costs; recorded costs come with the events."""

    currency: Currency | None = None
    """What costs are reported in; without it, in the only currency there is."""
    rates: ByName[Money] = field(default_factory=lambda: MappingProxyType({}))
    """What one unit of another currency is worth in this one."""
    hourly: ByName[Money] = field(default_factory=lambda: MappingProxyType({}))
    """What an hour of an agent costs, by agent; `default` is everybody else."""
    fixed: tuple[Fixed, ...] = ()
    """Spread over tickets by the time spent on them."""


@dataclass(frozen=True, slots=True)
class Satisfied:
    """From which score on a response is a satisfied one, on one scale."""

    min: float
    max: float
    score: float


@dataclass(frozen=True, slots=True)
class Lateness:
    """How much disorder is repaired."""

    apply_within: Duration = _ENGINE.apply_within
    """An event older than the newest of its ticket by more than this is late."""
    future_skew: Duration = _ENGINE.future_skew
    """An event further ahead of the wall clock than this is refused."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long tickets are kept; apply_within <= closed_ticket <= forgotten."""

    closed_ticket: PositiveDuration = _ENGINE.closed_ticket
    """A closed ticket silent for longer shrinks to its checkpoint, which changes no answer."""
    forgotten: PositiveDuration = _ENGINE.forgotten
    """A ticket silent for longer is dropped; a later event of its id is a new ticket's."""


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """How much a partition may refuse; then the worker stops, before the topic is drained."""

    max_run: Count | None = 1_000
    """Refused in a row; null is any number."""
    max_ratio: Share = 0.5
    """Refused of each `window` records; 100% is any number."""
    window: Count = 10_000
    """Records of one partition, one window after the other."""

    @property
    def bound(self) -> Bound:
        """The same for the engine."""
        # What a percentage comes to as a float may be a hair below a whole number.
        return Bound(self.max_run, self.window, int(self.max_ratio * self.window + 1e-6))


@dataclass(frozen=True, slots=True)
class Health:
    """What a worker takes for a hang: it stops then, with exit code 1, to be started again."""

    stalled: PositiveDuration = 2 * MINUTE
    """A partition that is behind and does not get on, or a write or an event loop that stands
    still, for longer; /live fails then, too."""
    restore: PositiveDuration = 10 * MINUTE
    """A partition whose state is not restored by then."""


@dataclass(frozen=True, slots=True)
class Label:
    """The budget of one label."""

    max: Annotated[int, Field(ge=0)] = 10
    """The values with the most volume keep their name, the rest is `other`."""


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels whose values come from the outside, so each needs a budget."""

    queue: Label = Label()
    channel: Label = Label()
    segment: Label = Label()
    """Of active tickets; KPIs of a segment are in reports, and live as goals with that slice."""
    source: Label = Label()
    criterion: Label = Label()
    """Of quality reviews; shown with metrics.agents only."""


@dataclass(frozen=True, slots=True)
class Metrics:
    """Where /metrics listens, and what it shows of the catalogue."""

    bind: Host = "127.0.0.1"
    """The address; DESKPULSE_METRICS_BIND overrides it."""
    port: Port = 9108
    certfile: FilePath | None = None
    """The endpoint's certificate (PEM): then it speaks TLS only."""
    keyfile: FilePath | None = None
    """The key of certfile, where it does not stand in the same file."""
    username: Credential | None = None
    """Who may read /metrics (basic authentication): a name, env:NAME or file:PATH. /live and
    /ready, which hold no figures, are open to probes in any case."""
    password: Secret | None = None
    """env:NAME or file:PATH, read when the worker starts."""
    token: Secret | None = None
    """A bearer token, instead of user name and password: env:NAME or file:PATH."""
    kpi_windows: tuple[PositiveDuration, ...] = _ENGINE.kpi_windows
    """The `windows` in which there are the sums behind the KPIs of the catalogue."""
    agents: bool = False
    """Whether shifts, presence, cover and quality reviews are shown, by queue; never by agent."""
    customers: bool = False
    """Whether retention, returning customers, repeat requesters and contacts are shown."""


@dataclass(frozen=True, slots=True)
class EarlyWarning:
    """When inflow, response times or CSAT are unusual against the same hour of the last weeks."""

    weeks: Annotated[int, Field(ge=0, le=26)] = _ENGINE.same_weeks
    """How many weeks back it looks; 0 keeps nothing of them and never warns."""
    min_weeks: Count = 3
    """Nothing is unusual until so many of them are known."""
    min_sample: Count = 10
    """Nor from fewer tickets usually in the hour, first responses in it or CSAT answers in the
    day."""
    band: Annotated[float, Field(ge=1)] = 4
    """How many standard deviations from the median are still usual."""


HOMES: Final = {
    "sla.yml": ("calendars", "policies", "publish"),
    "scorecards.yml": ("annotations", "scorecards"),
}
"""The keys that stand in these files; every other one stands in deskpulse.yml."""


def home(key: str) -> str:
    """The file that a key stands in."""
    return next((file for file, keys in HOMES.items() if key in keys), "deskpulse.yml")


@dataclass(frozen=True)
class Config:
    """Every key is optional; without any this is what runs."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", strict=True, use_attribute_docstrings=True
    )

    kafka: Kafka = field(default_factory=Kafka)
    app: AppName = "deskpulse"
    """Names the consumer group, the changelog topics and the transactions."""
    topics: Topics = field(default_factory=Topics)
    timezone: Zone = _ZONE
    """For the hour of week, periods, snapshots and local days."""
    windows: Annotated[tuple[PositiveDuration, ...], AfterValidator(_ascending)] = _ENGINE.windows
    """Trailing event-time windows; order and repetition mean nothing."""
    periods: Annotated[tuple[Period, ...], AfterValidator(_shortest_first)] = _PERIODS
    """Calendar periods kept beyond the eviction of tickets."""
    snapshots: Snapshots = field(default_factory=Snapshots)
    queues: ByName[Queue] = field(default_factory=lambda: MappingProxyType({}))
    """Tiers and departments, for escalations and transfers; a queue need not be listed."""
    lateness: Lateness = field(default_factory=Lateness)
    retention: Retention = field(default_factory=Retention)
    time: Literal["wall", "event"] = "wall"
    """What tells timers the time: the wall clock, or (recorded topics) the events."""
    out_of_orderness: Duration = MINUTE
    """With time: event, how far the clock stays behind the newest event."""
    delivery: Literal["auto", "exactly_once", "at_least_once"] = "auto"
    """auto is exactly_once on every broker with transactions, else at_least_once."""
    commit_interval: PositiveDuration = _SECOND
    """How often state, outputs and offsets are made durable together."""
    dead_letters: DeadLetters = field(default_factory=DeadLetters)
    health: Health = field(default_factory=Health)
    max_series: Count = 2_000
    """The most series one worker may export; check-config refuses more."""
    labels: Labels = field(default_factory=Labels)
    metrics: Metrics = field(default_factory=Metrics)
    early_warning: EarlyWarning = field(default_factory=EarlyWarning)
    notify: Notify = field(default_factory=Notify)
    sources: ByName[SourceSettings] = field(default_factory=lambda: MappingProxyType({}))
    """By pattern of the events' source, `*` is any text; the first match counts."""

    count_bots: bool = _ENGINE.count_bots
    """A bot's public reply is an agent reply."""
    count_automatic: bool = _ENGINE.count_automatic
    """An automatic public message of an agent is an agent reply."""
    exclude_spam_from_windows: bool = _ENGINE.exclude_spam_from_windows
    """A ticket deleted as spam leaves past windows too."""
    catalogue: Annotated[tuple[Part, ...], AfterValidator(_in_order)] = CATALOGUE
    """Which parts of the catalogue of KPIs are kept, beside response, resolution and depth."""
    credit: Literal["resolver", "last_assignee", "first_responder"] = "resolver"
    """Whose queue and name a ticket's KPIs go to."""
    mature_after: PositiveDuration = 30 * DAY
    """A cohort's resolved share is provisional until it is this old."""
    count_reopened: bool = True
    """false drops tickets reopened within fcr_window from the resolved share."""
    fcr_window: PositiveDuration = 7 * DAY
    """A resolution reopened within it was no first-contact resolution."""
    fcr_basis: Literal["replies", "contact"] | None = None
    """For every channel; without it contact for chat, phone and social, else replies."""
    contact_gap: PositiveDuration = 30 * MINUTE
    """Messages less than this apart are one contact."""
    repeat_window: PositiveDuration = 7 * DAY
    """A ticket this soon after one of the same requester and category is a repeat."""
    transfer_level: Literal["queue", "department"] = "queue"
    """What has to change for a transfer."""
    ces_direction: Literal["high_easy", "low_easy"] = "high_easy"
    """Whether a high effort score means easy."""
    satisfied: tuple[Satisfied, ...] = ()
    """Scales on which satisfied is not min + 2/3 of the range."""
    costs: Costs = field(default_factory=Costs)
    contact: Literal["ticket", "requester_message", "contact"] = "ticket"
    """What the cost per contact is divided by."""
    planned_leave_counts: bool = True
    """Planned absences count as lost service hours."""
    min_staff: Count = 1
    """A promised minute is covered with at least this many present."""
    conflict_clock: Literal["since", "created"] = "since"
    """Where a conflict's reaction time starts: conflict_since or created_at."""
    return_within: PositiveDuration = 30 * DAY
    """A customer active this soon after support was retained."""
    customer_attributes: Annotated[tuple[Attribute, ...], AfterValidator(_once)] = (
        Customers().attributes
    )
    """Attributes of customer.updated by which reports tell KPIs apart: `customer_region`."""
    min_sample: Count = 5
    """A value computed from fewer carries a mark."""

    calendars: Annotated[Calendars, AfterValidator(MappingProxyType), PlainSerializer(dict)] = (
        field(default_factory=lambda: MappingProxyType({}))
    )
    """When each team works, by a name of your own; 24x7 is built in."""
    policies: tuple[PolicyEntry, ...] = ()
    """What is promised, in order: the first one that matches a ticket governs it."""
    publish: Literal["verdicts", "all"] = "verdicts"
    """all also publishes activations, pauses and resumptions of clocks."""

    annotations: tuple[AnnotationEntry, ...] = ()
    """What happened: shown in reports and on dashboards, with rows of before and after."""
    scorecards: ByName[ScorecardEntry] = field(default_factory=lambda: MappingProxyType({}))
    """Goals by the name of their scorecard; a shipped one is taken with NAME: {}."""

    @property
    def changelog(self) -> str:
        """The topic that keeps the state of the tickets."""
        return f"{self.app}-tickets-changelog"

    @property
    def ticket_facts(self) -> str:
        """The internal topic by which the tickets of one requester come together."""
        return f"{self.app}-ticket-facts"

    @property
    def agents(self) -> Agents:
        """How agents are counted."""
        return Agents(self.timezone, self.planned_leave_counts)

    @property
    def customers(self) -> Customers:
        """How customers are counted."""
        return Customers(self.timezone, self.customer_attributes)

    @property
    def requesters(self) -> Requesters:
        """How the requesters of tickets are counted."""
        return Requesters(self.timezone, self.retention.forgotten, self.repeat_window)

    def scorecard(self, name: str) -> Scorecard:
        """A scorecard of scorecards.yml, or a shipped one; raises `KeyError` for any other name."""
        own = self.scorecards.get(name)
        entry = sheet(name) if own is None or own.goals is None else own
        return scorecard_of(name, entry, self.timezone, self.min_sample)

    @cached_property
    def engine(self) -> Settings:
        """What the pure engine has to know of it; the same object every time."""
        return Settings(
            apply_within=self.lateness.apply_within,
            future_skew=self.lateness.future_skew,
            behind=max(self.lateness.future_skew, self.out_of_orderness),
            closed_ticket=self.retention.closed_ticket,
            forgotten=self.retention.forgotten,
            zone=self.timezone,
            windows=self.windows,
            kpi_windows=self.metrics.kpi_windows,
            same_weeks=self.early_warning.weeks,
            count_bots=self.count_bots,
            count_automatic=self.count_automatic,
            exclude_spam_from_windows=self.exclude_spam_from_windows,
            sources=tuple(self.sources.items()),
            **self._catalogue(),
            scorecards=tuple(self.scorecard(name) for name in self.scorecards),
            annotations=annotations_of(self.annotations, self.timezone),
            policies=policies_of(
                self.calendars,
                self.policies,
                self.timezone,
                announce_all=self.publish == "all",
            ),
        )

    def _catalogue(self) -> dict[str, Any]:
        """The settings of the KPIs beyond response, resolution and depth."""
        hourly = {name: round(rate * MICRO) for name, rate in self.costs.hourly.items()}
        if EVERYBODY in hourly:
            hourly[""] = hourly.pop(EVERYBODY)
        day, week = self.snapshots.end_of_day, self.snapshots.end_of_week
        return {
            "catalogue": self.catalogue,
            "queues": {
                name: QueueSettings(queue.tier, queue.department)
                for name, queue in self.queues.items()
            },
            "by_department": self.transfer_level == "department",
            "credit": Credit(self.credit),
            "fcr_window": self.fcr_window,
            "fcr_basis": self.fcr_basis,
            "contact_gap": self.contact_gap,
            "repeat_window": self.repeat_window,
            "count_reopened": self.count_reopened,
            "mature_after": self.mature_after,
            "low_is_easy": self.ces_direction == "low_easy",
            "satisfied": tuple((one.min, one.max, one.score) for one in self.satisfied),
            "conflict_since_creation": self.conflict_clock == "created",
            "hourly_rates": hourly,
            "currency": self.costs.currency,
            "rates": dict(self.costs.rates),
            "fixed_costs": tuple(FixedCost(one.amount, one.period) for one in self.costs.fixed),
            "cost_per": self.contact,
            "periods": self.periods,
            "snapshots": (
                ("end_of_day", None, day.minute),
                ("end_of_week", week.weekday, week.minute),
            ),
            "min_sample": self.min_sample,
        }
