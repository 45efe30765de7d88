"""What can be set in scorecards.yml: what happened, and what KPIs are held against.

The docstring below a field is its description in the JSON Schema.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema

from streams.config.problems import found_text, likely, refuse
from streams.config.sla_names import EachKind, EachPriority, Values
from streams.config.sla_values import Day, Since
from streams.config.values import ByName, Name
from streams.core.measures import MEASURES
from streams.core.sums import CUSTOMER

Text = Annotated[str, Field(min_length=1, max_length=200)]
LONGEST: Final = 64
Label = Annotated[str, Field(min_length=1, max_length=LONGEST)]
"""Short enough to be the label of a metric."""
Sample = Annotated[int, Field(ge=1)]
Period = Literal["day", "week", "month", "quarter", "year"]


def _measure(value: object) -> object:
    if value not in MEASURES:
        expected = likely(value, MEASURES, "a measure of docs/kpis.md")
        refuse(f"found {found_text(value)}, {expected}")
    return value


KpiName = Annotated[
    str,
    PlainValidator(
        _measure,
        json_schema_input_type=Annotated[
            str, WithJsonSchema({"type": "string", "enum": sorted(MEASURES)})
        ],
    ),
]


def _quantity(value: object) -> object:
    """Text or a number; what it means depends on the KPI."""
    if isinstance(value, bool) or not isinstance(value, str | int | float) or value == "":
        raise ValueError("a value such as 1h, 95% or 4.5")
    return value


Quantity = Annotated[
    str | int | float,
    PlainValidator(
        _quantity,
        json_schema_input_type=Annotated[
            str, WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "minLength": 1}]})
        ],
    ),
]


@dataclass(frozen=True, slots=True)
class AnnotationEntry:
    """Something that happened: a release, a campaign, a new shift plan."""

    at: Since
    """An instant, or a date: its local midnight."""
    text: Label
    """Shown in reports and on dashboards."""


@dataclass(frozen=True, slots=True)
class ActionEntry:
    """What is done to reach a goal."""

    text: Label
    since: Since | None = None
    """When it began: from then on it is an annotation, with a row of before and after."""


def _written_out(value: object) -> object:
    return ActionEntry(value) if isinstance(value, str) and 0 < len(value) <= LONGEST else value


Deed = Annotated[
    ActionEntry, BeforeValidator(_written_out, json_schema_input_type=Label | ActionEntry)
]


@dataclass(frozen=True, slots=True)
class Part:
    """Which tickets count: of each dimension one value or several; "*" is a row for each."""

    queue: Values | None = None
    priority: EachPriority | None = None
    channel: Values | None = None
    segment: Values | None = None
    product: Values | None = None
    category: Values | None = None
    kind: EachKind | None = None
    agent: Values | None = None
    """Whom the fact is credited to."""
    policy: Values | None = None
    """Of sla_attainment and sla_budget_used: whose promise it was."""
    clock: Values | None = None
    """Of the same: what was promised, such as first_response."""
    customer: ByName[Values] | None = None
    """By attribute of the requester, one of customer_attributes; only reports judge such goals."""

    @property
    def values(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """What is asked, by dimension."""
        for name in self.__dataclass_fields__:
            values = getattr(self, name)
            if isinstance(values, Mapping):
                yield from ((CUSTOMER + attribute, of) for attribute, of in values.items())
            elif values is not None:
                yield name, values


@dataclass(frozen=True, slots=True)
class GoalEntry:
    """One row of a scorecard."""

    kpi: KpiName
    """What is measured."""
    slice: Part = Part()
    """Of which tickets; without it of all."""
    stat: Literal["mean", "p50", "p90", "value", "share_within"] | None = None
    """Of times mean (the default), p50, p90 or share_within; of all else its value."""
    basis: Literal["wall", "working"] = "wall"
    """Whether times are working time of the ticket's calendar."""
    period: Period = "month"
    """The last 1, 7, 30, 91 or 365 days."""
    comparator: Literal["<", "<=", ">=", ">", "improves"] | None = None
    """improves: better than in the period before. Without it the row is only watched."""
    goal: Quantity | None = None
    """1h, 95%, 4.5; of share_within the share and the limit: 90% within 1h."""
    unit: Name | None = None
    """Of a bare number: s, m, h, d or %. Else what is written behind the value: EUR, of 5."""
    warn_at: Quantity | None = None
    """A goal that is met, but not by this much, is at risk; written as the goal is."""
    min_sample: Sample | None = None
    """From fewer no verdict is given; without it that of deskpulse.yml."""
    owner: Text | None = None
    """Who answers for it."""
    due: Day | None = None
    """By when."""
    expected: Text | None = None
    """What is expected of the actions."""
    benchmark: Text | None = None
    """What others reach."""
    actions: tuple[Deed, ...] = ()
    """What is done about it: texts, or maps with since."""
    guard: tuple[KpiName, ...] = ()
    """KPIs that must not get worse meanwhile: else the goal is met at a cost."""


@dataclass(frozen=True, slots=True)
class ScorecardEntry:
    """A scorecard: its goals, or nothing, which is the shipped one of this name."""

    goals: tuple[GoalEntry, ...] | None = None
