"""Conflicts and complaints: since when a ticket is one, and what became of it."""

from collections.abc import Iterator

from tests.reference import credit
from tests.reference.facts import Fact
from tests.reference.settings import Settings
from tests.reference.surveys import answers_of, is_satisfied, score
from tests.reference.ticket import Step, Steps, agent_replies, creation, resolutions

CONFLICTS = {"complaint", "conflict"}


def conflict_since(steps: Steps) -> Step | None:
    """The first step that made it a complaint or a conflict; it may be neither by now."""
    return next((step for step in steps if step.after.attributes.get("kind") in CONFLICTS), None)


def conflicts(steps: Steps, settings: Settings) -> Iterator[Fact]:
    """All facts about one ticket as a conflict."""
    since, created = conflict_since(steps), creation(steps)
    if since is None:
        return
    agent = credit.assignee(since)
    yield _fact("conflicts", since, agent)
    if created and since.time_ms > created.time_ms:
        yield _fact("turned", since, agent)
        yield _fact("conflict_wait", since, agent, ms=since.time_ms - created.time_ms)
    start = created if settings.conflict_clock == "created" and created else since
    replies = [r for r in agent_replies(steps, settings) if r.event > since.event]
    if replies:
        by, wait_ms = credit.author(replies[0]), max(0, replies[0].time_ms - start.time_ms)
        yield _fact("conflict_reaction", replies[0], by, ms=wait_ms)
    if steps[-1].after.done:
        last = resolutions(steps)[-1]
        agent = credit.of_resolution(steps, last, settings)
        yield _fact("conflict_resolved", since, credit.assignee(since))
        yield _fact("conflict_resolution", last, agent, ms=max(0, last.time_ms - start.time_ms))
    for answer in answers_of(steps).values():
        if answer.event.data["kind"] == "csat" and answer.event > since.event:
            agent = credit.of_survey(steps, answer, settings)
            yield _fact("conflict_csat", answer, agent)._replace(value=score(answer, settings))
            if is_satisfied(answer, settings):
                yield _fact("conflict_satisfied", answer, agent)


def _fact(name: str, at: Step, agent: str = "", *, ms: int = 0) -> Fact:
    return Fact(name, at.after.attributes, at.time_ms, ms, ms, agent)
