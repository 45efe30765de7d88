"""The KPIs of the catalogue as formulas over named quantities.

A quantity is how many facts have a name, or with `.sum` what their values add up to.
`key=quantity` is a term under the key that the report shows beside the value; a minus subtracts
it, a zero only shows it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from tests.reference.facts import Fact

Sums = Mapping[str, Fraction]

FORMULAS: Mapping[str, tuple[str, ...]] = {
    # name: (terms above, terms below, factor)
    "clearance_ratio": ("resolutions", "created"),
    "reopen_rate": ("reopens", "resolutions"),
    "resolved_share": ("resolved=cohort_resolved", "created"),
    "resolved_of_all": ("resolved=outcome", "resolved=outcome active=depth"),
    "same_day_share": ("same_day", "created"),
    "proactive_share": ("proactive", "created"),
    "transfer_rate": ("transferred", "resolved=outcome"),
    "transfers_per_ticket": ("total=transferred.sum", "resolved=outcome"),
    "first_queue_share": ("resolved=outcome -transferred", "resolved=outcome"),
    "escalation_rate": ("escalations", "transfers=moves"),
    "zero_touch": (
        "resolved=outcome -one_touch -two_touch -multi_touch",
        "resolved=outcome",
    ),
    "one_touch": ("one_touch", "resolved=outcome"),
    "two_touch": ("two_touch", "resolved=outcome"),
    "multi_touch": ("multi_touch", "resolved=outcome"),
    "replies_to_resolution": ("total=replies.sum", "resolved=outcome"),
    "queue_stations": ("total=queue_stations.sum", "resolved=outcome"),
    "assignee_stations": ("total=assignee_stations.sum", "resolved=outcome"),
    "unique_assignees": ("total=people.sum", "resolved=outcome"),
    "complexity": ("total=complexity.sum 0estimated=complexity_estimated", "resolved=outcome"),
    "fcr": ("first_contact -repeated", "judged=first_contact_judged"),
    "fcr_coverage": (
        "judged=first_contact_judged",
        "judged=first_contact_judged unavailable=first_contact_unknown",
    ),
    "bot_containment": ("contained", "with_bot"),
    "repeat_contacts": ("repeat", "created"),
    "csat": ("satisfied", "responses=csat"),
    "csat_mean": ("total=csat.sum", "responses=csat"),
    "csat_index": ("total=csat.sum -responses=csat", "responses=csat", "25"),
    "csat_response_rate": ("answered=csat_answered", "sent=csat_sent"),
    "nps": ("promoters -detractors", "responses=nps", "100"),
    "nps_passives": ("responses=nps -promoters -detractors", "responses=nps"),
    "nps_response_rate": ("answered=nps_answered", "sent=nps_sent"),
    "ces": ("total=ces.sum", "responses=ces"),
    "ces_response_rate": ("answered=ces_answered", "sent=ces_sent"),
    "low_score_follow_up": ("followed_up", "low_scores"),
    "handle_time": ("handled_s=handled.sum", "touched"),
    "handle_time_estimated": ("open_and_assigned_s=unrecorded.sum", "unrecorded"),
    "interaction_time": ("interaction_s=interaction.sum", "talked"),
    "quality_score": ("total=criteria.sum", "criteria"),
    "review_rate": ("reviewed", "resolved"),
    "error_rate": ("errors=errors.sum", "reviews"),
    "conflict_rate": ("conflicts", "created"),
    "turned_into_conflict": ("turned", "conflicts"),
    "conflict_resolved_share": ("resolved=conflict_resolved", "conflicts"),
    "conflict_csat": ("satisfied=conflict_satisfied", "responses=conflict_csat"),
    "conflict_csat_mean": ("total=conflict_csat.sum", "responses=conflict_csat"),
}

ONCE = ("touched", "talked")
"""A ticket counts once in everything, and once under each value of a label that it was under."""


def sums(facts: Iterable[Fact], label: str | None = None) -> Sums:
    """Every quantity of some facts: of all, or of those under a value of the label."""
    found: dict[str, Fraction] = defaultdict(Fraction)
    for fact in facts:
        found[fact.name] += 1
        found[f"{fact.name}.sum"] += fact.value
    if label is not None:
        found |= {name: found[f"{name}:{label}"] for name in ONCE}
    return found


def kpis(found: Sums, min_sample: int, *, every: bool) -> dict[str, dict[str, Any]]:
    """Each KPI with the terms that it is made of; `every`, also of which there is nothing below."""
    rows = {name: _kpi(found, min_sample, *formula) for name, formula in FORMULAS.items()}
    return {name: row for name, row in rows.items() if every or row["value"] is not None}


def _kpi(found: Sums, min_sample: int, above: str, below: str, factor: str = "1") -> dict[str, Any]:
    terms: dict[str, Fraction] = {}
    top, bottom = _total(above, found, terms), _total(below, found, terms)
    return {
        "value": float(int(factor) * top / bottom) if bottom else None,
        **{key: float(number) for key, number in terms.items()},
        "low_sample": bottom < min_sample,
    }


def _total(terms: str, found: Sums, shown: dict[str, Fraction]) -> Fraction:
    total = Fraction(0)
    for term in terms.split():
        sign = {"-": -1, "0": 0}.get(term[0], 1)
        key, _, quantity = term.lstrip("-0").partition("=")
        shown[key] = found.get(quantity or key, Fraction(0))
        total += sign * shown[key]
    return total
