"""What tickets take: handling, money, and how well it was done."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import pairwise
from typing import Any

from tests.reference import credit
from tests.reference.facts import LABELS, Fact
from tests.reference.settings import Settings
from tests.reference.ticket import Step, Steps, resolutions

TALK = {"talk", "hold"}
MICRO = 1_000_000


def effort(steps: Steps, settings: Settings) -> Iterator[Fact]:
    """All facts about one ticket's handling, costs and reviews."""
    worked = [step for step in steps if step.event.type == "ticket.worked"]
    yield from _seconds("handled", "touched", worked)
    talked = [step for step in worked if step.event.data.get("activity") in TALK]
    yield from _seconds("interaction", "talked", talked)
    yield from _money(steps, settings)
    yield from _reviews(steps)
    if steps[-1].after.done and not worked:
        last = resolutions(steps)[-1]
        agent = credit.of_resolution(steps, last, settings)
        yield _fact("unrecorded", last, agent, open_and_assigned(credit.until(steps, last)))


def _seconds(name: str, ticket: str, worked: Steps) -> Iterator[Fact]:
    """What was spent, when the ticket was first worked on, and when so under each label."""
    spent = [
        _fact(name, s, str(s.event.data["agent"]), Fraction(s.event.data["seconds"]))
        for s in worked
    ]
    yield from spent
    for once in spent[:1]:
        yield once._replace(name=ticket, value=Fraction(0))
    for label in LABELS:
        first = {fact.key(label): fact for fact in reversed(spent)}
        for once in first.values():
            yield once._replace(name=f"{ticket}:{label}", value=Fraction(0))


def open_and_assigned(steps: Steps) -> Fraction:
    """Seconds in which the ticket was new or open, and somebody had it."""
    spans = (
        after.time_ms - before.time_ms
        for before, after in pairwise(steps)
        if before.after.active
        and before.after.status in {"new", "open"}
        and credit.assignee(before)
    )
    return Fraction(sum(spans), 1000)


def _money(steps: Steps, settings: Settings) -> Iterator[Fact]:
    """What handling costs by the hour, to a millionth; and what was recorded, by currency."""
    everybody = settings.hourly.get("default", Fraction(0))
    for step in steps:
        data = step.event.data
        if step.event.type == "ticket.worked":
            agent = str(data["agent"])
            rate = settings.hourly.get(agent, everybody)
            cost = Fraction(data["seconds"]) / 3600 * rate
            if rate:
                yield _fact("labour", step, agent, Fraction(round(cost * MICRO), MICRO))
            if data.get("cost"):
                yield _recorded(step, data["cost"], agent)
        elif step.event.type == "ticket.cost":
            yield _recorded(step, data, credit.assignee(step))


def _recorded(step: Step, money: Mapping[str, Any], agent: str) -> Fact:
    amount = Fraction(str(money["amount"]))
    return _fact("recorded", step, agent, amount, (str(money["currency"]),))


def _reviews(steps: Steps) -> Iterator[Fact]:
    reviews = [step for step in steps if step.event.type == "ticket.reviewed"]
    for step in reviews:
        data = step.event.data
        agent = str(data["agent"])
        yield _fact("reviews", step, agent)
        if step is reviews[0]:
            yield _fact("reviewed", step, agent)
        for name, criterion in data["criteria"].items():
            exact = Fraction(criterion["score"]) / Fraction(criterion["max"])
            share = Fraction(round(1000 * exact), 1000)
            yield _fact("criteria", step, agent, share)
            queue = str(step.after.attributes.get("queue") or "")
            yield _fact("criterion", step, agent, share, (agent, name, queue))
        errors = data.get("errors", 0)
        found = len(errors) if isinstance(errors, list) else errors
        if found:
            yield _fact("errors", step, agent, Fraction(found))


def _fact(
    name: str,
    at: Step,
    agent: str,
    value: Fraction = Fraction(0),
    part: tuple[str, ...] = (),
) -> Fact:
    return Fact(name, at.after.attributes, at.time_ms, 0, 0, agent, value, part)
