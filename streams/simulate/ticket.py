"""A ticket as the simulated desk sees it, and the agent who may be working on it."""

from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

from streams.simulate.company import Customer
from streams.simulate.scenario import AGENTS, TICKETS, Topic


class Shift(NamedTuple):
    """Working hours on the local wall clock, minutes after midnight."""

    weekdays: tuple[int, ...]
    """Days on which it begins, Monday is 0."""
    start: int
    pause: int
    """When half an hour's break begins."""
    end: int
    """May lie on the next day (beyond 1440)."""


class Task(NamedTuple):
    """A ticket's turn to be worked on; compared by the first two fields, the sooner first."""

    patience_ms: int
    number: int
    ticket: "Ticket"
    turn: int
    """Stale unless it is the ticket's turn of now."""


@dataclass(slots=True, eq=False)
class Agent:
    """A named member of staff with a team, what they can do besides, and their state."""

    id: str
    team: str
    helps: tuple[str, ...]
    """Other queues, served when their own is empty."""
    shift: Shift
    knowledge: float = 0.8
    """Of the product, in [0, 1]: who knows little takes longer and solves less."""
    present: bool = False
    """On shift and not on a break; a handling that has begun is finished all the same."""
    busy: bool = False
    talking: bool = False
    """Busy with somebody on the line or in the chat."""
    rest: str = "offline"
    """The presence to show once they are not present; empty: they forget to say it."""
    shown: str = "offline"
    """The presence that was published last."""
    leave: tuple[int, int] = (0, 0)
    """The vacation that was planned last, [from, to) in epoch milliseconds."""
    inbox: list[Task] = field(default_factory=list)
    """Heap of follow-ups on their own tickets."""
    sequence: int = 0
    """The version their last published event carried."""
    topic: ClassVar[Topic] = AGENTS

    @property
    def actor(self) -> dict[str, str]:
        """Who they are, in an event's data."""
        return {"id": self.id, "role": "agent"}


@dataclass(slots=True, eq=False)
class Ticket:
    """Everything the desk knows of one ticket; forgotten when it is closed."""

    id: str
    customer: Customer
    channel: str
    category: str
    kind: str
    home: str
    """The queue that can solve it, wherever it is now."""
    queue: str
    priority: str
    created_ms: int
    luck: float = 0.0
    """What the customer feels beyond what happens: people differ."""
    complexity: str = "2"
    """Told to the world by the first agent who looks at it."""
    spam: bool = False
    twin_of: str = ""
    """The requester's other ticket about the same matter, into which it is merged."""
    escalates: bool = False
    live: bool = False
    """The customer is on the line or in the chat."""
    calls: int = 0
    """How often the customer got in line on the phone or in the chat."""
    waiting: bool = False
    """In line there and not answered yet."""
    assessed: bool = False
    """Its complexity has been published."""
    status: str = "new"
    assignee: Agent | None = None
    gone: bool = False
    """Deleted or merged."""
    answered_ms: int | None = None
    rounds: int = 0
    """How often the requester was asked for something."""
    reopens: int = 0
    transfers: int = 0
    surveyed: bool = False
    turn: int = 0
    """Counts how often it was put in line; a task of an earlier turn is stale."""
    sequence: int = 0
    """The version its last published event carried."""
    topic: ClassVar[Topic] = TICKETS

    def change(self, **attributes: Any) -> dict[str, Any]:
        """The given attributes as an update's data, remembered where the desk needs them."""
        for name in ("status", "queue", "priority", "kind"):
            if name in attributes:
                setattr(self, name, attributes[name])
        return attributes
