"""Answers to surveys that belong to no ticket: of customers, and of the staff.

The last answer to a survey counts: one is taken back by another to the same survey within
`REACH` after it. A later one than that is an answer of its own.
"""

from collections.abc import Sequence
from datetime import tzinfo
from itertools import pairwise
from typing import Any, Final

from streams.core.entity import REACH, Sums
from streams.core.events import SURVEY_RESPONDED, SURVEY_SENT, Event
from streams.core.spans import local_day

SENT: Final = "survey_sent"
ANSWERS: Final = "answers"
INDEX: Final = "answer_index"
"""Of each answer its place on its scale: thousandths of a point on 0 to 100."""
SATISFIED: Final = "satisfied"
PROMOTERS: Final = "promoters"
DETRACTORS: Final = "detractors"


def satisfied(score: float, least: float, most: float) -> bool:
    """Whether a score is at least two thirds up its scale: 4 of 1 to 5, 5 of 1 to 7."""
    return 3 * (score - least) >= 2 * (most - least)


def index(score: float, least: float, most: float) -> int:
    """A score's place on its scale in thousandths of a point, 0 to 100,000."""
    return round(100_000 * (score - least) / (most - least))


def count(events: Sequence[Event], since: int, until: int, zone: tzinfo, sums: Sums) -> None:
    """Add what was sent and answered in [since, until); the events are sorted."""
    for event in standing(events, SURVEY_SENT):
        if since <= event.at < until:
            sums[SENT, local_day(event.at, zone), event.data["kind"]] += 1
    for event in standing(events, SURVEY_RESPONDED):
        if since <= event.at < until:
            _answer(event, local_day(event.at, zone), sums)


def standing(events: Sequence[Event], event_type: str) -> list[Event]:
    """The events of a type that no later one of the same survey takes back."""
    by_survey: dict[str, list[Event]] = {}
    for event in events:
        if event.type == event_type:
            by_survey.setdefault(event.data["survey"], []).append(event)
    found = []
    for versions in by_survey.values():
        found += [one for one, other in pairwise(versions) if other.at - one.at > REACH]
        found.append(versions[-1])
    return found


def _answer(event: Event, day: str, sums: Sums) -> None:
    kind, score = event.data["kind"], event.data["score"]
    scale: dict[str, Any] = event.data["scale"]
    least, most = scale["min"], scale["max"]
    sums[ANSWERS, day, kind] += 1
    sums[INDEX, day, kind] += index(score, least, most)
    sums[SATISFIED, day, kind] += satisfied(score, least, most)
    tenths = 10 * (score - least) / (most - least)
    sums[PROMOTERS, day, kind] += tenths >= 9
    sums[DETRACTORS, day, kind] += tenths <= 6


def touching(event: Event, since: int) -> bool:
    """Whether an answer may still be taken back, or take one back, at `since` or later."""
    return event.at >= since - REACH


def report(sums: Sums, min_sample: int) -> dict[str, Any]:
    """By kind of survey: sent, answered, and what the answers say; few of them carry a mark."""
    totals: dict[str, dict[str, int]] = {}
    for key, number in sums.items():
        if key[0] in _MEASURES:
            found = totals.setdefault(key[2], dict.fromkeys(_MEASURES, 0))
            found[key[0]] += number
    return {
        kind: {**_figures(kind, found), "low_sample": found[ANSWERS] < min_sample}
        for kind, found in sorted(totals.items())
    }


_MEASURES: Final = (SENT, ANSWERS, INDEX, SATISFIED, PROMOTERS, DETRACTORS)


def _figures(kind: str, found: dict[str, int]) -> dict[str, Any]:
    answers = found[ANSWERS]
    figures: dict[str, Any] = {
        "sent": found[SENT],
        "responses": answers,
        "index": found[INDEX] / 1000 / answers if answers else None,
    }
    if kind == "nps":
        promoters, detractors = found[PROMOTERS], found[DETRACTORS]
        figures |= {
            "promoters": promoters,
            "passives": answers - promoters - detractors,
            "detractors": detractors,
            "value": 100 * (promoters - detractors) / answers if answers else None,
        }
    elif kind in {"csat", "esat"}:
        figures |= {
            "satisfied": found[SATISFIED],
            "value": found[SATISFIED] / answers if answers else None,
        }
    return figures
