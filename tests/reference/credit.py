"""Whose a fact is: the agent it is credited to, `""` for nobody."""

from tests.reference.settings import Settings
from tests.reference.ticket import Step, Steps, agent_replies, resolutions


def of_resolution(steps: Steps, at: Step, settings: Settings) -> str:
    """Of a resolution (or a closing): by the `credit` of the settings, as things stood then.

    The resolver is the agent who did it, or else who had it right after it.
    """
    sofar = until(steps, at)
    if settings.credit == "last_assignee":
        had = [step.after.attributes.get("assignee") for step in sofar]
        return str(next((agent for agent in reversed(had) if agent), ""))
    if settings.credit == "first_responder":
        replies = agent_replies(sofar, settings)
        if replies:
            return author(replies[0])
    return doer(at)


def of_survey(steps: Steps, at: Step, settings: Settings) -> str:
    """Of a survey: its `agent`, else that of the latest resolution before it, else who has it."""
    named = at.event.data.get("agent")
    if named:
        return str(named)
    resolved = resolutions(until(steps, at))
    resolver = of_resolution(steps, resolved[-1], settings) if resolved else ""
    return resolver or assignee(at)


def doer(at: Step) -> str:
    """The agent who made an event, or else the assignee right after it."""
    actor = at.event.data.get("actor") or {}
    if actor.get("role") == "agent" and actor.get("id"):
        return str(actor["id"])
    return assignee(at)


def assignee(at: Step) -> str:
    """Who has the ticket right after a step."""
    return str(at.after.attributes.get("assignee") or "")


def author(reply: Step) -> str:
    """Who wrote a message."""
    return str(reply.event.data["author"]["id"])


def until(steps: Steps, last: Step) -> Steps:
    """The steps up to one of them, which is included."""
    place = next(n for n, step in enumerate(steps) if step.event.name == last.event.name)
    return steps[: place + 1]
