"""What `data` holds, per event type, and which topic carries which (CONTRACTS section 1).

These tables are the one statement of the payloads in code: the fast reader, the careful
reader and the list of fields that can be missing all come from them, and a test compares
them with the JSON Schemas.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from streams.core import events as ev
from streams.core.instants import DAY, parse_rfc3339
from streams.core.requesters import DISSATISFIED, NEUTRAL, SATISFIED, UNASKED
from streams.wire.envelope import EARLIEST_MS
from streams.wire.kinds import (
    BOOLEAN,
    Kind,
    cleared_by_null,
    count_or,
    list_of,
    map_of,
    number,
    one_of,
    record,
    text,
    texts_by_name,
)
from streams.wire.reasons import MAX_ID, Reason, Refusal, missing

MAX_SPAN_MS: Final = 366 * DAY
"""A longer shift or absence is a mistake (inclusive: one of this length is read)."""

ID: Final = text(least=1, most=MAX_ID)
"""An event's `id`, or a ticket id."""
TEXT: Final = text()
NAMED: Final = text(least=1)
"""A text that must say something."""

_ATTRIBUTES: Final = {
    name: cleared_by_null(
        one_of(ev.ENUM_ATTRIBUTES[name])
        if name in ev.ENUM_ATTRIBUTES
        else list_of(TEXT)
        if name == "tags"
        else TEXT
    )
    for name in ev.ATTRIBUTES
}
_ROLE: Final = one_of(ev.ROLES)
_SNAPSHOT: Final = record(
    "", {}, _ATTRIBUTES | {"actor": record("actor", {}, {"id": TEXT, "role": _ROLE})}
)
_MONEY: Final = {"amount": number(), "currency": TEXT}
_SURVEY: Final = {"survey": TEXT, "kind": one_of({"csat", "nps", "ces", "esat"})}
_TOUCHPOINT: Final = {"via": TEXT, "touchpoint": TEXT}
_SCALE: Final = record("scale", {"min": number(), "max": number()}, {})
_SPAN: Final = {"start": TEXT, "end": TEXT}
"""Instants stay text here, as they came; `check` has seen that they are some."""
_CONTACT: Final = record("", {"channel": TEXT, "queue": TEXT}, {"ticket": ID})

PAYLOADS: Final[Mapping[str, Kind]] = {
    ev.CREATED: _SNAPSHOT,
    ev.UPDATED: _SNAPSHOT,
    ev.REPLIED: record(
        "",
        {
            "author": record("author", {"id": TEXT, "role": _ROLE}, {}),
            "visibility": one_of({"public", "private"}),
        },
        {"automatic": BOOLEAN, "channel": TEXT},
    ),
    ev.WORKED: record(
        "",
        {"agent": TEXT, "seconds": number(least=0)},
        {
            "activity": one_of({"talk", "hold", "wrap_up", "edit"}),
            "cost": record("cost", _MONEY, {}),
        },
    ),
    ev.MERGED: record("", {"into": ID}, {}),
    ev.DELETED: record("", {"reason": one_of({"deleted", "spam", "redacted"})}, {}),
    ev.RESTORED: record("", {}, {}),
    ev.COST: record("", _MONEY | {"type": one_of({"compensation", "parts", "other"})}, {}),
    ev.REVIEWED: record(
        "",
        {
            "reviewer": TEXT,
            "agent": TEXT,
            "form": TEXT,
            "criteria": map_of(
                record("criteria", {"score": number(least=0), "max": number(least=0)}, {})
            ),
        },
        {"errors": count_or(list_of(TEXT))},
    ),
    ev.SURVEY_SENT: record("", _SURVEY, _TOUCHPOINT),
    ev.SURVEY_RESPONDED: record(
        "",
        _SURVEY
        | {
            "score": number(),
            "scale": _SCALE,
        },
        _TOUCHPOINT | {"agent": TEXT, "aspects": map_of(number()), "reasons": list_of(TEXT)},
    ),
    ev.SCHEDULED: record("", {"shift": TEXT} | _SPAN | {"queue": TEXT}, {"cancelled": BOOLEAN}),
    ev.ABSENT: record("", _SPAN | {"reason": one_of(ev.ABSENCES)}, {}),
    ev.PRESENCE: record("", {"state": one_of(ev.STATES), "queue": TEXT}, {}),
    ev.CUSTOMER_ACTIVE: record("", {"activity": one_of(ev.ACTIVITIES)}, {"value": number()}),
    ev.CUSTOMER_CHURNED: record("", {}, {}),
    ev.CUSTOMER_UPDATED: texts_by_name(("segment", "region")),
    ev.CONTACT_QUEUED: _CONTACT,
    ev.CONTACT_ANSWERED: _CONTACT,
    ev.CONTACT_ABANDONED: _CONTACT,
    ev.FEEDBACK: record(
        "",
        {"channel": TEXT},
        {"score": number(), "scale": _SCALE, "sentiment": number(least=-1, most=1)},
    ),
    ev.SELF_SERVICE: record("", {"resolved": BOOLEAN}, {"article": TEXT}),
    ev.REQUESTER_TICKET: record(
        "",
        {
            "ticket": ID,
            "resolved": list_of(number(least=0)),
            "band": one_of({SATISFIED, NEUTRAL, DISSATISFIED, UNASKED}),
            "conflict": BOOLEAN,
        },
        {"created": number(least=0), "redacted": BOOLEAN}
        | dict.fromkeys(("queue", "channel", "category", "segment"), TEXT),
    ),
}
"""The payload of each event type."""

WITHOUT_DATA: Final = frozenset({ev.RESTORED, ev.CUSTOMER_CHURNED})
"""Types whose `data` may be absent; for every other one that is `missing:data`."""


def check(event_type: str, ticket: str, data: Mapping[str, Any]) -> None:
    """What no single field can say; raises `Refusal`. `data` has been read already."""
    rule = RULES.get(event_type)
    if rule is not None:
        rule(ticket, data)


def _no_self_merge(ticket: str, data: Mapping[str, Any]) -> None:
    if data["into"] == ticket:
        raise Refusal(Reason.SELF_MERGE)


def _scores_on_scale(_ticket: str, data: Mapping[str, Any]) -> None:
    low, high = data["scale"]["min"], data["scale"]["max"]
    scores = (data["score"], *data.get("aspects", {}).values())
    if low >= high or not all(low <= score <= high for score in scores):
        raise Refusal(Reason.VALUE)


def _span(_ticket: str, data: Mapping[str, Any]) -> None:
    try:
        start, end = parse_rfc3339(data["start"]), parse_rfc3339(data["end"])
    except ValueError:
        raise Refusal(Reason.TIMESTAMP) from None
    if start < EARLIEST_MS:
        raise Refusal(Reason.ANCIENT)
    if not 0 < end - start <= MAX_SPAN_MS:
        raise Refusal(Reason.VALUE)


def _score_with_its_scale(ticket: str, data: Mapping[str, Any]) -> None:
    if "score" in data:
        if "scale" not in data:
            raise missing("scale")
        _scores_on_scale(ticket, data)


def _criteria_within_max(_ticket: str, data: Mapping[str, Any]) -> None:
    for criterion in data["criteria"].values():
        if criterion["max"] == 0 or criterion["score"] > criterion["max"]:
            raise Refusal(Reason.VALUE)


RULES: Final[Mapping[str, Callable[[str, Mapping[str, Any]], None]]] = {
    ev.MERGED: _no_self_merge,
    ev.REVIEWED: _criteria_within_max,
    ev.SURVEY_RESPONDED: _scores_on_scale,
    ev.SCHEDULED: _span,
    ev.ABSENT: _span,
    ev.FEEDBACK: _score_with_its_scale,
}
