"""The names that sla.yml may use: clocks, attributes and what they can be, countries.

A name that does not exist is refused with the nearest one that does, because a promise on a
misspelt queue or status would be kept for nobody, silently.
"""

from typing import Annotated, Any, Final

from pydantic import PlainValidator, WithJsonSchema

from streams.config.problems import found_text, likely, refuse
from streams.core.events import OTHER
from streams.core.goals import EACH
from streams.core.policies import CLOCKS

WORKABLE_STATUSES: Final = ("new", "open", "pending", "on_hold", OTHER)
STATUSES: Final = ("new", "open", "pending", "on_hold", "resolved", "closed", OTHER)
PRIORITIES: Final = ("urgent", "high", "normal", "low", OTHER)
KINDS: Final = ("question", "incident", "problem", "task", "complaint", "conflict", OTHER)
"""What a ticket can have: the closed lists of the events, and what an unknown value becomes."""


def _one_of(choices: tuple[str, ...], unknown: str = "") -> PlainValidator:
    """One of these names; a key, which the path shows already, is called unknown instead."""

    def check(value: object) -> object:
        if value not in choices:
            said = f"unknown {unknown}" if unknown else f"found {found_text(value)}"
            refuse(f"{said}, {likely(value, choices)}")
        return value

    schema = WithJsonSchema({"type": "string", "enum": list(choices)})
    return PlainValidator(check, json_schema_input_type=Annotated[str, schema])


ClockName = Annotated[str, _one_of(CLOCKS, "clock")]
PausingStatus = Annotated[str, _one_of(WORKABLE_STATUSES)]


def _any_of(choices: tuple[str, ...] = ()) -> PlainValidator:
    """One value, or a list of which any may stand; "" is a ticket without the attribute."""

    def check(value: object) -> tuple[str, ...]:
        values = value if isinstance(value, list) else [value]
        if not values:
            refuse("found an empty list, expected at least one value")
        for each in values:
            # A whole number is taken as its digits, as in an event.
            if not isinstance(each, str | int) or isinstance(each, bool):
                refuse(f'found {found_text(each)}, expected text ("" is a ticket without it)')
            if choices and each not in ("", *choices):
                refuse(f"found {found_text(each)}, {likely(each, choices)}")
        return tuple(map(str, values))

    one: dict[str, Any] = {"enum": ["", *choices]} if choices else {"type": ["string", "integer"]}
    schema = WithJsonSchema({"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]})
    return PlainValidator(check, json_schema_input_type=Annotated[object, schema])


Values = Annotated[tuple[str, ...], _any_of()]
OfStatus = Annotated[tuple[str, ...], _any_of(STATUSES)]
OfPriority = Annotated[tuple[str, ...], _any_of(PRIORITIES)]
OfKind = Annotated[tuple[str, ...], _any_of(KINDS)]
EachPriority = Annotated[tuple[str, ...], _any_of((*PRIORITIES, EACH))]
EachKind = Annotated[tuple[str, ...], _any_of((*KINDS, EACH))]
"""The same where `*` stands for each of them."""
