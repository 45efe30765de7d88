"""The facts of one ticket, each a function of all its events in order-key order.

`walk` turns the events into steps (an event with the states before and after it); every fact
is then asked of the whole list of steps, and none depends on another one's bookkeeping.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from tests.reference.events import ATTRIBUTES, ENUMS, Event
from tests.reference.settings import Settings

DONE = {"resolved", "closed"}


@dataclass(frozen=True, slots=True)
class State:
    """What a ticket looks like between two events."""

    attributes: Mapping[str, Any] = field(default_factory=dict)
    deleted: bool = False
    merged: bool = False

    @property
    def status(self) -> str:
        """A status never given or cleared is `new`."""
        return str(self.attributes.get("status") or "new")

    @property
    def done(self) -> bool:
        return self.status in DONE

    @property
    def active(self) -> bool:
        return not (self.done or self.deleted or self.merged)


class Step(NamedTuple):
    """An event, the state before it and the state after it."""

    event: Event
    before: State
    after: State

    @property
    def time_ms(self) -> int:
        return self.event.time_ms


class Span(NamedTuple):
    """A duration in milliseconds and the step at which it ended."""

    step: Step
    ms: int


Steps = Sequence[Step]


def walk(events: Iterable[Event]) -> list[Step]:
    """The steps of one ticket's events, which must be in order-key order."""
    steps: list[Step] = []
    state = State()
    for event in events:
        after = _after(state, event)
        steps.append(Step(event, state, after))
        state = after
    return steps


def _after(state: State, event: Event) -> State:
    match event.type:
        case "ticket.created" | "ticket.updated":
            return replace(state, attributes=_written(state.attributes, event.data))
        case "ticket.merged":
            return replace(state, merged=True)
        case "ticket.deleted":
            return replace(state, deleted=True)
        case "ticket.restored":
            return replace(state, deleted=False)
        case _:
            return state


def _written(attributes: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes after `data` is written over them: null clears, unknown names are ignored."""
    given = {name: _known(name, value) for name, value in data.items() if name in ATTRIBUTES}
    return {name: value for name, value in {**attributes, **given}.items() if value is not None}


def _known(name: str, value: Any) -> Any:
    if value is None or name not in ENUMS or value in ENUMS[name]:
        return value
    return "other"


# Creation


def creation(steps: Steps) -> Step | None:
    """The earliest `ticket.created`; None for an orphan."""
    return next((step for step in steps if step.event.type == "ticket.created"), None)


def opened_by_agent(created: Step) -> bool:
    return (created.event.data.get("actor") or {}).get("role") == "agent"


# Transitions


def resolutions(steps: Steps) -> list[Step]:
    return [step for step in steps if step.after.done and not step.before.done]


def reopens(steps: Steps) -> list[Step]:
    return [step for step in steps if step.before.done and not step.after.done]


def closings(steps: Steps) -> list[Step]:
    return [s for s in steps if s.after.status == "closed" and s.before.status != "closed"]


def transfers(steps: Steps) -> list[Step]:
    return _changes_of_value(steps, "queue")


def priority_changes(steps: Steps) -> list[Step]:
    return _changes_of_value(steps, "priority")


def moves(steps: Steps, settings: Settings) -> list[Step]:
    """Transfers at the level of the settings: to another queue, or to another department."""
    if settings.transfer_level == "queue":
        return transfers(steps)
    return [
        step
        for step in transfers(steps)
        if settings.department(step.before.attributes["queue"])
        != settings.department(step.after.attributes["queue"])
    ]


def assignments(steps: Steps) -> list[Step]:
    """Changes of assignee to somebody, also from nobody."""
    return [s for s, before, after in _values(steps, "assignee") if after not in {None, before}]


def deletion(steps: Steps) -> Step | None:
    """The step that deleted the ticket, if it is deleted now."""
    if not steps[-1].after.deleted:
        return None
    return [step for step in steps if step.after.deleted and not step.before.deleted][-1]


def merger(steps: Steps) -> Step | None:
    return next((step for step in steps if step.after.merged), None)


def _changes_of_value(steps: Steps, name: str) -> list[Step]:
    """Changes from one value to another one: the first is none, nor is A, cleared, B."""
    return [s for s, before, after in _values(steps, name) if len({before, after, None}) == 3]


def _values(steps: Steps, name: str) -> list[tuple[Step, Any, Any]]:
    """Every step with an attribute's value before and after it."""
    return [(s, s.before.attributes.get(name), s.after.attributes.get(name)) for s in steps]


# Messages


def requester_messages(steps: Steps) -> list[Step]:
    """Public messages of the requester; out-of-office mail is none."""
    return [step for step in steps if _public(step) == "requester" and not _automatic(step)]


def agent_replies(steps: Steps, settings: Settings) -> list[Step]:
    """Public replies by an agent (or a bot, if they count), automatic ones only if they count."""
    roles = {"agent", "bot"} if settings.count_bots else {"agent"}
    return [
        step
        for step in steps
        if _public(step) in roles and (settings.count_automatic or not _automatic(step))
    ]


def bot_replies(steps: Steps) -> list[Step]:
    """Public messages of a bot; an automatic one is a receipt, whatever counts as a reply."""
    return [step for step in steps if _public(step) == "bot" and not _automatic(step)]


def human_replies(steps: Steps, settings: Settings) -> list[Step]:
    """Agent replies that are not a bot's."""
    return [step for step in agent_replies(steps, settings) if _public(step) == "agent"]


def _public(step: Step) -> str | None:
    """The role of the author of a public message; None for everything else."""
    data = step.event.data
    if step.event.type != "ticket.replied" or data["visibility"] != "public":
        return None
    return str(data["author"]["role"])


def _automatic(step: Step) -> bool:
    return bool(step.event.data.get("automatic"))
