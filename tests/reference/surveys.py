"""The voice of the customer: surveys sent, the answer of each that counts, and what followed."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from tests.reference import credit
from tests.reference.facts import Fact
from tests.reference.settings import DAY_MS, Settings
from tests.reference.ticket import Step, Steps, agent_replies

KINDS: Mapping[str, tuple[int, int]] = {"csat": (1, 5), "nps": (0, 10), "ces": (1, 7)}
"""Kind -> the scale on which it is reported."""


def surveys(steps: Steps, settings: Settings) -> Iterator[Fact]:
    """All facts about one ticket's surveys."""
    answers = answers_of(steps)
    for survey, sent in _sent(steps).items():
        kind = str(sent.event.data["kind"])
        if kind in KINDS:
            agent = credit.of_survey(steps, sent, settings)
            yield _fact(f"{kind}_sent", sent, agent)
            if survey in answers:
                yield _fact(f"{kind}_answered", sent, agent)
    for answer in answers.values():
        if answer.event.data["kind"] in KINDS:
            yield from _of_survey(steps, answer, settings)


def answers_of(steps: Steps) -> dict[str, Step]:
    """By survey: the last answer, which replaces those before it."""
    return {
        str(step.event.data["survey"]): step
        for step in steps
        if step.event.type == "survey.responded"
    }


def _sent(steps: Steps) -> dict[str, Step]:
    """By survey: when it was first sent."""
    sent = [step for step in steps if step.event.type == "survey.sent"]
    return {str(step.event.data["survey"]): step for step in reversed(sent)}


def score(answer: Step, settings: Settings) -> Fraction:
    """An answer's score on the scale of its kind."""
    return _scaled(answer, answer.event.data["score"], settings)


def is_satisfied(answer: Step, settings: Settings) -> bool:
    """At or above min + 2/3 of the range, or what the settings say of the scale."""
    low, high = _scale(answer)
    needed = settings.satisfied.get((float(low), float(high)))
    if needed is None:
        return bool(Fraction(answer.event.data["score"]) >= low + (high - low) * Fraction(2, 3))
    return bool(answer.event.data["score"] >= needed)


def is_low(answer: Step, settings: Settings) -> bool:
    """In the lowest third of the scale; 0 to 6 of 10 for NPS."""
    low, high = KINDS[answer.event.data["kind"]]
    bound = Fraction(6) if answer.event.data["kind"] == "nps" else low + Fraction(high - low, 3)
    return score(answer, settings) <= bound


def _of_survey(steps: Steps, answer: Step, settings: Settings) -> Iterator[Fact]:
    data, agent = answer.event.data, credit.of_survey(steps, answer, settings)
    kind, points = str(data["kind"]), score(answer, settings)
    yield _fact(kind, answer, agent, points)
    if kind == "csat" and is_satisfied(answer, settings):
        yield _fact("satisfied", answer, agent)
    if kind == "nps" and points >= 9:
        yield _fact("promoters", answer, agent)
    if kind == "nps" and points <= 6:
        yield _fact("detractors", answer, agent)
    for aspect, given in (data.get("aspects") or {}).items():
        yield _fact("aspect", answer, agent, _scaled(answer, given, settings), (kind, aspect))
    for reason in set(data.get("reasons") or ()):
        yield _fact("reason", answer, agent, part=(kind, reason))
    if is_low(answer, settings):
        yield _fact("low_scores", answer, agent)
        replies = [r for r in agent_replies(steps, settings) if r.event > answer.event]
        if replies:
            wait_ms = replies[0].time_ms - answer.time_ms
            yield _fact("follow_up", answer, agent)._replace(ms=wait_ms)
            if wait_ms <= DAY_MS:
                yield _fact("followed_up", answer, agent)


def _scale(answer: Step) -> tuple[Fraction, Fraction]:
    scale = answer.event.data["scale"]
    return Fraction(scale["min"]), Fraction(scale["max"])


def _scaled(answer: Step, given: Any, settings: Settings) -> Fraction:
    """A score on the scale of its kind, to a thousandth of a point."""
    kind, (low, high) = str(answer.event.data["kind"]), _scale(answer)
    share = (Fraction(given) - low) / (high - low)
    if kind == "ces" and settings.ces_direction == "low_easy":
        share = 1 - share
    least, most = KINDS[kind]
    return Fraction(round(1000 * (least + share * (most - least))), 1000)


def _fact(
    name: str,
    at: Step,
    agent: str,
    value: Fraction = Fraction(0),
    part: tuple[str, ...] = (),
) -> Fact:
    return Fact(name, at.after.attributes, at.time_ms, 0, 0, agent, value, part)
