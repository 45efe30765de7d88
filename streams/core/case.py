"""What the catalogue of KPIs needs to know of a ticket beyond its own state.

A `Case` is a plain value like the ticket it belongs to, and moved on by the same fold:
`streams.core.journey` (which way the ticket went), `streams.core.elapsed` (how long that took),
`streams.core.voice` (what its requester
said of it), `streams.core.effort` (what it took) and `streams.core.conflicts` each keep their
fields here. Times are epoch milliseconds.
"""

from typing import Any, Final, NamedTuple

Labels = tuple[str, ...]
"""A cell of the ticket."""


class Outcome(NamedTuple):
    """What a resolution found, so that a reopening can take the same back."""

    replies: int
    transfers: int
    queues: int
    assignees: int
    people: int
    complexity: int
    """Thousandths."""
    estimated: bool
    unrecorded_ms: int
    """Time open and assigned, if no handling was recorded; else -1."""
    contained: bool
    """A bot had replied, no person had, and it had not been resolved before."""


class Survey(NamedTuple):
    """One survey: sent, answered, or both. -1 is "not"."""

    kind: str
    sent_at: int
    sent_in: Labels
    sent_for: str
    """Whose survey it was when it was sent."""
    answered_at: int
    """Of the answer that counts: the last one."""
    answered_in: Labels
    agent: str
    score: int
    """Thousandths of a point on the scale of its kind."""
    satisfied: bool
    low: bool
    conflict: bool
    """The ticket was a complaint or a conflict by then."""
    aspects: tuple[tuple[str, int], ...]
    """Scores by aspect, thousandths of a point."""
    reasons: tuple[str, ...]


class LowScore(NamedTuple):
    """A low score to which no agent has replied yet."""

    survey: str
    at: int
    cell: Labels
    agent: str


_SLOTS: Final[tuple[str, ...]] = (
    "asked_bot_at",
    "assigned_ms",
    "assigned_since",
    "assignee",
    "assignees",
    "bot_at",
    "bot_in",
    "conflict_at",
    "conflict_for",
    "conflict_in",
    "conflict_over",
    "contacts",
    "created_for",
    "created_in",
    "followed",
    "low",
    "messages",
    "outcome",
    "owned_by",
    "owned_since",
    "people",
    "person",
    "queue",
    "queues",
    "ran",
    "reacted",
    "reopened_soon",
    "responder",
    "reviewed",
    "spent",
    "spoke_at",
    "stands_in",
    "surveys",
    "talked",
    "transfers",
    "turns",
    "verdict",
    "worked",
)


class Case:
    """The catalogue's part of a ticket's state."""

    __slots__ = _SLOTS

    def __init__(self) -> None:  # noqa: PLR0915 - one line for each field
        # The way it went (journey).
        self.created_in: Labels = ()
        """Labels right after the creation; () are those of the ticket's earliest event."""
        self.created_for: str = ""
        """Who had it right after the creation."""
        self.queue: str = ""
        """The last queue it was in; "" before the first."""
        self.queues: int = 0
        """Queues it came to, one after the other."""
        self.transfers: int = 0
        self.assignee: str = ""
        """The last one who had it; "" before the first."""
        self.assignees: int = 0
        """Assignees it came to, one after the other."""
        self.people: tuple[str, ...] = ()
        """Different ones, in order of their first time; at most `MAX_PEOPLE`."""
        self.responder: str = ""
        """Who gave the first agent reply."""
        self.person: bool = False
        """A person has replied, not only a bot."""
        self.contacts: int = 0
        """Runs of public messages less than `contact_gap` apart; the creation is one."""
        self.spoke_at: int = -1
        """The newest of those messages."""
        self.messages: int = 0
        """Of the requester."""
        self.bot_at: int = -1
        """The first bot reply."""
        self.bot_in: Labels = ()
        self.asked_bot_at: int = -1
        """The requester's last message before a person replied."""
        self.assigned_since: int = -1
        """Open and assigned since then; -1 while it is not both."""
        self.assigned_ms: int = 0
        self.outcome: Outcome | None = None
        """While it is resolved or closed; counted at its last resolution."""
        self.verdict: int = 0
        """Of first-contact resolution: 0 not judged, 1 no, 2 yes."""
        self.reopened_soon: bool = False
        """Reopened within `fcr_window`."""

        # How long (elapsed).
        self.turns: tuple[int, ...] = ()
        """Pairs of an instant and how many of the two times run from then on."""
        self.ran: tuple[int, ...] = ()
        """What ran until the last resolution, while it stands; first in wall time."""
        self.stands_in: str | None = None
        """The queue it is in."""
        self.owned_since: int = -1
        """Since when that queue owns it; -1 while it does not."""
        self.owned_by: str = ""
        """The last one who had it in this stay."""

        # What requesters say (voice).
        self.surveys: dict[str, Survey] | None = None
        self.low: tuple[LowScore, ...] = ()
        self.followed: dict[str, tuple[int, Labels, str, int]] | None = None
        """Low scores an agent replied to, by survey: time, labels and agent of the score, and
        the time of the reply."""

        # What it takes (effort).
        self.worked: tuple[Labels, ...] = ()
        """Under which labels it was worked on, and by whom (the last of each)."""
        self.talked: tuple[Labels, ...] = ()
        self.spent: dict[str, int] | None = None
        """By kind of fact: time handled, what that costs, and what was recorded by currency."""
        self.reviewed: bool = False

        # Conflicts.
        self.conflict_at: int = -1
        self.conflict_in: Labels = ()
        self.conflict_for: str = ""
        """Who had it then."""
        self.conflict_over: bool = False
        """It is counted as resolved."""
        self.reacted: bool = False
        """An agent has replied since."""

    def dump(self) -> dict[str, Any]:  # noqa: C901, PLR0912, PLR0915 - one line for each field
        """The state as JSON values, fields at their initial value left out."""
        state: dict[str, Any] = {}
        if self.created_in:
            state["created_in"] = self.created_in
        if self.created_for:
            state["created_for"] = self.created_for
        if self.queue:
            state["queue"] = self.queue
        if self.queues:
            state["queues"] = self.queues
        if self.transfers:
            state["transfers"] = self.transfers
        if self.assignee:
            state["assignee"] = self.assignee
        if self.assignees:
            state["assignees"] = self.assignees
        if self.people:
            state["people"] = self.people
        if self.responder:
            state["responder"] = self.responder
        if self.person:
            state["person"] = True
        if self.contacts:
            state["contacts"] = self.contacts
        if self.spoke_at >= 0:
            state["spoke_at"] = self.spoke_at
        if self.messages:
            state["messages"] = self.messages
        if self.bot_at >= 0:
            state["bot_at"], state["bot_in"] = self.bot_at, self.bot_in
        if self.asked_bot_at >= 0:
            state["asked_bot_at"] = self.asked_bot_at
        if self.assigned_since >= 0:
            state["assigned_since"] = self.assigned_since
        if self.assigned_ms:
            state["assigned_ms"] = self.assigned_ms
        if self.outcome is not None:
            state["outcome"] = tuple(self.outcome)
        if self.verdict:
            state["verdict"] = self.verdict
        if self.reopened_soon:
            state["reopened_soon"] = True
        if self.turns:
            state["turns"] = self.turns
        if self.ran:
            state["ran"] = self.ran
        if self.stands_in is not None:
            state["stands_in"] = self.stands_in
        if self.owned_since >= 0:
            state["owned_since"] = self.owned_since
        if self.owned_by:
            state["owned_by"] = self.owned_by
        if self.surveys:
            state["surveys"] = {name: tuple(one) for name, one in self.surveys.items()}
        if self.low:
            state["low"] = [tuple(one) for one in self.low]
        if self.followed:
            state["followed"] = self.followed
        if self.worked:
            state["worked"] = self.worked
        if self.talked:
            state["talked"] = self.talked
        if self.spent:
            state["spent"] = self.spent
        if self.reviewed:
            state["reviewed"] = True
        if self.conflict_at >= 0:
            state["conflict_at"], state["conflict_in"] = self.conflict_at, self.conflict_in
        if self.conflict_for:
            state["conflict_for"] = self.conflict_for
        if self.conflict_over:
            state["conflict_over"] = True
        if self.reacted:
            state["reacted"] = True
        return state

    @classmethod
    def load(cls, state: dict[str, Any]) -> "Case":
        """The case that `dump` wrote."""
        case = cls()
        get = state.get
        case.created_in = tuple(get("created_in", ()))
        case.created_for = get("created_for", "")
        case.queue = get("queue", "")
        case.queues = get("queues", 0)
        case.transfers = get("transfers", 0)
        case.assignee = get("assignee", "")
        case.assignees = get("assignees", 0)
        case.people = tuple(get("people", ()))
        case.responder = get("responder", "")
        case.person = get("person", False)
        case.contacts = get("contacts", 0)
        case.spoke_at = get("spoke_at", -1)
        case.messages = get("messages", 0)
        case.bot_at = get("bot_at", -1)
        case.bot_in = tuple(get("bot_in", ()))
        case.asked_bot_at = get("asked_bot_at", -1)
        case.assigned_since = get("assigned_since", -1)
        case.assigned_ms = get("assigned_ms", 0)
        if "outcome" in state:
            case.outcome = Outcome(*state["outcome"])
        case.verdict = get("verdict", 0)
        case.reopened_soon = get("reopened_soon", False)
        case.turns = tuple(get("turns", ()))
        case.ran = tuple(get("ran", ()))
        case.stands_in = get("stands_in")
        case.owned_since = get("owned_since", -1)
        case.owned_by = get("owned_by", "")
        if "surveys" in state:
            case.surveys = {name: _survey(*one) for name, one in state["surveys"].items()}
        case.low = tuple([_low(*one) for one in get("low", ())])
        if "followed" in state:
            case.followed = {
                survey: (at, tuple(cell), agent, replied)
                for survey, (at, cell, agent, replied) in state["followed"].items()
            }
        case.worked = tuple([tuple(labels) for labels in get("worked", ())])
        case.talked = tuple([tuple(labels) for labels in get("talked", ())])
        case.spent = get("spent")
        case.reviewed = get("reviewed", False)
        case.conflict_at = get("conflict_at", -1)
        case.conflict_in = tuple(get("conflict_in", ()))
        case.conflict_for = get("conflict_for", "")
        case.conflict_over = get("conflict_over", False)
        case.reacted = get("reacted", False)
        return case

    def forget_names(self) -> None:
        """Redact: whose names are in here is not kept, how many they were is."""
        self.people = ("",) * len(self.people)
        self.worked = tuple([(*labels[:-1], "") for labels in self.worked])
        self.talked = tuple([(*labels[:-1], "") for labels in self.talked])
        self.responder = self.assignee = self.created_for = self.conflict_for = ""
        self.owned_by = ""
        self.surveys = self.followed = None
        self.low = ()


def _survey(
    kind: str,
    sent_at: int,
    sent_in: list[str],
    sent_for: str,
    answered_at: int,
    answered_in: list[str],
    agent: str,
    score: int,
    satisfied: bool,
    low: bool,
    conflict: bool,
    aspects: list[list[Any]],
    reasons: list[str],
) -> Survey:
    sent, answered = tuple(sent_in), tuple(answered_in)
    scored = tuple([(name, points) for name, points in aspects])
    head = (kind, sent_at, sent, sent_for, answered_at, answered, agent, score)
    return Survey(*head, satisfied, low, conflict, scored, tuple(reasons))


def _low(survey: str, at: int, cell: list[str], agent: str) -> LowScore:
    return LowScore(survey, at, tuple(cell), agent)
