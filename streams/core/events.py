"""The vocabulary of the engine: what an event is once it has been decoded.

Everything that arrives on `ticket-events`, `agent-events` or `customer-events` becomes exactly
one of four values, an *arrival*:

* `Accepted`   - a valid event of a ticket (agent, customer), to be judged against its record;
* `Redaction`  - a Kafka tombstone: erase the ticket, by arrival;
* `Ignored`    - valid but nothing of ours (an unknown type), counted;
* `Refused`    - the producer's mistake, goes to `dead-letters` with a reason.

The definitions (types, attributes, order key) are those of CONTRACTS section 1.
Times are integer epoch milliseconds, UTC.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

CREATED: Final = "ticket.created"
UPDATED: Final = "ticket.updated"
REPLIED: Final = "ticket.replied"
WORKED: Final = "ticket.worked"
MERGED: Final = "ticket.merged"
DELETED: Final = "ticket.deleted"
RESTORED: Final = "ticket.restored"
COST: Final = "ticket.cost"
REVIEWED: Final = "ticket.reviewed"
SURVEY_SENT: Final = "survey.sent"
SURVEY_RESPONDED: Final = "survey.responded"

TICKET_TYPES: Final = frozenset(
    {
        CREATED,
        UPDATED,
        REPLIED,
        WORKED,
        MERGED,
        DELETED,
        RESTORED,
        COST,
        REVIEWED,
        SURVEY_SENT,
        SURVEY_RESPONDED,
    }
)

SCHEDULED: Final = "agent.scheduled"
ABSENT: Final = "agent.absent"
PRESENCE: Final = "agent.presence"

AGENT_TYPES: Final = frozenset({SCHEDULED, ABSENT, PRESENCE, SURVEY_SENT, SURVEY_RESPONDED})
"""What `agent-events` carries; its surveys are those of the staff."""

CUSTOMER_ACTIVE: Final = "customer.active"
CUSTOMER_CHURNED: Final = "customer.churned"
CUSTOMER_UPDATED: Final = "customer.updated"
CONTACT_QUEUED: Final = "contact.queued"
CONTACT_ANSWERED: Final = "contact.answered"
CONTACT_ABANDONED: Final = "contact.abandoned"
FEEDBACK: Final = "feedback.received"
SELF_SERVICE: Final = "selfservice.session"

CUSTOMER_TYPES: Final = frozenset(
    {
        CUSTOMER_ACTIVE,
        CUSTOMER_CHURNED,
        CUSTOMER_UPDATED,
        CONTACT_QUEUED,
        CONTACT_ANSWERED,
        CONTACT_ABANDONED,
        FEEDBACK,
        SELF_SERVICE,
        SURVEY_SENT,
        SURVEY_RESPONDED,
    }
)
"""What `customer-events` carries; its surveys are those without a ticket."""

REQUESTER_TICKET: Final = "requester.ticket"
REQUESTER_TYPES: Final = frozenset({REQUESTER_TICKET})
"""What the internal topic of ticket facts carries."""

STATES: Final = frozenset({"online", "busy", "away", "break", "offline"})
"""What an agent can be doing."""
ABSENCES: Final = frozenset({"sick", "vacation", "training", "other"})
ACTIVITIES: Final = frozenset({"purchase", "renewal", "login", "visit"})

REDACTED: Final = "redacted"
"""The reason of a deletion that erases what is known of the ticket, too."""

SPAM: Final = "spam"
"""The reason of a deletion of what never was a request."""

OTHER: Final = "other"
"""What an unknown value of a closed list becomes (and is flagged)."""

STATUSES: Final = frozenset({"new", "open", "pending", "on_hold", "resolved", "closed"})
DONE: Final = frozenset({"resolved", "closed"})
"""Statuses in which nothing is owed any more; every other one is active."""
PRIORITIES: Final = frozenset({"urgent", "high", "normal", "low"})
KINDS: Final = frozenset({"question", "incident", "problem", "task", "complaint", "conflict"})
ROLES: Final = frozenset({"requester", "agent", "bot", "system"})

ENUM_ATTRIBUTES: Final[Mapping[str, frozenset[str]]] = {
    "status": STATUSES,
    "priority": PRIORITIES,
    "kind": KINDS,
}
"""Attributes with a closed list of values."""

ATTRIBUTES: Final = (
    "status",
    "priority",
    "queue",
    "assignee",
    "channel",
    "category",
    "kind",
    "complexity",
    "wait_reason",
    "requester",
    "organization",
    "segment",
    "product",
    "language",
    "tags",
)
"""Every attribute a ticket can have; an event that names another one is flagged."""


class Event(NamedTuple):
    """One decoded event.

    The first four fields are the *order key*: total, independent of arrival.
    Two events of a ticket (agent, customer) with equal `source` and `id` are the same event.
    """

    at: int
    """Event time, epoch milliseconds."""
    sequence: int
    """The source's own per-ticket version; 0 where it sends none."""
    source: str
    id: str
    type: str
    """One of the types of its topic."""
    data: Mapping[str, Any]
    """Validated payload: known keys only, closed lists mapped, absent keys absent."""


class Accepted(NamedTuple):
    """A valid event, with its canonical bytes for the history."""

    ticket: str
    """The event's subject: on the other topics an agent or a customer."""
    event: Event
    packed: bytes
    """The event as compact JSON `[at,sequence,source,id,type,data]`, keys of `data` sorted."""
    identity: bytes
    """The part of it that holds source and id, between its commas and with them."""
    flags: tuple[str, ...] = ()


class Redaction(NamedTuple):
    """A tombstone: erase the ticket now, whatever its events say."""

    ticket: str


class Ignored(NamedTuple):
    """A message that is valid but means nothing to this processor."""

    reason: str


class Refused(NamedTuple):
    """A message its producer has to mend; `reason` is from a closed list."""

    reason: str
    source: str = ""
    """The CloudEvents `source` where it could still be read, for the trust metrics."""
    fault: str = ""
    """Where the program itself failed on it: ours to mend, not the producer's."""


Arrival = Accepted | Redaction | Ignored | Refused
