"""Hypothesis strategies: small sets of ticket events that hit every rule often.

Events are CloudEvents dicts (structured mode), valid and of known types. They happen on a coarse
grid, a few minutes on a few days, so that equal times, equal sequences and early replies are
common. A set shrinks towards few tickets with few plain events at the first midnight, an
arrival order towards the set's own order without repetition.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

CloudEvent = dict[str, Any]
Data = dict[str, Any]

START = datetime(2024, 3, 1, tzinfo=UTC)

# Days on which things happen, for the default horizons (7 days late, 400 days forgotten).
# Tickets are created on the first one.
WITHIN_HORIZON = (0, 1, 6)  # no arrival order makes any event late
BEYOND_HORIZON = (0, 1, 7, 8, 20)
BEYOND_MEMORY = (0, 1, 7, 8, 399, 400, 401, 802)  # one subject may be several tickets
# Around a creation at minute 10: at most and more than 5 minutes of skew before it, and after.
MINUTES = (10, 11, 12, 9, 5, 4, 0, 70)

SOURCES = ("desk/a", "desk/b")
STATUSES = ("open", "resolved", "closed", "pending", "on_hold", "new", "unheard_of", None)
PEOPLE = {"requester": "r1", "agent": "a1", "bot": "b1", "system": "s1"}


def event_sets(
    *,
    days: Sequence[int] = WITHIN_HORIZON,
    tickets: int = 3,
    events: int = 10,
    catalogue: bool = False,
) -> SearchStrategy[list[CloudEvent]]:
    """Events of 1 to `tickets` tickets, each with up to `events` of them besides its creation.

    `days` are the days on which they may happen, e.g. `BEYOND_HORIZON`. Some tickets have no
    creation, some a second one; some events share an id with another one of the same ticket.
    With `catalogue`, surveys, work, reviews and costs come often, and more attributes change.
    """
    names = [f"T{number}" for number in range(1, tickets + 1)]
    any_draft = _catalogue_draft(days) if catalogue else _any_draft(names, days)
    one_ticket = st.builds(
        lambda created, others, twins: [*created, *others, *twins],
        st.lists(
            _draft("ticket.created", _created_data(catalogue), days[:1], minutes=(10,)), max_size=1
        ),
        st.lists(any_draft, max_size=events),
        st.lists(st.tuples(st.integers(0, events), any_draft), max_size=2),
    )
    return st.lists(one_ticket, min_size=1, max_size=tickets).map(_named)


def arrivals(events: Sequence[CloudEvent], *, repeats: int = 3) -> SearchStrategy[list[CloudEvent]]:
    """`events` in any order, up to `repeats` of them delivered once more."""
    if not events:
        return st.just([])
    again = st.lists(st.sampled_from(events), max_size=repeats)
    return again.flatmap(lambda more: st.permutations([*events, *more]))


def settings() -> SearchStrategy[dict[str, Any]]:
    """Settings of the reference model that change facts; shrinks towards the defaults."""
    options = st.fixed_dictionaries(
        {
            "response_signal": st.sampled_from(("reply", "pickup", "left_new")),
            "resolution_at": st.sampled_from(("resolved", "closed")),
        }
    )
    return st.fixed_dictionaries(
        {
            "count_bots": st.booleans(),
            "count_automatic": st.booleans(),
            "sources": st.lists(
                st.tuples(st.sampled_from(("*", "desk/*", "*/b")), options), max_size=2
            ),
        }
    )


def catalogue_settings() -> SearchStrategy[dict[str, Any]]:
    """The settings above and those of the catalogue; shrinks towards the defaults."""
    spans = st.sampled_from([n * MINUTE_MS for n in (2, 1, 4, 60, 24 * 60, 7 * 24 * 60)])
    catalogue = st.fixed_dictionaries(
        {},
        optional={
            "zone": st.sampled_from(ZONES),
            "credit": st.sampled_from(("resolver", "last_assignee", "first_responder")),
            "queues": st.just(QUEUES),
            "transfer_level": st.sampled_from(("queue", "department")),
            "count_reopened": st.booleans(),
            "mature_after_ms": spans,
            "fcr_window_ms": spans,
            "fcr_basis": st.sampled_from((None, "replies", "contact")),
            "contact_gap_ms": spans,
            "repeat_window_ms": spans,
            "ces_direction": st.sampled_from(("high_easy", "low_easy")),
            "satisfied": st.just({(1.0, 5.0): 5.0, (0.0, 10.0): 6.5}),
            "conflict_clock": st.sampled_from(("since", "created")),
            "hourly": st.sampled_from(RATES),
            "currency": st.sampled_from((None, "EUR", "CHF")),
            "rates": st.just({"USD": Fraction("0.9")}),
            "fixed": st.lists(
                st.tuples(st.just(Fraction(1000)), st.sampled_from(PERIODS)), max_size=2
            ),
            "contact": st.sampled_from(("ticket", "requester_message", "contact")),
            "snapshots": st.just({"noon": (None, 12 * 60), "sunday": (6, 150), "end": (4, 1440)}),
            "min_sample": st.just(2),
        },
    )
    return st.builds(lambda one, other: {**one, **other}, settings(), catalogue)


MINUTE_MS = 60_000
ZONES = (
    UTC,
    ZoneInfo("Europe/Berlin"),
    # Midnight at minute 60; on 2024-03-31, day 30, it is left out.
    ZoneInfo("Atlantic/Azores"),
)
QUEUES = {"tech": {"tier": 2}, "billing": {"department": "desk"}, "sales": {"department": "desk"}}
PERIODS = ("day", "week", "month", "quarter", "year")
RATES: Sequence[dict[str, Fraction]] = (
    {"default": Fraction(36)},
    {"a1": Fraction("42.5"), "default": Fraction(18)},
    {},
)


# One event, before it has a ticket and an id


def _draft(
    kind: str,
    data: SearchStrategy[Data],
    days: Sequence[int],
    minutes: Sequence[int] = MINUTES,
) -> SearchStrategy[CloudEvent]:
    return st.builds(
        lambda source, day, minute, sequence, payload: {
            "specversion": "1.0",
            "source": source,
            "type": kind,
            "time": (START + timedelta(days=day, minutes=minute)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            **({} if sequence is None else {"sequence": sequence}),
            **({"data": payload} if payload else {}),
        },
        st.sampled_from(SOURCES),
        st.sampled_from(days),
        st.sampled_from(minutes),
        st.sampled_from((None, 0, 1, "2")),
        data,
    )


def _any_draft(tickets: Sequence[str], days: Sequence[int]) -> SearchStrategy[CloudEvent]:
    """Any event; the ones that decide most come several times, and first, so shrink to them."""
    kinds: list[tuple[int, str, SearchStrategy[Data]]] = [
        (7, "ticket.updated", _attributes()),
        (7, "ticket.replied", _message()),
        (1, "ticket.created", _created_data()),
        (1, "ticket.deleted", st.builds(dict, reason=st.sampled_from(("deleted", "spam")))),
        (1, "ticket.restored", st.just({})),
        (1, "ticket.merged", st.builds(dict, into=st.sampled_from((*tickets, "elsewhere")))),
        (1, "ticket.worked", st.builds(dict, agent=st.just("a1"), seconds=st.just(60))),
        (1, "ticket.cost", st.just({"amount": 5, "currency": "EUR", "type": "parts"})),
        (1, "ticket.reviewed", st.just(_REVIEW)),
        (1, "survey.sent", st.just({"survey": "s1", "kind": "csat"})),
        (1, "survey.responded", st.builds(_answer, st.integers(1, 5))),
    ]
    return st.one_of(
        [_draft(kind, data, days) for weight, kind, data in kinds for _ in range(weight)]
    )


def _attributes() -> SearchStrategy[Data]:
    """Any subset of the attributes that facts look at; null clears, `unheard_of` is `other`."""
    return st.fixed_dictionaries(
        {},
        optional={
            "status": st.sampled_from(("open", "resolved", *STATUSES)),
            "queue": st.sampled_from(("billing", "tech", None)),
            "assignee": st.sampled_from(("a1", "a2", None)),
            "priority": st.sampled_from(("normal", "urgent", "unheard_of", None)),
            "channel": st.sampled_from(("email", "chat", None)),
        },
    )


def _created_data(catalogue: bool = False) -> SearchStrategy[Data]:
    actor = st.sampled_from(("requester", "agent")).map(lambda role: {"id": "x", "role": role})
    return st.builds(
        lambda attributes, by: {**attributes, **by},
        _changes() if catalogue else _attributes(),
        st.fixed_dictionaries({}, optional={"actor": actor}),
    )


def _catalogue_draft(days: Sequence[int]) -> SearchStrategy[CloudEvent]:
    """Any event that the catalogue of KPIs looks at."""
    kinds: list[tuple[int, str, SearchStrategy[Data]]] = [
        (6, "ticket.updated", _changes()),
        (4, "ticket.replied", _message()),
        (1, "ticket.created", _created_data(catalogue=True)),
        (1, "ticket.deleted", st.just({"reason": "deleted"})),
        (1, "ticket.restored", st.just({})),
        (1, "ticket.merged", st.just({"into": "elsewhere"})),
        (2, "ticket.worked", _work()),
        (1, "ticket.cost", _money().map(lambda money: {**money, "type": "parts"})),
        (1, "ticket.reviewed", _review()),
        (1, "survey.sent", st.sampled_from(SURVEYS)),
        (3, "survey.responded", _any_answer()),
    ]
    return st.one_of(
        [_draft(kind, data, days) for weight, kind, data in kinds for _ in range(weight)]
    )


CHANGES: Sequence[tuple[str, Any]] = (
    *(("status", value) for value in ("resolved", "open", *STATUSES)),
    *(("assignee", value) for value in ("a1", "a1", "a2", None)),
    *(("queue", value) for value in ("billing", "tech", "sales", None)),
    *(("kind", value) for value in ("question", "complaint", "conflict", None)),
    *(("requester", value) for value in ("r1", "r1", "r2", None)),
    *(("category", value) for value in ("login", "invoice", None)),
    *(("channel", value) for value in ("email", "chat", None)),
    *(("complexity", value) for value in ("High", "7", "many", None)),
    *(("priority", "urgent"), ("segment", "smb"), ("product", "app")),
    *(("actor", {"id": person, "role": role}) for person, role in (("a3", "agent"), ("x", "bot"))),
)


def _changes() -> SearchStrategy[Data]:
    """A few attributes after an event, and perhaps who made it."""
    return st.lists(st.sampled_from(CHANGES), max_size=4).map(dict)


def _work() -> SearchStrategy[Data]:
    return st.fixed_dictionaries(
        {"agent": st.sampled_from(("a1", "a2", "a3")), "seconds": st.sampled_from((60, 0, 90.5))},
        optional={
            "activity": st.sampled_from(("talk", "hold", "wrap_up", "edit")),
            "cost": _money(),
        },
    )


def _money() -> SearchStrategy[Data]:
    return st.fixed_dictionaries(
        {
            "amount": st.sampled_from((5, 0.1, 12.345678, -1)),
            "currency": st.sampled_from(("EUR", "EUR", "USD", "JPY")),
        }
    )


def _review() -> SearchStrategy[Data]:
    marks = st.sampled_from(
        ({"score": 4, "max": 5}, {"score": 1, "max": 4}, {"score": 0, "max": 9})
    )
    return st.fixed_dictionaries(
        {
            "reviewer": st.just("a9"),
            "agent": st.sampled_from(("a1", "a2")),
            "form": st.just("f1"),
            "criteria": st.dictionaries(st.sampled_from(("accuracy", "tone")), marks),
        },
        optional={"errors": st.sampled_from((0, 2, ["late", "rude", "wrong"]))},
    )


SURVEYS = tuple(
    {"survey": f"{kind}{number}", "kind": kind}
    for kind in ("csat", "nps", "ces", "esat")
    for number in (1, 2)
)
SCALES = ((1, 5), (0, 10), (1, 7), (-3, 3))


def _any_answer() -> SearchStrategy[Data]:
    """A survey is of one kind, but may be answered again, and on another scale."""
    return st.builds(
        lambda survey, scale, share, more: {
            **survey,
            "score": scale[0] + (scale[1] - scale[0]) * share // 4,
            "scale": {"min": scale[0], "max": scale[1]},
            **more,
        },
        st.sampled_from(SURVEYS),
        st.sampled_from(SCALES),
        st.integers(0, 4),
        st.fixed_dictionaries(
            {},
            optional={
                "agent": st.sampled_from(("a1", "a2")),
                "aspects": st.just({"speed": 1}),
                "reasons": st.sampled_from((["slow"], ["slow", "rude"], ["slow", "slow"])),
            },
        ),
    )


def _message() -> SearchStrategy[Data]:
    return st.builds(
        lambda role, visibility, automatic: {
            "author": {"id": PEOPLE[role], "role": role},
            "visibility": visibility,
            **({"automatic": True} if automatic else {}),
        },
        st.sampled_from(("agent", "requester", "requester", "agent", "bot", "system")),
        st.sampled_from(("public", "public", "public", "private")),
        st.sampled_from((False, False, False, True)),
    )


def _answer(score: int) -> Data:
    return {"survey": "s1", "kind": "csat", "score": score, "scale": {"min": 1, "max": 5}}


_REVIEW = {
    "reviewer": "a2",
    "agent": "a1",
    "form": "f1",
    "criteria": {"accuracy": {"score": 4, "max": 5}},
}


# Tickets and ids


def _named(tickets: list[list[Any]]) -> list[CloudEvent]:
    return [event for number, drafts in enumerate(tickets, 1) for event in _ticket(number, drafts)]


def _ticket(number: int, drafts: list[CloudEvent | tuple[int, CloudEvent]]) -> list[CloudEvent]:
    """Give a ticket's drafts their subject and ids; a twin takes the id it names.

    Ids are alike in all tickets and sources: only together with those is an id unique. Twins
    that tie in the whole order key differ in data only, never in type.
    """
    events: list[CloudEvent] = []
    for index, draft in enumerate(drafts):
        name, plain = (index, draft) if isinstance(draft, dict) else draft
        event = {**plain, "subject": f"T{number}", "id": f"e{name}"}
        if event["type"] == "ticket.merged" and event["data"]["into"] == event["subject"]:
            event["data"] = {"into": "elsewhere"}
        if not any(_ties(event, other) for other in events):
            events.append(event)
    return events


def _ties(event: CloudEvent, other: CloudEvent) -> bool:
    """Same order key, but a difference that its tie-break (lowest `data`) does not decide."""
    same_key = all(event[name] == other[name] for name in ("source", "id", "time"))
    same_sequence = int(event.get("sequence", 0)) == int(other.get("sequence", 0))
    return same_key and same_sequence and event["type"] != other["type"]
