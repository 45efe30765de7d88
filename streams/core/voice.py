"""What did the customer say? Surveys sent and answered, low scores and what followed.

The last answer of a survey counts: it takes the facts of the earlier one back. Scores are put
on one scale each - CSAT 1 to 5, NPS 0 to 10, CES 1 to 7 with 7 easy - so that sources with
others add up; on those scales a score is what it was.
"""

from collections.abc import Mapping
from typing import Any, Final

from streams.core import events as ev
from streams.core import facts as fact
from streams.core.case import Case, LowScore, Survey
from streams.core.events import Event
from streams.core.facts import Fact, new
from streams.core.instants import DAY
from streams.core.settings import Settings
from streams.core.ticket import Ticket

FOLLOW_UP_WITHIN: Final = DAY
"""A low score is followed up by an agent's reply within it."""
MAX_SURVEYS: Final = 50
"""Surveys of a ticket that are remembered; answers to further ones count as they come."""

_SENT: Final = {"csat": fact.CSAT_SENT, "nps": fact.NPS_SENT, "ces": fact.CES_SENT}
_ANSWERED: Final = {
    "csat": fact.CSAT_ANSWERED,
    "nps": fact.NPS_ANSWERED,
    "ces": fact.CES_ANSWERED,
}
_SCALES: Final = {"csat": (1, 5), "nps": (0, 10), "ces": (1, 7)}
_UNSENT: Final = Survey("", -1, (), "", -1, (), "", 0, False, False, False, (), ())


def follow(
    ticket: Ticket, case: Case, event: Event, news: list[Fact], settings: Settings
) -> list[Fact]:
    """What one event says of the requester's satisfaction."""
    found: list[Fact] = []
    if event.type == ev.SURVEY_SENT:
        _sent(ticket, case, event, found)
    elif event.type == ev.SURVEY_RESPONDED:
        _answered(ticket, case, event, settings, found)
    elif case.low:
        for one in news:
            if one.kind == fact.AGENT_REPLY:
                _followed(case, event.at, found)
                break
    return found


def _sent(ticket: Ticket, case: Case, event: Event, found: list[Fact]) -> None:
    survey, kind = event.data["survey"], event.data["kind"]
    known = _known(case, survey)
    if kind not in _SENT or known.sent_at >= 0:
        return
    at, cell, agent = event.at, ticket.cell, _whose(ticket)
    _remember(case, survey, known._replace(kind=kind, sent_at=at, sent_in=cell, sent_for=agent))
    found.append(new(_SENT[kind], at, cell, None, agent))
    if known.answered_at >= 0:
        found.append(new(_ANSWERED[kind], at, cell, None, agent))


def _whose(ticket: Ticket) -> str:
    """Whose a survey is that names nobody: the resolver's, or else the assignee's."""
    resolver = "" if ticket.last_resolved is None else ticket.last_resolved[3]
    return resolver or ticket.assignee or ""


def _answered(
    ticket: Ticket, case: Case, event: Event, settings: Settings, found: list[Fact]
) -> None:
    data = event.data
    survey, kind = data["survey"], data["kind"]
    if kind not in _SENT:
        # Staff surveys belong to agents.
        return
    known = _known(case, survey)
    if known.answered_at >= 0:
        _take_back(case, survey, known, found)
    elif known.sent_at >= 0:
        kind_sent = _ANSWERED[known.kind]
        found.append(new(kind_sent, known.sent_at, known.sent_in, None, known.sent_for))
    answer = known._replace(
        kind=kind,
        answered_at=event.at,
        answered_in=ticket.cell,
        agent=data.get("agent") or _whose(ticket),
        score=_points(kind, data["score"], data["scale"], settings),
        satisfied=_satisfied(data["score"], data["scale"], settings),
        low=_low(kind, data["score"], data["scale"], settings),
        conflict=case.conflict_at >= 0,
        aspects=tuple(
            [
                (name, _points(kind, score, data["scale"], settings))
                for name, score in sorted(data.get("aspects", {}).items())
            ]
        ),
        reasons=tuple(sorted(set(data.get("reasons", ())))),
    )
    _remember(case, survey, answer)
    _count(answer, 1, found)
    if answer.low:
        low = LowScore(survey, event.at, ticket.cell, answer.agent)
        case.low = (*case.low, low)[-MAX_SURVEYS:]


def _known(case: Case, survey: str) -> Survey:
    return (case.surveys or {}).get(survey, _UNSENT)


def _remember(case: Case, name: str, survey: Survey) -> None:
    if case.surveys is None:
        case.surveys = {name: survey}
    elif name in case.surveys or len(case.surveys) < MAX_SURVEYS:
        case.surveys[name] = survey


def _count(answer: Survey, sign: int, found: list[Fact]) -> None:
    """The facts of an answer; `sign` -1 takes them back."""
    at, cell, agent = answer.answered_at, answer.answered_in, answer.agent
    found += [new(kind, at, cell, value, agent, sign) for kind, value in _kinds(answer)]
    for name, points in answer.aspects:
        found.append(new(fact.ASPECT, at, (answer.kind, name, ""), points, "", sign))
    for reason in answer.reasons:
        found.append(new(fact.REASON, at, (answer.kind, reason, ""), None, "", sign))


def _kinds(answer: Survey) -> list[tuple[str, int | None]]:
    """What an answer counts as, with the score where that is summed."""
    score = answer.score
    kinds: list[tuple[str, int | None]] = [(answer.kind, score)]
    if answer.low:
        kinds.append((fact.LOW_SCORE, None))
    if answer.kind == fact.NPS and not 6_000 < score < 9_000:
        kinds.append((fact.PROMOTER if score >= 9_000 else fact.DETRACTOR, None))
    if answer.kind == fact.CSAT:
        if answer.satisfied:
            kinds.append((fact.CSAT_SATISFIED, None))
        if answer.conflict:
            kinds.append((fact.CONFLICT_CSAT, score))
        if answer.conflict and answer.satisfied:
            kinds.append((fact.CONFLICT_SATISFIED, None))
    return kinds


def _take_back(case: Case, survey: str, answer: Survey, found: list[Fact]) -> None:
    _count(answer, -1, found)
    case.low = tuple([low for low in case.low if low.survey != survey])
    followed = None if case.followed is None else case.followed.pop(survey, None)
    if followed is not None:
        _count_follow_up(*followed, -1, found)


def _followed(case: Case, at: int, found: list[Fact]) -> None:
    """An agent replied: that follows up every low score so far."""
    if case.followed is None:
        case.followed = {}
    for low in case.low:
        case.followed[low.survey] = (low.at, low.cell, low.agent, at)
        _count_follow_up(low.at, low.cell, low.agent, at, 1, found)
    case.low = ()


def _count_follow_up(
    at: int, cell: tuple[str, ...], agent: str, replied_at: int, sign: int, found: list[Fact]
) -> None:
    found.append(new(fact.FOLLOW_UP, at, cell, replied_at - at, agent, sign))
    if replied_at - at <= FOLLOW_UP_WITHIN:
        found.append(new(fact.FOLLOWED_UP, at, cell, None, agent, sign))


def _points(kind: str, score: float, scale: Mapping[str, Any], settings: Settings) -> int:
    """A score on the scale of its kind, in thousandths."""
    low, high = _SCALES[kind]
    share = (score - scale["min"]) / (scale["max"] - scale["min"])
    if kind == "ces" and settings.low_is_easy:
        share = 1 - share
    points: int = round(1_000 * (low + (high - low) * share))
    return points


def _satisfied(score: float, scale: Mapping[str, Any], settings: Settings) -> bool:
    low, high = scale["min"], scale["max"]
    for least, most, threshold in settings.satisfied:
        if (low, high) == (least, most):
            return bool(score >= threshold)
    return bool(3 * (score - low) >= 2 * (high - low))


def _low(kind: str, score: float, scale: Mapping[str, Any], settings: Settings) -> bool:
    """In the lowest third of the scale; a detractor for NPS."""
    low, high = scale["min"], scale["max"]
    if kind == "nps":
        return _points(kind, score, scale, settings) <= 6_000
    if kind == "ces" and settings.low_is_easy:
        return bool(3 * (high - score) <= high - low)
    return bool(3 * (score - low) <= high - low)
