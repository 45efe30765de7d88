"""The KPIs: what each means, and which sums it is made of.

A KPI is declared here, once. Its value follows from sums of facts (`streams.core.facts`), so it
exists wherever there are sums: for a whole log, a period, a queue, an agent, a trailing window.
The report's `kpis`, the documentation and the metrics are made from this list.

    value = factor * (sum of its top terms) / (sum of its bottom terms)

Without bottom terms it is the top alone; where the bottom is 0 there is no value.
"""

from typing import Final, NamedTuple

from streams.core import facts as fact
from streams.core.sums import Sums

COUNT: Final = "count"
AMOUNT: Final = "amount"


class Term(NamedTuple):
    """One part of a KPI: how often a kind of fact happened, or what its values add up to."""

    key: str
    """Its name in the report, beside the value."""
    kind: str
    of: str = COUNT
    times: int = 1
    """How often it is added; negative subtracts it."""


class Kpi(NamedTuple):
    """One KPI of the report's `kpis`."""

    name: str
    meaning: str
    unit: str
    """`share` (0 to 1), `points`, `number`, `seconds`, `score`, `money`."""
    top: tuple[Term, ...]
    bottom: tuple[Term, ...] = ()
    factor: int = 1
    better: str = "higher"
    """Which way is good: `higher`, `lower`, or `neither`."""
    group: str = "tickets"
    """Under which heading it is documented and shown."""


class Measured(NamedTuple):
    """What a KPI came to."""

    value: float | None
    terms: dict[str, float]
    """The sums it was made of, by key."""
    sample: int
    """What the bottom counts (the top, where there is none): how much there is to go by."""


def measure(kpi: Kpi, sums: Sums) -> Measured:
    """The value of a KPI, with the sums it comes from; amounts in the KPI's unit."""
    terms: dict[str, float] = {}
    top = _total(kpi.top, sums, terms)
    if not kpi.bottom:
        return Measured(kpi.factor * top, terms, _sample(kpi.top, sums))
    bottom = _total(kpi.bottom, sums, terms)
    value = kpi.factor * top / bottom if bottom else None
    return Measured(value, terms, _sample(kpi.bottom, sums))


def _total(terms: tuple[Term, ...], sums: Sums, found: dict[str, float]) -> float:
    total = 0.0
    for term in terms:
        one = sums.counts[term.kind] if term.of == COUNT else sums.amounts[term.kind] / 1000
        found[term.key] = one
        total += term.times * one
    return total


def _sample(terms: tuple[Term, ...], sums: Sums) -> int:
    return max(0, sum(term.times * sums.counts[term.kind] for term in terms))


_CREATED: Final = Term("created", fact.CREATED)
_RESOLVED: Final = Term("resolved", fact.OUTCOME)
_RESOLUTIONS: Final = Term("resolutions", fact.RESOLVED)


def _share(name: str, meaning: str, top: Term, bottom: Term, better: str = "higher") -> Kpi:
    return Kpi(name, meaning, "share", (top,), (bottom,), better=better)


def _mean(name: str, meaning: str, kind: str, bottom: Term, unit: str = "number") -> Kpi:
    return Kpi(name, meaning, unit, (Term("total", kind, AMOUNT),), (bottom,), better="lower")


TICKETS: Final = (
    Kpi(
        "clearance_ratio",
        "resolutions per ticket created",
        "number",
        (_RESOLUTIONS,),
        (_CREATED,),
    ),
    _share(
        "reopen_rate",
        "reopenings per resolution",
        Term("reopens", fact.REOPENED),
        _RESOLUTIONS,
        "lower",
    ),
    _share(
        "resolved_share",
        "of the tickets created, those that are resolved or closed now; by the creation's time",
        Term("resolved", fact.COHORT_RESOLVED),
        _CREATED,
    ),
    _share(
        "resolved_of_all",
        "of the tickets that were there, those resolved: tickets resolved now by those and the "
        "active ones",
        _RESOLVED,
        Term("tickets", fact.OUTCOME),
    )._replace(bottom=(_RESOLVED, Term("active", fact.DEPTH))),
    _share(
        "same_day_share",
        "created and first resolved on the same local day, of those created",
        Term("same_day", fact.SAME_DAY),
        _CREATED,
    ),
    _share(
        "proactive_share",
        "opened by an agent, of those created",
        Term("proactive", fact.PROACTIVE),
        _CREATED,
        "neither",
    ),
    _share(
        "transfer_rate",
        "tickets that changed the queue at least once, of those resolved now",
        Term("transferred", fact.OUTCOME_MOVED),
        _RESOLVED,
        "lower",
    ),
    _mean(
        "transfers_per_ticket",
        "changes of the queue per ticket resolved now",
        fact.OUTCOME_MOVED,
        _RESOLVED,
    ),
    Kpi(
        "first_queue_share",
        "resolved without a change of the queue, of those resolved now",
        "share",
        (_RESOLVED, Term("transferred", fact.OUTCOME_MOVED, times=-1)),
        (_RESOLVED,),
    ),
    _share(
        "escalation_rate",
        "moves to a queue of a higher tier, per move",
        Term("escalations", fact.ESCALATED),
        Term("transfers", fact.MOVED),
        "lower",
    ),
    Kpi(
        "zero_touch",
        "resolved without an agent reply, of those resolved now",
        "share",
        (
            _RESOLVED,
            Term("one_touch", fact.ONE_TOUCH, times=-1),
            Term("two_touch", fact.TWO_TOUCH, times=-1),
            Term("multi_touch", fact.MULTI_TOUCH, times=-1),
        ),
        (_RESOLVED,),
        better="neither",
    ),
    _share(
        "one_touch",
        "resolved with one agent reply, of those resolved now",
        Term("one_touch", fact.ONE_TOUCH),
        _RESOLVED,
    ),
    _share(
        "two_touch",
        "resolved with two agent replies, of those resolved now",
        Term("two_touch", fact.TWO_TOUCH),
        _RESOLVED,
        "neither",
    ),
    _share(
        "multi_touch",
        "resolved with three agent replies or more, of those resolved now",
        Term("multi_touch", fact.MULTI_TOUCH),
        _RESOLVED,
        "lower",
    ),
    _mean(
        "replies_to_resolution",
        "agent replies per ticket resolved now",
        fact.OUTCOME_REPLIES,
        _RESOLVED,
    ),
    _mean(
        "queue_stations",
        "queues a ticket came to, one after the other, per ticket resolved now",
        fact.OUTCOME_QUEUES,
        _RESOLVED,
    ),
    _mean(
        "assignee_stations",
        "assignees a ticket came to, one after the other, per ticket resolved now",
        fact.OUTCOME_ASSIGNEES,
        _RESOLVED,
    ),
    _mean(
        "unique_assignees",
        "different assignees per ticket resolved now",
        fact.OUTCOME_PEOPLE,
        _RESOLVED,
    ),
    Kpi(
        "complexity",
        "mean complexity of the tickets resolved now: 1 low, 2 medium, 3 high or the number "
        "given; where none is given, estimated from transfers and replies",
        "number",
        (Term("total", fact.COMPLEXITY, AMOUNT), Term("estimated", fact.ESTIMATED, times=0)),
        (_RESOLVED,),
        better="neither",
    ),
    Kpi(
        "fcr",
        "resolved at the first contact: one touch, one assignee, not reopened and no further "
        "ticket of the requester in the category within fcr_window; of the tickets resolved whose "
        "source sends replies; final after fcr_window",
        "share",
        (Term("first_contact", fact.FIRST_CONTACT), Term("repeated", fact.REPEATED, times=-1)),
        (Term("judged", fact.FIRST_CONTACT_JUDGED),),
    ),
    _share(
        "bot_containment",
        "resolved with a bot reply, without an agent reply and not reopened, of the tickets with "
        "a bot reply",
        Term("contained", fact.BOT_CONTAINED),
        Term("with_bot", fact.BOT_TICKET),
    ),
    _share(
        "repeat_contacts",
        "tickets whose requester had one of the same category resolved within repeat_window "
        "before, of those created",
        Term("repeat", fact.REPEAT_CONTACT),
        _CREATED,
        "lower",
    ),
)

VOICE: Final = tuple(
    kpi._replace(group="voice")
    for kpi in (
        Kpi(
            "csat",
            "responses at or above the satisfied score (min + 2/3 of the range), of all responses",
            "share",
            (Term("satisfied", fact.CSAT_SATISFIED),),
            (Term("responses", fact.CSAT),),
        ),
        Kpi(
            "csat_mean",
            "mean score, on a scale of 1 to 5",
            "score",
            (Term("total", fact.CSAT, AMOUNT),),
            (Term("responses", fact.CSAT),),
        ),
        Kpi(
            "csat_index",
            "mean score, on a scale of 0 to 100",
            "points",
            (Term("total", fact.CSAT, AMOUNT), Term("responses", fact.CSAT, times=-1)),
            (Term("responses", fact.CSAT),),
            factor=25,
        ),
        Kpi(
            "csat_response_rate",
            "surveys that were answered, of those sent; by the time of sending",
            "share",
            (Term("answered", fact.CSAT_ANSWERED),),
            (Term("sent", fact.CSAT_SENT),),
        ),
        Kpi(
            "nps",
            "percentage of scores of 9 and 10 less that of 0 to 6, on a scale of 0 to 10",
            "points",
            (Term("promoters", fact.PROMOTER), Term("detractors", fact.DETRACTOR, times=-1)),
            (Term("responses", fact.NPS),),
            factor=100,
        ),
        Kpi(
            "nps_passives",
            "scores of 7 and 8, of all responses",
            "share",
            (
                Term("responses", fact.NPS),
                Term("promoters", fact.PROMOTER, times=-1),
                Term("detractors", fact.DETRACTOR, times=-1),
            ),
            (Term("responses", fact.NPS),),
            better="neither",
        ),
        Kpi(
            "nps_response_rate",
            "surveys that were answered, of those sent; by the time of sending",
            "share",
            (Term("answered", fact.NPS_ANSWERED),),
            (Term("sent", fact.NPS_SENT),),
        ),
        Kpi(
            "ces",
            "mean effort score, on a scale of 1 to 7 on which 7 is easy",
            "score",
            (Term("total", fact.CES, AMOUNT),),
            (Term("responses", fact.CES),),
        ),
        Kpi(
            "ces_response_rate",
            "surveys that were answered, of those sent; by the time of sending",
            "share",
            (Term("answered", fact.CES_ANSWERED),),
            (Term("sent", fact.CES_SENT),),
        ),
        Kpi(
            "low_score_follow_up",
            "low scores (in the lowest third of the scale; 0 to 6 for NPS) with an agent reply "
            "within 24 hours, of all low scores",
            "share",
            (Term("followed_up", fact.FOLLOWED_UP),),
            (Term("low_scores", fact.LOW_SCORE),),
        ),
    )
)

EFFORT: Final = tuple(
    kpi._replace(group="effort")
    for kpi in (
        Kpi(
            "handle_time",
            "handling time per ticket touched (AHT)",
            "seconds",
            (Term("handled_s", fact.HANDLED, AMOUNT),),
            (Term("touched", fact.TOUCHED),),
            better="lower",
        ),
        Kpi(
            "handle_time_estimated",
            "time open and assigned per ticket resolved now of which no handling was recorded; "
            "an estimate",
            "seconds",
            (Term("open_and_assigned_s", fact.UNRECORDED, AMOUNT),),
            (Term("unrecorded", fact.UNRECORDED),),
            better="lower",
        ),
        Kpi(
            "interaction_time",
            "talk and hold time per ticket with any",
            "seconds",
            (Term("interaction_s", fact.INTERACTION, AMOUNT),),
            (Term("talked", fact.TALKED),),
            better="lower",
        ),
        Kpi(
            "quality_score",
            "mean of score / max over the criteria of quality reviews",
            "share",
            (Term("total", fact.REVIEWED_CRITERION, AMOUNT),),
            (Term("criteria", fact.REVIEWED_CRITERION),),
        ),
        Kpi(
            "review_rate",
            "tickets with a quality review per ticket resolved",
            "share",
            (Term("reviewed", fact.REVIEWED_TICKET),),
            (Term("resolved", fact.RESOLVED_ONCE),),
            better="neither",
        ),
        Kpi(
            "error_rate",
            "errors found per quality review",
            "number",
            (Term("errors", fact.REVIEW_ERRORS, AMOUNT),),
            (Term("reviews", fact.REVIEW),),
            better="lower",
        ),
    )
)

CONFLICTS: Final = tuple(
    kpi._replace(group="conflicts")
    for kpi in (
        Kpi(
            "conflict_rate",
            "tickets that became a complaint or a conflict per ticket created",
            "share",
            (Term("conflicts", fact.CONFLICT),),
            (_CREATED,),
            better="lower",
        ),
        Kpi(
            "turned_into_conflict",
            "of them, those that became one after their creation",
            "share",
            (Term("turned", fact.TURNED),),
            (Term("conflicts", fact.CONFLICT),),
            better="lower",
        ),
        Kpi(
            "conflict_resolved_share",
            "of the conflicts, those that are resolved or closed now; by the time they became one",
            "share",
            (Term("resolved", fact.CONFLICT_RESOLVED),),
            (Term("conflicts", fact.CONFLICT),),
        ),
        Kpi(
            "conflict_csat",
            "satisfied responses on conflicts, of all responses on conflicts",
            "share",
            (Term("satisfied", fact.CONFLICT_SATISFIED),),
            (Term("responses", fact.CONFLICT_CSAT),),
        ),
        Kpi(
            "conflict_csat_mean",
            "mean score of conflicts, on a scale of 1 to 5",
            "score",
            (Term("total", fact.CONFLICT_CSAT, AMOUNT),),
            (Term("responses", fact.CONFLICT_CSAT),),
        ),
    )
)

KPIS: Final[tuple[Kpi, ...]] = (*TICKETS, *VOICE, *EFFORT, *CONFLICTS)
"""Every KPI that is made of sums, in the order of the report."""

BY_NAME: Final = {kpi.name: kpi for kpi in KPIS}
