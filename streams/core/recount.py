"""The recount: every fact of every ticket, summed once more from the records.

The records are the truth. The recount folds each of them again up to an instant and sums the
facts - over everything, by each label, day by day, and for every slice that was asked for - so
it owes nothing to the incremental sums of the live worker, and law 4 may compare the two. It is
the same whoever kept the records: one worker, three, or a replay of a file.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from streams.core import facts as fact
from streams.core import promises
from streams.core.clientele import NOBODY, Clientele, Labels
from streams.core.drivers import Drivers
from streams.core.facts import Fact
from streams.core.fold import fold, settle, state_facts
from streams.core.hours import Hours
from streams.core.instants import days_of, format_rfc3339
from streams.core.journey import FIRST_CONTACT, created_in, stays_resolved
from streams.core.processor import Tallied
from streams.core.progress import Progress
from streams.core.record import Flip, Packing, Record, checkpoint_of, remembered
from streams.core.repeats import Repeats
from streams.core.settings import Settings
from streams.core.settled import Settled
from streams.core.sums import CUSTOMER, SLICED, Slices, Sums, counted_as
from streams.core.tally import Tally
from streams.core.ticket import DIMENSIONS, Ticket
from streams.core.workdays import Workdays

Slice = Mapping[str, frozenset[str]]
"""A part of the facts: the values a dimension may have; one that is not named may have any."""


OPEN_NOW: Final = ("unassigned", "unanswered", "unattended")
"""What an active ticket may be."""


class TooOldError(ValueError):
    """The report asks for an instant whose events are squashed into checkpoints already."""


@dataclass(slots=True)
class Books:
    """What the partitions of one application hold together."""

    records: dict[str, Record] = field(default_factory=dict)
    settled: Settled = field(default_factory=Settled)
    outcomes: Tallied = field(default_factory=Counter)

    @property
    def newest(self) -> int | None:
        """The highest time of an applied event; `None` where there is none."""
        tickets = (record.ticket for record in self.records.values())
        # A ticket that was redacted before its first event has none.
        return max((t.last_at for t in tickets if t.first_at is not None), default=None)


class Recount:
    """One pass over the records."""

    def __init__(
        self,
        books: Books,
        settings: Settings,
        packing: Packing,
        as_of: int,
        *asked: Slice,
        each: Callable[[Tally, Labels], None] | None = None,
        clientele: Clientele = NOBODY,
    ) -> None:
        """Sum all facts up to `as_of`; `each` is told those of one ticket after the other.

        `clientele` is what is known of the requesters: facts are summed by that, too.
        Raises `TooOldError` when that lies before the oldest history kept.
        """
        self.settings = settings
        self.as_of = as_of
        self.slices = Slices()
        """All facts, those of dropped tickets included."""
        self.days: dict[int, Sums] = {}
        """Those of the tickets kept, by local day."""
        self.promised: dict[int, Counter[tuple[str, ...]]] = {}
        """Instances of SLA clocks by policy, clock and state; by the local day of their deadline,
        those without a verdict by that of now."""
        self.settled = Settled()
        """Those of the dropped ones, by month."""
        self.asked: list[dict[int, Sums]] = [{} for _ in asked]
        """Of each slice asked for, the sums by local day; of the tickets kept."""
        self.flips: Counter[int] = Counter()
        """By how many tickets the queue depth changed at an instant."""
        self.flips_of: dict[str, Counter[int]] = {}
        """The same of each queue."""
        self.depth: Counter[tuple[str, str]] = Counter()
        """Active tickets by status and labels."""
        self.flags: Counter[str] = Counter()
        self.open_now: dict[str, Counter[tuple[str, str]]] = {name: Counter() for name in OPEN_NOW}
        """As `depth`, of the active tickets that lack something."""
        self.oldest: dict[str, int] = {}
        self.drivers = Drivers()
        self.clientele = clientele
        self._asked = asked
        self._each = each
        self._packing = packing
        self._day_of = days_of(settings.zone).of
        self.workdays = Workdays(as_of, self._day_of)
        self.hours = Hours(settings, self._day_of, as_of)
        self.progress = Progress(self._day_of(as_of))
        repeats = Repeats(settings)
        for name, record in books.records.items():
            self._add(name, record, repeats)
        for labels, found in repeats.facts(clientele):
            again = Tally()
            again.add(found, self._day_of)
            self._sum(again, labels)
        self.settled.merge(books.settled)
        for slices in self.settled.months.values():
            # Whose tickets were dropped is not known any more.
            for dimension in clientele.dimensions:
                slices.by.setdefault((dimension, ""), Sums()).merge(slices.whole())
            self.slices.merge(slices)

    def _add(self, name: str, record: Record, repeats: Repeats) -> None:
        """Count one ticket as it was at `as_of`."""
        base, past, flips = checkpoint_of(record, self.settings, self._packing)
        if base.last_at > self.as_of and not record.redacted:
            raise TooOldError(
                "as-of is older than the history kept: events up to "
                f"{format_rfc3339(base.last_at)} are squashed into checkpoints"
            )
        facts: list[Fact] = []
        events = [e for e in self._packing.unpack(record.history) if e.at <= self.as_of]
        ticket = fold(events, self.settings, facts, base)
        if ticket.first_at is None:
            return
        if self.as_of - ticket.last_at > self.settings.forgotten:
            settle(ticket, self.settings, facts)
            past.add(remembered(facts, self.settings), self._day_of)
            self.settled.add(past)
            return
        facts += state_facts(ticket, self.settings)
        facts += promises.settled(ticket, self.as_of)
        if ticket.active:
            facts.append(Fact(fact.ACTIVE, self.as_of, ticket.cell, None, ticket.assignee or ""))
            self._now(ticket)
        self._flip(flips, facts)
        facts += self._provisional(ticket)
        past.add(remembered(facts, self.settings), self._day_of)
        customer = self.clientele.of((ticket.extra or {}).get("requester"))
        self._sum(past, customer)
        self.flags["squashed_early"] += record.squashed_early
        self.workdays.add(ticket, past)
        self.hours.add(ticket, past, customer)
        self.drivers.add(ticket)
        repeats.add(name, ticket)

    def _sum(self, tally: Tally, customer: Labels) -> None:
        if self._each is not None:
            self._each(tally, customer)
        for key, count, amount, times in tally.rows():
            self.slices.put(key, count, amount, times, customer)
            kind, labels, day = key
            if kind == fact.PROMISE:
                self.promised.setdefault(day, Counter())[labels] += count
            if len(labels) != len(SLICED):
                continue
            self.progress.add(kind, labels[-1], day, count, amount, times)
            _at(self.days, day).add(kind, count, amount, times)
            for slice_, days in zip(self._asked, self.asked, strict=True):
                if holds(slice_, labels, customer):
                    # A further queue or agent of a ticket counts where those are asked for.
                    named = counted_as(kind, slice_)
                    _at(days, day).add(named, count, amount, times)

    def _flip(self, flips: Sequence[Flip], facts: list[Fact]) -> None:
        found = [(*flip, 1 if index % 2 == 0 else -1) for index, flip in enumerate(flips)]
        signs = {fact.ENTERED: 1, fact.LEFT: -1}
        found += [(one.at, one.cell[0], signs[one.kind]) for one in facts if one.kind in signs]
        for at, queue, sign in found:
            self.flips[at] += sign
            self.flips_of.setdefault(queue, Counter())[at] += sign

    def _provisional(self, ticket: Ticket) -> Iterator[Fact]:
        """What may still change: a reopening at the end of its window is within it."""
        case, settings = ticket.case, self.settings
        created, first = ticket.created_at, ticket.first_resolved
        if case is None:
            return
        if created is not None and self.as_of - created < settings.mature_after:
            cell, agent = created_in(ticket, case), case.created_for
            yield Fact(_provisionally(fact.CREATED), created, cell, None, agent)
            if stays_resolved(case, settings):
                yield Fact(_provisionally(fact.COHORT_RESOLVED), created, cell, None, agent)
        if first is not None and case.verdict and self.as_of - first[0] <= settings.fcr_window:
            at, cell, _, agent = first
            yield Fact(_provisionally(fact.FIRST_CONTACT_JUDGED), at, cell, None, agent)
            if case.verdict == FIRST_CONTACT:
                yield Fact(_provisionally(fact.FIRST_CONTACT), at, cell, None, agent)

    def _now(self, ticket: Ticket) -> None:
        labels = {
            "status": ticket.status or "new",
            **dict(zip(DIMENSIONS, ticket.cell, strict=True)),
        }
        self.depth.update(labels.items())
        if ticket.assignee is None:
            self.open_now["unassigned"].update(labels.items())
        for name, since in (
            ("unanswered", ticket.unanswered_since),
            ("unattended", ticket.waiting_since),
        ):
            if since is not None:
                self.open_now[name].update(labels.items())
                self.oldest[name] = min(since, self.oldest.get(name, since))

    def depth_at(self, instants: Sequence[int], queue: str | None = None) -> list[int]:
        """How many tickets were active right after each instant, given in ascending order.

        Of all queues, or of one.
        """
        found: list[int] = []
        changes = self.flips if queue is None else self.flips_of.get(queue, Counter())
        depth, flips = 0, sorted(changes)
        place = 0
        for instant in instants:
            while place < len(flips) and flips[place] <= instant:
                depth += changes[flips[place]]
                place += 1
            found.append(depth)
        return found


def _provisionally(kind: str) -> str:
    return f"{fact.PROVISIONAL}{kind}"


def holds(slice_: Slice, labels: Sequence[str], customer: Labels) -> bool:
    """Whether a fact with these labels (`SLICED`), of such a customer, belongs to a slice.

    None belongs to one by labels of something else, as SLA clocks have them.
    """
    for name, values in slice_.items():
        if name.startswith(CUSTOMER):
            if customer.get(name, "") not in values:
                return False
        elif name not in SLICED or labels[SLICED.index(name)] not in values:
            return False
    return True


def _at(days: dict[int, Sums], day: int) -> Sums:
    sums = days.get(day)
    if sums is None:
        sums = days[day] = Sums()
    return sums
