"""What tickets take: handling, money, and how well it was done."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

from tests.reference import credit
from tests.reference.facts import Fact
from tests.reference.settings import Settings
from tests.reference.ticket import Step, Steps, resolutions

TALK = {"talk", "hold"}


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
    """What was spent, and each agent's first time; only the first of all is the ticket's."""
    agents: set[str] = set()
    for step in worked:
        agent = str(step.event.data["agent"])
        yield _fact(name, step, agent, Fraction(step.event.data["seconds"]))
        if agent not in agents:
            yield _fact(f"{ticket}_too" if agents else ticket, step, agent)
        agents.add(agent)


def open_and_assigned(steps: Steps) -> Fraction:
    """Seconds in which the ticket was active and somebody had it."""
    spans = (
        after.time_ms - before.time_ms
        for before, after in pairwise(steps)
        if before.after.active and credit.assignee(before)
    )
    return Fraction(sum(spans), 1000)


def _money(steps: Steps, settings: Settings) -> Iterator[Fact]:
    """Exact amounts: what handling costs by the hour, and what was recorded, by currency."""
    everybody = settings.hourly.get("default", Fraction(0))
    for step in steps:
        data = step.event.data
        if step.event.type == "ticket.worked":
            agent = str(data["agent"])
            hours = Fraction(data["seconds"]) / 3600
            yield _fact("labour", step, agent, hours * settings.hourly.get(agent, everybody))
            if cost := data.get("cost"):
                yield _recorded(step, cost, agent)
        elif step.event.type == "ticket.cost":
            yield _recorded(step, data, "")


def _recorded(step: Step, money: "dict[str, object] | object", agent: str) -> Fact:
    assert isinstance(money, dict)
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
            share = Fraction(criterion["score"]) / Fraction(criterion["max"])
            yield _fact("criteria", step, agent, share)
            yield _fact("criterion", step, agent, share, ("", name))
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
