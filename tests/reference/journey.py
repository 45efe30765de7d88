"""The way of a ticket: its stations, touches and contacts, and what became of it.

What holds of a ticket that is resolved or closed now stands at its last resolution, and counts
what happened up to then.
"""

import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import groupby, pairwise

from tests.reference import credit
from tests.reference.days import local_day
from tests.reference.facts import Fact
from tests.reference.settings import Settings
from tests.reference.spans import response_signal
from tests.reference.ticket import (
    Step,
    Steps,
    agent_replies,
    bot_replies,
    creation,
    human_replies,
    moves,
    opened_by_agent,
    reopens,
    requester_messages,
    resolutions,
)

TALKED = {"chat", "phone", "social"}
"""Channels in which first contact is judged by contacts, if the settings do not say how."""
TOUCHES = {1: "one_touch", 2: "two_touch"}
COMPLEXITY = {"low": 1, "medium": 2, "high": 3}


def journey(steps: Steps, settings: Settings) -> Iterator[Fact]:
    """All facts about one ticket's way."""
    yield from _moves(steps, settings)
    yield from _of_creation(steps, settings)
    yield from _contacts(steps, settings)
    yield from _bots(steps, settings)
    yield from _first_contact(steps, settings)
    if steps[-1].after.done:
        yield from _outcome(steps, resolutions(steps)[-1], settings)


def _moves(steps: Steps, settings: Settings) -> Iterator[Fact]:
    for step in moves(steps, settings):
        before, after = step.before.attributes["queue"], step.after.attributes["queue"]
        yield _fact("moves", step, credit.assignee(step))
        yield _fact("transfer_pair", step, part=(before, after))
        if settings.tier(after) > settings.tier(before):
            yield _fact("escalations", step, credit.assignee(step))
            tiers = (str(settings.tier(before)), str(settings.tier(after)))
            yield _fact("escalated", step, part=tiers)


def _of_creation(steps: Steps, settings: Settings) -> Iterator[Fact]:
    created, resolved = creation(steps), resolutions(steps)
    if created is None:
        return
    agent = credit.assignee(created)
    if opened_by_agent(created):
        yield _fact("proactive", created, agent)
    if resolved:
        days = {local_day(step.time_ms, settings.zone) for step in (created, resolved[0])}
        if len(days) == 1:
            yield _fact("same_day", created, agent)
    if steps[-1].after.done and (settings.count_reopened or not _reopened_soon(steps, settings)):
        yield _fact("cohort_resolved", created, agent)


def _reopened_soon(steps: Steps, settings: Settings) -> bool:
    """Whether a reopening ever came within `fcr_window` after the resolution it undid."""
    return any(
        reopened.time_ms - resolutions(credit.until(steps, reopened))[-1].time_ms
        <= settings.fcr_window_ms
        for reopened in reopens(steps)
    )


# Outcome


def _outcome(steps: Steps, last: Step, settings: Settings) -> Iterator[Fact]:
    agent, sofar = credit.of_resolution(steps, last, settings), credit.until(steps, last)
    replies, moved = agent_replies(sofar, settings), moves(sofar, settings)
    queues, assignees = stations(sofar, "queue"), stations(sofar, "assignee")

    def fact(name: str, value: float = 0) -> Fact:
        return _fact(name, last, agent, value)

    yield fact("outcome")
    numbers = {
        "replies": len(replies),
        "transferred": len(moved),
        "queue_stations": len(queues),
        "assignee_stations": len(assignees),
        "people": len(set(assignees)),
    }
    for name, number in numbers.items():
        if number:
            yield fact(name, number)
    if replies:
        yield fact(TOUCHES.get(len(replies), "multi_touch"))
    hard, estimated = complexity(steps, settings)
    yield fact("complexity", hard)
    if estimated:
        yield fact("complexity_estimated")


def stations(steps: Steps, attribute: str) -> list[str]:
    """The values an attribute had, one after the other; none twice in a row."""
    values = [step.after.attributes.get(attribute) for step in steps]
    return [value for value, _ in groupby(value for value in values if value)]


def complexity(steps: Steps, settings: Settings) -> tuple[int, bool]:
    """How hard a resolved ticket was, and whether that is only estimated.

    1 to 3 for low, medium, high, or the whole number that is given. Otherwise 3 with two moves
    or four replies and more, 1 without a move and with one reply at most, else 2.
    """
    last = resolutions(steps)[-1]
    sofar = credit.until(steps, last)
    given = str(last.after.attributes.get("complexity") or "").lower()
    if given in COMPLEXITY:
        return COMPLEXITY[given], False
    if re.fullmatch("[0-9]{1,3}", given):
        return int(given), False
    moved, replied = len(moves(sofar, settings)), len(agent_replies(sofar, settings))
    if moved >= 2 or replied >= 4:
        return 3, True
    return (1 if moved == 0 and replied <= 1 else 2), True


# First contact


def _first_contact(steps: Steps, settings: Settings) -> Iterator[Fact]:
    """At the first resolution; nobody knows where a source sends no replies."""
    if not resolutions(steps):
        return
    first = resolutions(steps)[0]
    agent = credit.of_resolution(steps, first, settings)
    if response_signal(steps, settings) != "reply":
        yield _fact("first_contact_unknown", first, agent)
        return
    yield _fact("first_contact_judged", first, agent)
    if first_contact(steps, settings):
        yield _fact("first_contact", first, agent)


def first_contact(steps: Steps, settings: Settings) -> bool:
    """One touch and one assignee up to the first resolution, which stood for `fcr_window`."""
    if not resolutions(steps) or response_signal(steps, settings) != "reply":
        return False
    first = resolutions(steps)[0]
    sofar = credit.until(steps, first)
    replies = agent_replies(sofar, settings)
    by_contact = settings.fcr_basis == "contact"
    if settings.fcr_basis is None:
        by_contact = first.after.attributes.get("channel") in TALKED
    touches = len(contacts(sofar, settings)) if by_contact else len(replies)
    return (
        touches == 1
        and len(set(stations(sofar, "assignee"))) <= 1
        and not any(s.time_ms - first.time_ms <= settings.fcr_window_ms for s in reopens(steps))
    )


def contacts(steps: Steps, settings: Settings) -> list[list[Step]]:
    """Runs of messages less than `contact_gap` apart: of requester, agents and bots.

    The creation is one, whoever opened the ticket.
    """
    said = [*requester_messages(steps), *agent_replies(steps, settings), *bot_replies(steps)]
    created = creation(steps)
    chosen = {step.event.name: step for step in (*said, *([created] if created else []))}
    messages = sorted(chosen.values(), key=lambda step: step.event)
    found = [messages[:1]] if messages else []
    for before, after in pairwise(messages):
        if after.time_ms - before.time_ms < settings.contact_gap_ms:
            found[-1].append(after)
        else:
            found.append([after])
    return found


def _contacts(steps: Steps, settings: Settings) -> Iterator[Fact]:
    for contact in contacts(steps, settings):
        yield _fact("contacts", contact[0])


# Bots


def _bots(steps: Steps, settings: Settings) -> Iterator[Fact]:
    """What bots did alone, and how long it took until somebody took over; people, not bots."""
    bots, people = bot_replies(steps), human_replies(steps, settings)
    if not bots:
        return
    yield _fact("with_bot", bots[0])
    if _contained(steps, bots[0], people[:1]):
        yield _fact("contained", bots[0])
    if not people or people[0].event < bots[0].event:
        return
    taken_over, created = people[0], creation(steps)
    asked = [s for s in requester_messages(steps) if s.event < taken_over.event]
    if created and not opened_by_agent(created) and created.event < taken_over.event:
        asked.append(created)
    if asked:
        wait_ms = taken_over.time_ms - max(step.time_ms for step in asked)
        yield _fact("handover", taken_over, credit.author(taken_over), ms=wait_ms)


def _contained(steps: Steps, bot: Step, person: Steps) -> bool:
    """Resolved once and for good, after a bot's reply and before any of a person."""
    if not steps[-1].after.done or reopens(steps):
        return False
    (resolved,) = resolutions(steps)
    return bot.event < resolved.event and not any(s.event < resolved.event for s in person)


def _fact(
    name: str,
    at: Step,
    agent: str = "",
    value: float = 0,
    *,
    ms: int = 0,
    part: tuple[str, ...] = (),
) -> Fact:
    made = Fraction(value)
    return Fact(name, at.after.attributes, at.time_ms, ms, ms, agent, made, part)
