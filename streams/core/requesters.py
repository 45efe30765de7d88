"""Requesters: whose tickets they are, and who comes again.

A ticket processor tells of each ticket what it is to its requester (`TicketFacts`), again and
again as it changes; a later telling replaces the earlier ones. Under one name all tickets of a
requester come together, wherever their own partitions are.

A ticket can change as long as it is remembered, so no telling is late until then, and nothing is
settled while the requester is remembered (or the history outgrows its cap): in which order tickets
are read makes no difference.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from streams.core.case import Case
from streams.core.entity import Sums
from streams.core.events import REQUESTER_TICKET, Event
from streams.core.instants import DAY
from streams.core.settings import Settings
from streams.core.spans import local_day, month_of
from streams.core.ticket import Ticket

MAX_NAME: Final = 128
"""A longer requester is no customer id (CONTRACTS section 1)."""

TICKETS: Final = "tickets"
REPEATS: Final = "repeats"
"""Tickets whose requester had one of the same category resolved shortly before."""
REQUESTERS: Final = "requesters"
"""Requesters with a ticket created in a month."""
REPEAT_REQUESTERS: Final = "repeat_requesters"
"""Those with two or more."""

SATISFIED, NEUTRAL, DISSATISFIED, UNASKED = "satisfied", "neutral", "dissatisfied", "none"


class TicketFacts(NamedTuple):
    """A ticket, as far as its requester's history needs it. Times are epoch milliseconds."""

    ticket: str
    created_at: int | None
    """`None` is an orphan, or a ticket that is not theirs any more."""
    resolved: tuple[int, ...]
    """First and last resolution."""
    queue: str
    channel: str
    category: str
    segment: str
    band: str
    """Of its CSAT: `satisfied`, `neutral`, `dissatisfied` or `none`."""
    conflict: bool
    redacted: bool = False
    """What was told of the ticket before has to be erased."""


class Told(NamedTuple):
    """What one requester is told of a ticket."""

    requester: str
    at: int
    """Time of the ticket's newest event."""
    version: int
    """Source offset up to which the ticket's events are in it: a higher one replaces it."""
    facts: TicketFacts

    @property
    def id(self) -> str:
        """The same whenever the same is told, also after a crash."""
        name = f"{self.facts.ticket}\0{self.version}"
        return blake2b(name.encode(errors="surrogatepass"), digest_size=16).hexdigest()


def requester_of(ticket: Ticket) -> str | None:
    """Whose ticket it is now; `None` where nobody knows, or the name is no customer's id."""
    requester = (ticket.extra or {}).get("requester")
    return requester if requester and len(requester) <= MAX_NAME else None


def facts_of(name: str, ticket: Ticket) -> tuple[str, TicketFacts] | None:
    """The requester of a ticket and what is to be told; `None` without a requester.

    A ticket that was deleted or merged was asked all the same: it counts as it does in `kpis`.
    """
    extra, case = ticket.extra or {}, ticket.case
    requester = requester_of(ticket)
    if requester is None:
        return None
    ends = (ticket.first_resolved, ticket.last_resolved)
    return requester, TicketFacts(
        name,
        ticket.created_at,
        tuple(sorted({end[0] for end in ends if end is not None})),
        ticket.queue or "",
        ticket.channel or "",
        extra.get("category") or "",
        extra.get("segment") or "",
        _band(case),
        case is not None and case.conflict_at >= 0,
    )


def _band(case: Case | None) -> str:
    """Of the CSAT answered last: the upper third of its scale, the lower third, or in between."""
    surveys = () if case is None or case.surveys is None else case.surveys.values()
    answers = [(one.answered_at, one.score) for one in surveys if one.kind == "csat"]
    at, score = max(answers, default=(-1, 0))
    if at < 0:
        return UNASKED
    # Thousandths of a point on a scale of 1 to 5.
    if 3 * (score - 1_000) >= 8_000:
        return SATISFIED
    return DISSATISFIED if 3 * (score - 1_000) < 4_000 else NEUTRAL


def gone(name: str) -> TicketFacts:
    """What a former requester is told of a ticket."""
    return TicketFacts(name, None, (), "", "", "", "", UNASKED, conflict=False)


def erased(name: str) -> TicketFacts:
    """What everybody is told whose ticket it ever was, when it is redacted."""
    return gone(name)._replace(redacted=True)


def data_of(facts: TicketFacts) -> dict[str, Any]:
    """The payload of a `requester.ticket` event."""
    data: dict[str, Any] = {"ticket": facts.ticket, "resolved": list(facts.resolved)}
    if facts.created_at is not None:
        data["created"] = facts.created_at
    for name in ("queue", "channel", "category", "segment"):
        if getattr(facts, name):
            data[name] = getattr(facts, name)
    data["band"] = facts.band
    data["conflict"] = facts.conflict
    if facts.redacted:
        data["redacted"] = True
    return data


def facts_in(data: Mapping[str, Any]) -> TicketFacts:
    """The facts in the payload of a `requester.ticket` event."""
    return TicketFacts(
        data["ticket"],
        data.get("created"),
        tuple(data["resolved"]),
        data.get("queue", ""),
        data.get("channel", ""),
        data.get("category", ""),
        data.get("segment", ""),
        data["band"],
        data["conflict"],
        data.get("redacted", False),
    )


def newest(events: Iterable[Event]) -> list[Event]:
    """Of each ticket the telling that counts."""
    found: dict[str, Event] = {}
    for event in events:
        if event.type == REQUESTER_TICKET:
            known = found.get(event.data["ticket"])
            if known is None or _version(event) > _version(known):
                found[event.data["ticket"]] = event
    return list(found.values())


def _erasing(events: Iterable[Event]) -> dict[str, tuple[int, int, str]]:
    """Of each redacted ticket the last telling that says so: what is older has to go."""
    found: dict[str, tuple[int, int, str]] = {}
    for event in events:
        if event.type == REQUESTER_TICKET and event.data.get("redacted"):
            ticket, version = event.data["ticket"], _version(event)
            found[ticket] = max(version, found.get(ticket, version))
    return found


def _version(event: Event) -> tuple[int, int, str]:
    return event.sequence, event.at, event.id


@dataclass(frozen=True, slots=True)
class Requesters:
    """How requesters are counted; labels are (queue, channel, category, segment)."""

    zone: tzinfo = UTC
    forgotten: int = 400 * DAY
    """`retention.forgotten`: a ticket that is silent for longer does not change any more."""
    repeat_window: int = 7 * DAY

    @property
    def name(self) -> str:
        """Of the processor."""
        return "requesters"

    @property
    def ahead(self) -> int:
        """As long as a ticket is remembered."""
        return self.forgotten

    @property
    def hindsight(self) -> bool:
        """What is told of a ticket tells its past as well."""
        return True

    def on_time(self, settings: Settings) -> int:
        """Nothing is late that is about a ticket which is remembered."""
        return max(settings.apply_within, self.forgotten)

    def floor(self, at: int) -> int:
        """Nothing is settled by time: a ticket of any age may change, or change hands."""
        del at
        return -1

    def count(self, events: Sequence[Event], since: int, until: int, as_of: int) -> Sums:
        """Tickets, repeats, and by month who came, and who came again."""
        del as_of
        tickets = [facts_in(event.data) for event in newest(events)]
        sums: Sums = Counter()
        months: Counter[str] = Counter()
        for one in tickets:
            if one.created_at is None or not since <= one.created_at < until:
                continue
            day = local_day(one.created_at, self.zone)
            labels = (one.queue, one.channel, one.category, one.segment)
            months[month_of(day)] += 1
            sums[TICKETS, day, *labels] += 1
            sums[REPEATS, day, *labels] += self.repeats(one, tickets)
        for month, number in months.items():
            sums[REQUESTERS, month] += 1
            sums[REPEAT_REQUESTERS, month] += number > 1
        return sums

    def repeats(self, ticket: TicketFacts, others: Iterable[TicketFacts]) -> bool:
        """Whether another ticket of the same category was resolved shortly before this one."""
        at = ticket.created_at
        if at is None or not ticket.category:
            return False
        return any(
            other.ticket != ticket.ticket
            and other.category == ticket.category
            and any(at - self.repeat_window <= end <= at for end in other.resolved)
            for other in others
        )

    def unredacted(self, events: Sequence[Event]) -> list[Event]:
        """Without what was told of tickets before their redaction.

        Nothing where no ticket is left: then the name goes, too.
        """
        erasing = _erasing(events)
        left = [
            event
            for event in events
            if event.type != REQUESTER_TICKET
            or _version(event) >= erasing.get(event.data["ticket"], _version(event))
        ]
        tickets = [facts_in(event.data) for event in newest(left)]
        return left if any(one != gone(one.ticket) and not one.redacted for one in tickets) else []

    def touching(self, events: Sequence[Event], since: int) -> list[Event]:
        """What counts of each ticket."""
        del since
        counting = {id(event) for event in newest(events)}
        return [event for event in events if id(event) in counting or event is events[-1]]
