"""The KPIs: what each means, and which sums it is made of.

A KPI is declared here, once. Its value follows from sums of facts (`streams.core.facts`), so it
exists wherever there are sums: for a whole log, a period, a queue, an agent, a trailing window.
The report's `kpis`, the page in the docs, the metrics and the panels of the dashboards are made
from this list (docs/adding-a-kpi.md).
"""

from typing import Final

from streams.core import facts as fact
from streams.core.formula import COUNT, POINTS, SECONDS, Duration, Kpi, Term, measure

__all__ = ("BY_NAME", "COUNT", "DURATIONS", "KPIS", "Kpi", "Term", "measure")

_CREATED: Final = Term("created", fact.CREATED)
_RESOLVED: Final = Term("resolved", fact.OUTCOME)
_RESOLUTIONS: Final = Term("resolutions", fact.RESOLVED)
_JUDGED: Final = Term("judged", fact.FIRST_CONTACT_JUDGED)


def _share(
    name: str, meaning: str, top: Term, bottom: Term, better: str = "higher", *, panel: str = ""
) -> Kpi:
    return Kpi(name, meaning, "share", (top,), (bottom,), better=better, panel=panel)


def _mean(name: str, meaning: str, kind: str, of: str) -> Kpi:
    top, panel = Term("total", kind, of), "Steps to a resolution"
    return Kpi(name, meaning, "number", (top,), (_RESOLVED,), better="lower", panel=panel)


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
        panel="Resolved",
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
        panel="Resolved",
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
        panel="Transfers",
    )._replace(by_queue=True),
    _mean(
        "transfers_per_ticket",
        "changes of the queue per ticket resolved now",
        fact.OUTCOME_MOVED,
        "transfers",
    ),
    Kpi(
        "first_queue_share",
        "resolved without a change of the queue, of those resolved now",
        "share",
        (_RESOLVED, Term("transferred", fact.OUTCOME_MOVED, times=-1)),
        (_RESOLVED,),
        panel="Transfers",
    ),
    _share(
        "escalation_rate",
        "moves to a queue of a higher tier, per move",
        Term("escalations", fact.ESCALATED),
        Term("transfers", fact.MOVED),
        "lower",
        panel="Transfers",
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
        panel="Touches",
    ),
    _share(
        "one_touch",
        "resolved with one agent reply, of those resolved now",
        Term("one_touch", fact.ONE_TOUCH),
        _RESOLVED,
        panel="Touches",
    ),
    _share(
        "two_touch",
        "resolved with two agent replies, of those resolved now",
        Term("two_touch", fact.TWO_TOUCH),
        _RESOLVED,
        "neither",
        panel="Touches",
    ),
    _share(
        "multi_touch",
        "resolved with three agent replies or more, of those resolved now",
        Term("multi_touch", fact.MULTI_TOUCH),
        _RESOLVED,
        "lower",
        panel="Touches",
    ),
    _mean(
        "replies_to_resolution",
        "agent replies per ticket resolved now",
        fact.OUTCOME_REPLIES,
        "replies",
    ),
    _mean(
        "queue_stations",
        "queues a ticket came to, one after the other, per ticket resolved now",
        fact.OUTCOME_QUEUES,
        "queues",
    ),
    _mean(
        "assignee_stations",
        "assignees a ticket came to, one after the other, per ticket resolved now",
        fact.OUTCOME_ASSIGNEES,
        "assignees",
    ),
    _mean(
        "unique_assignees",
        "different assignees per ticket resolved now",
        fact.OUTCOME_PEOPLE,
        "people",
    ),
    Kpi(
        "complexity",
        "mean complexity of the tickets resolved now: 1 low, 2 medium, 3 high or the number "
        "given; where none is given, estimated from transfers and replies",
        "number",
        (Term("total", fact.COMPLEXITY, POINTS), Term("estimated", fact.ESTIMATED, times=0)),
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
        (_JUDGED,),
        by_queue=True,
    ),
    Kpi(
        "fcr_coverage",
        "tickets that fcr can judge, because their source sends replies, of those resolved once",
        "share",
        (_JUDGED,),
        (_JUDGED, Term("unavailable", fact.FIRST_CONTACT_UNKNOWN)),
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
            by_queue=True,
        ),
        Kpi(
            "csat_mean",
            "mean score, on a scale of 1 to 5",
            "score",
            (Term("total", fact.CSAT, POINTS),),
            (Term("responses", fact.CSAT),),
        ),
        Kpi(
            "csat_index",
            "mean score, on a scale of 0 to 100",
            "points",
            (Term("total", fact.CSAT, POINTS), Term("responses", fact.CSAT, times=-1)),
            (Term("responses", fact.CSAT),),
            factor=25,
        ),
        Kpi(
            "csat_response_rate",
            "surveys that were answered, of those sent; by the time of sending",
            "share",
            (Term("answered", fact.CSAT_ANSWERED),),
            (Term("sent", fact.CSAT_SENT),),
            panel="Response rates",
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
            panel="Response rates",
        ),
        Kpi(
            "ces",
            "mean effort score, on a scale of 1 to 7 on which 7 is easy",
            "score",
            (Term("total", fact.CES, POINTS),),
            (Term("responses", fact.CES),),
        ),
        Kpi(
            "ces_response_rate",
            "surveys that were answered, of those sent; by the time of sending",
            "share",
            (Term("answered", fact.CES_ANSWERED),),
            (Term("sent", fact.CES_SENT),),
            panel="Response rates",
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
            (Term("handled_s", fact.HANDLED, SECONDS),),
            (Term("touched", fact.TOUCHED),),
            better="lower",
            panel="Handling",
            by_queue=True,
        ),
        Kpi(
            "handle_time_estimated",
            "time open and assigned per ticket resolved now of which no handling was recorded; "
            "an estimate",
            "seconds",
            (Term("open_and_assigned_s", fact.UNRECORDED, SECONDS),),
            (Term("unrecorded", fact.UNRECORDED),),
            better="lower",
            panel="Handling",
        ),
        Kpi(
            "interaction_time",
            "talk and hold time per ticket with any",
            "seconds",
            (Term("interaction_s", fact.INTERACTION, SECONDS),),
            (Term("talked", fact.TALKED),),
            better="lower",
            panel="Handling",
        ),
        Kpi(
            "quality_score",
            "mean of score / max over the criteria of quality reviews",
            "share",
            (Term("total", fact.REVIEWED_CRITERION, POINTS),),
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
            (Term("errors", fact.REVIEW_ERRORS, "errors"),),
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
            panel="Conflicts",
            by_queue=True,
        ),
        Kpi(
            "turned_into_conflict",
            "of them, those that became one after their creation",
            "share",
            (Term("turned", fact.TURNED),),
            (Term("conflicts", fact.CONFLICT),),
            better="lower",
            panel="Conflicts",
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
            (Term("total", fact.CONFLICT_CSAT, POINTS),),
            (Term("responses", fact.CONFLICT_CSAT),),
        ),
    )
)

KPIS: Final[tuple[Kpi, ...]] = (*TICKETS, *VOICE, *EFFORT, *CONFLICTS)
"""Every KPI that is made of sums, in the order of the report."""

DURATIONS: Final = (
    Duration(
        "first_response",
        "from the creation to the first public, human agent reply (or the source's own signal)",
        fact.FIRST_RESPONSE,
    ),
    Duration("pickup", "from the creation to the first assignee", fact.PICKUP),
    Duration(
        "next_reply",
        "from the oldest message of the requester that waits (the creation is one) to the agent "
        "reply or resolution that answers it, each time",
        fact.NEXT_REPLY,
    ),
    Duration(
        "requester_wait",
        "new, open or on hold from the creation to the last resolution, while the ticket is "
        "resolved or closed: what it took but for the time it was pending",
        fact.REQUESTER_WAIT,
        panel="Waiting, working, owning",
    ),
    Duration(
        "agent_work",
        "new or open from the creation to the last resolution, while the ticket is resolved or "
        "closed: what it took but for the time it was pending or on hold",
        fact.AGENT_WORK,
        panel="Waiting, working, owning",
    ),
    Duration(
        "ownership",
        "a stay in one queue: until the queue changes, is cleared, or the ticket is resolved, each "
        "time; under the queue that is left",
        fact.OWNERSHIP,
        panel="Waiting, working, owning",
    ),
    Duration(
        "first_resolution",
        "from the creation to the first resolution, while the ticket is resolved or closed",
        fact.FIRST_RESOLUTION,
    ),
    Duration(
        "full_resolution",
        "from the creation to the last resolution, while the ticket is resolved or closed",
        fact.FULL_RESOLUTION,
    ),
    Duration(
        "time_to_close",
        "from the creation to the last close, while the ticket is closed",
        fact.TIME_TO_CLOSE,
    ),
    Duration(
        "handover",
        "from the requester's last message to a bot to the first agent reply",
        fact.HANDOVER,
    ),
    Duration("follow_up", "from a low score to the next agent reply", fact.FOLLOW_UP, "voice"),
    Duration(
        "conflict_wait",
        "from the creation until the ticket became a conflict",
        fact.CONFLICT_WAIT,
        "conflicts",
        "Times of conflicts",
    ),
    Duration(
        "conflict_reaction",
        "from then (or the creation, by conflict_clock) to the next agent reply",
        fact.CONFLICT_REACTION,
        "conflicts",
        "Times of conflicts",
    ),
    Duration(
        "conflict_resolution",
        "from then (or the creation) to the resolution",
        fact.CONFLICT_RESOLUTION,
        "conflicts",
        "Times of conflicts",
    ),
)
"""Every time of the report's `durations`, in its order. Those of a ticket's own clocks are there in
working time, too (`fact.WORKING`)."""

BY_NAME: Final = {kpi.name: kpi for kpi in KPIS}
