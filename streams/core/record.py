"""The record of a ticket: its events, and the fold of them.

A record is what the changelog keeps, one per ticket:

* `history` - the packed events, comma-joined, in order of arrival;
* `checkpoint` - what older events came to, once no event can be sorted among them any
  more, so that the record stays bounded;
* `ticket` - the fold of both, kept so that an event in order costs one step and a restore
  costs no fold at all.

The core does not know JSON; it is handed a `Packing` that does.
"""

from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable
from hashlib import blake2b
from typing import Any, Final, NamedTuple, Protocol

from streams.core import facts as fact
from streams.core import promises
from streams.core.cover import band_of
from streams.core.events import CREATED, REDACTED, Event
from streams.core.facts import Fact, Standing
from streams.core.fold import CORE_ATTRIBUTES, begin, fold, settle
from streams.core.formats import check_format
from streams.core.instants import DAY, days_of
from streams.core.occasions import Before
from streams.core.policies import NO_POLICIES
from streams.core.settings import Settings
from streams.core.tally import Tally
from streams.core.ticket import Ticket, cell_of

FORMAT: Final = 3
"""Version of the record; another one is refused at restore, with what to do."""

MAX_SEEN: Final = 2_000
"""Digests a checkpoint keeps; a duplicate of an older event is late long before."""
MAX_FINISHED: Final = 200
"""Ended instances of clocks a record keeps; a ticket in a loop of mails has more."""
MAX_FLIPS: Final = 2_000
"""Flips of depth a checkpoint keeps; a ticket that flaps more loses its oldest ones."""

WORTH_SQUASHING: Final = 20
"""Events of a history; what fewer of them come to is hardly smaller than they are."""

_NEVER: Final = -1

Shown = tuple[Standing | None, tuple[promises.Standing, ...]]
"""What one ticket contributes to the counts of now: itself, and its clocks."""
NOTHING: Final[Shown] = (None, ())


class Packing(Protocol):
    """JSON, as the core needs it; `streams.wire.packing` is the real one."""

    def pack(self, event: Event) -> bytes:
        """The event as compact JSON with sorted keys; equal events give equal bytes."""

    def unpack(self, history: bytes) -> list[Event]:
        """The events of a comma-joined run of packed events, in that order."""

    def loads(self, raw: bytes) -> Any:
        """Parse JSON."""

    def dumps(self, value: Any) -> bytes:
        """Write compact JSON."""


class Record:
    """One ticket with everything needed to fold it again."""

    __slots__ = (
        "announced",
        "arrived_at",
        "checkpoint",
        "cut_at",
        "due",
        "events",
        "history",
        "offset",
        "oldest_at",
        "redacted",
        "seen",
        "shown",
        "squashed_early",
        "ticket",
        "timer",
    )

    def __init__(self) -> None:
        self.ticket = Ticket()
        self.history: bytes = b""
        self.events: int = 0
        """How many events the history holds."""
        self.oldest_at: int = _NEVER
        """Time of the oldest event of the history."""
        self.offset: int = _NEVER
        """Source offset of the last event applied: what stands at or below it is known."""
        self.checkpoint: bytes = b""
        self.cut_at: int = _NEVER
        """Every event older than this is in the checkpoint; one that arrives now is late."""
        self.seen: bytes = b""
        """Digests of the squashed events' ids, so that a duplicate is still one."""
        self.redacted: bool = False
        self.squashed_early: bool = False
        """The history outgrew its cap before the lateness horizon."""
        self.announced: bytes = b""
        """What was said of its clocks (streams.core.announcing), packed."""
        self.shown: Shown = NOTHING
        """What it is counted as."""
        self.due: int = _NEVER
        """The effective now at which time does something to its clocks next."""
        self.arrived_at: int = _NEVER
        """Effective now when its last event arrived (or when it was restored); not kept."""
        self.timer: int = _NEVER
        """Its entry in the timer heap; not kept."""

    def append(self, event: Event, packed: bytes) -> None:
        """Add an event to the history (not to the ticket)."""
        if self.history:
            self.history += b"," + packed
            self.oldest_at = min(self.oldest_at, event.at)
        else:
            self.history = packed
            self.oldest_at = event.at
        self.events += 1

    @property
    def shrinks(self) -> bool:
        """Whether silence makes a checkpoint of its history: it is over, and has one."""
        ticket = self.ticket
        return bool(self.history) and not ticket.orphan and (ticket.done or ticket.gone)


Flip = tuple[int, str]
"""An instant and a queue."""


class Checkpoint(NamedTuple):
    """What squashed events came to."""

    ticket: Ticket
    past: Tally
    flips: list[Flip]
    """When and in which queue the ticket became active, then not, then active again, and so on."""


def checkpoint_of(record: Record, settings: Settings, packing: Packing) -> Checkpoint:
    """The record's checkpoint; an empty one where nothing was squashed yet."""
    if not record.checkpoint:
        return Checkpoint(Ticket(), Tally(), [])
    dumped = packing.loads(record.checkpoint)
    ticket = _ticket(dumped["ticket"], dumped.get(_RULES, ""), settings)
    flips = [(at, queue) for at, queue in dumped["flips"]]
    return Checkpoint(ticket, Tally.load(dumped["past"]), flips)


def _ticket(dumped: dict[str, Any], rules: str, settings: Settings) -> Ticket:
    """A ticket as it was kept; other policies hold for what has not stopped since."""
    if rules == settings.policies.fingerprint:
        return Ticket.load(dumped, settings.policies)
    ticket = Ticket.load(dumped, NO_POLICIES)
    promises.reconsider(ticket, settings)
    return ticket


def _packed(checkpoint: Checkpoint, settings: Settings, packing: Packing) -> bytes:
    ticket, past, flips = checkpoint
    # An even number goes, so that the first flip that is kept still enters.
    flips = flips[max(0, len(flips) - MAX_FLIPS) // 2 * 2 :]
    kept = {"ticket": ticket.dump(settings.policies), "past": past.dump(), "flips": flips}
    if settings.policies:
        kept[_RULES] = settings.policies.fingerprint
    return packing.dumps(kept)


def _flips(facts: Iterable[Fact]) -> list[Flip]:
    return [(item.at, item.cell[0]) for item in facts if item.kind in {fact.ENTERED, fact.LEFT}]


def digest(event: Event) -> bytes:
    """Eight bytes that stand for an event's identity (source and id)."""
    return blake2b(f"{event.source}\0{event.id}".encode(), digest_size=8).digest()


def may_hold(record: Record, identity: bytes) -> bool:
    """Whether the history may hold an event of this identity (never wrongly "no")."""
    return identity in record.history


def was_squashed(record: Record, event: Event) -> bool:
    """Whether an event of this source and id is already part of the checkpoint."""
    if not record.seen:
        return False
    wanted, seen = digest(event), record.seen
    return any(seen[i : i + 8] == wanted for i in range(0, len(seen), 8))


def refold(record: Record, settings: Settings, packing: Packing) -> tuple[Ticket, list[Fact]]:
    """Fold the history onto the checkpoint: the ticket, and the facts since the checkpoint."""
    facts: list[Fact] = []
    base = checkpoint_of(record, settings, packing).ticket
    return fold(packing.unpack(record.history), settings, facts, base), facts


def squash_due(record: Record, settings: Settings) -> bool:
    """Whether the history is worth cutting now.

    Twice the horizon, so that a long-lived ticket is not rewritten at each event. What
    older events mean depends on the creation, so they wait until it is beyond the horizon
    too; that of an orphan is never late. When it happens is invisible: only events that
    nothing on time can precede are squashed.
    """
    if not record.events or not _before_report(record.oldest_at, settings):
        return False
    if _outgrown(record, settings):
        return True
    ticket, kept = record.ticket, settings.horizon
    return (
        record.events >= WORTH_SQUASHING
        and ticket.created_at is not None
        and ticket.created_at < ticket.last_at - kept
        and record.oldest_at < ticket.last_at - 2 * kept - DAY
    )


def _outgrown(record: Record, settings: Settings) -> bool:
    """Whether the record is larger than a ticket that is worked on ever needs."""
    return (
        record.events > settings.history_events
        or len(record.history) > settings.history_bytes
        or len(record.ticket.finished) > MAX_FINISHED
    )


def _before_report(at: int, settings: Settings) -> bool:
    return settings.reported_at is None or at <= settings.reported_at


def squash(record: Record, settings: Settings, packing: Packing, before: int | None = None) -> None:
    """Move the events older than `before` into the checkpoint.

    Default: those beyond the horizon, or the older half of a history that outgrew its cap
    (then the record is flagged, because an event that is not late may come too late).
    """
    events = sorted(packing.unpack(record.history))
    cut = record.ticket.last_at - settings.horizon if before is None else before
    early = before is None and _outgrown(record, settings)
    if before is None and events[0].at >= cut:
        record.squashed_early = True
        newer = events[len(events) // 2 :]
        cut = next((event.at for event in newer if event.at > events[0].at), newer[-1].at + 1)
    if settings.reported_at is not None:
        cut = min(cut, settings.reported_at + 1)
    old = [event for event in events if event.at < cut]
    ticket, past, flips = checkpoint_of(record, settings, packing)
    facts: list[Fact] = []
    ticket = fold(old, settings, facts, ticket)
    if settings.policies:
        facts += _settle_clocks(record, ticket, cut, settings, packing, early=early)
    past.add(remembered(facts, settings), days_of(settings.zone).of)
    flips += _flips(facts)
    record.checkpoint = _packed(Checkpoint(ticket, past, flips), settings, packing)
    record.cut_at = cut
    begun = ticket.first_at or 0
    if any(event.at == begun for event in old):
        # A new ticket began among them: the ids of a forgotten one are its own.
        record.seen = b""
    record.seen += b"".join(digest(event) for event in old if event.at >= begun)
    record.seen = record.seen[-8 * MAX_SEEN :]
    keep(record, events[len(old) :], packing)


def _settle_clocks(
    record: Record,
    ticket: Ticket,
    cut: int,
    settings: Settings,
    packing: Packing,
    *,
    early: bool,
) -> list[Fact]:
    """Take the clocks off the checkpoint that nothing can change and no window counts any more.

    Of a record that has outgrown its cap, all that have ended: the windows lose them.
    """
    reach = settings.policies.reach(max(settings.windows))
    before = cut if early else min(cut, ticket.last_at) - reach
    settled, facts = promises.settle(ticket, before, early=early)
    promises.drop(record.ticket, settled)
    if settled and record.announced:
        said = packing.loads(record.announced)
        record.announced = packing.dumps([one for one in said if tuple(one[:3]) not in settled])
    return facts


def remembered(facts: Iterable[Fact], settings: Settings) -> Iterable[Fact]:
    """Facts as a checkpoint counts them.

    Depth is kept as flips, and the time of each resolution would pile up for a ticket that
    flaps: it only feeds windows and histograms, which have it already. When a wait began that was
    ended is seen here for the last time; its working time follows it.
    """
    band = ""
    for item in facts:
        if item.kind == fact.RESOLUTION:
            yield item._replace(value=None)
        elif item.kind not in {fact.ENTERED, fact.LEFT}:
            yield item
        if item.kind in fact.IN_BAND:
            if item.kind == fact.NEXT_REPLY:
                band = band_of(item.at - (item.value or 0), settings.zone)
            yield item._replace(kind=fact.IN_BAND[item.kind][band])


def keep(record: Record, events: list[Event], packing: Packing) -> None:
    """Make these events the record's whole history."""
    record.history = b",".join(packing.pack(event) for event in events)
    record.events = len(events)
    record.oldest_at = min((event.at for event in events), default=_NEVER)


def settled(record: Record, settings: Settings, packing: Packing) -> Tally:
    """Everything a forgotten ticket leaves behind when its record is dropped."""
    _, past, _ = checkpoint_of(record, settings, packing)
    ticket, facts = refold(record, settings, packing)
    settle(ticket, settings, facts)
    past.add(remembered(facts, settings), days_of(settings.zone).of)
    return past


def erase(record: Record, settings: Settings, packing: Packing, now: int) -> None:
    """Redact: forget every name and every event, keep the numbers already counted."""
    _, past, flips = checkpoint_of(record, settings, packing)
    ticket, facts = refold(record, settings, packing)
    past.add(remembered(facts, settings), days_of(settings.zone).of)
    past = past.anonymous()
    flips += _flips(facts)
    if ticket.active:
        flips.append((ticket.last_at, ticket.cell[0]))
    if ticket.deleted is None:
        ticket.deleted_in = ticket.cell
    ticket.deleted = REDACTED
    _forget_names(ticket)
    promises.gone_or_back(ticket, max(now, ticket.last_at))
    record.checkpoint = _packed(Checkpoint(ticket, past, flips), settings, packing)
    record.cut_at = ticket.last_at + 1
    record.history, record.events, record.oldest_at = b"", 0, _NEVER
    record.seen = b""
    record.redacted = True
    record.ticket = ticket


def _forget_names(ticket: Ticket) -> None:
    ticket.assignee = ticket.extra = None
    ticket.cell = cell_of(ticket)
    promises.forget_names(ticket)
    if ticket.case is not None:
        ticket.case.forget_names()
    if ticket.signal is not None:
        ticket.signal = (*ticket.signal[:3], "")
    if ticket.first_resolved is not None:
        ticket.first_resolved = (*ticket.first_resolved[:3], "")
    if ticket.last_resolved is not None:
        ticket.last_resolved = (*ticket.last_resolved[:3], "")
    if ticket.first_closed is not None:
        ticket.first_closed = (*ticket.first_closed[:3], "")
    if ticket.last_closed is not None:
        ticket.last_closed = (*ticket.last_closed[:3], "")


def unredact(record: Record, settings: Settings, packing: Packing, now: int) -> None:
    """Take the redaction back, by arrival as it came; what was erased stays erased."""
    ticket, past, flips = checkpoint_of(record, settings, packing)
    ticket.deleted = None
    promises.gone_or_back(ticket, max(now, ticket.last_at))
    if ticket.active:
        flips.append((ticket.last_at, ticket.cell[0]))
    record.checkpoint = _packed(Checkpoint(ticket, past, flips), settings, packing)
    record.redacted = False
    record.ticket = checkpoint_of(record, settings, packing).ticket
    record.ticket.moved = True


def add_to_checkpoint(record: Record, event: Event, settings: Settings, packing: Packing) -> None:
    """Take an event that is older than the checkpoint and yet must not be lost.

    A creation: the ticket exists from then on, under the attributes the creation gives and
    nothing newer has set. Facts of the squashed events are not told apart again.
    """
    ticket, past, flips = checkpoint_of(record, settings, packing)
    if event.type == CREATED and ticket.orphan:
        was = Before(ticket, settings.policies)
        begin(ticket, (event,))
        ticket.existed = True
        if settings.policies:
            promises.follow(ticket, event, was, settings)
        created = Ticket()
        for name in CORE_ATTRIBUTES:
            setattr(created, name, event.data.get(name))
            if getattr(ticket, name) is None:
                setattr(ticket, name, event.data.get(name))
        past.add((Fact(fact.CREATED, event.at, cell_of(created)),), days_of(settings.zone).of)
    record.checkpoint = _packed(Checkpoint(ticket, past, flips), settings, packing)
    record.seen += digest(event)


def dump(record: Record, settings: Settings, packing: Packing) -> bytes:
    """The record as the changelog keeps it; what is packed already is copied, not encoded again."""
    now, clocks = record.shown
    head: dict[str, Any] = {
        "v": FORMAT,
        "offset": record.offset,
        _RULES: settings.policies.fingerprint,
        "counted": {
            "last_at": record.ticket.last_at,
            "due": record.due,
            "shrinks": record.shrinks,
            "now": None if now is None else tuple(now),
            "clocks": [tuple(one) for one in clocks],
        },
        "ticket": record.ticket.dump(settings.policies),
        "events": record.events,
        "oldest_at": record.oldest_at,
    }
    if record.checkpoint:
        head["cut_at"] = record.cut_at
        head["seen"] = b2a_base64(record.seen, newline=False).decode()
    if record.redacted:
        head["redacted"] = True
    if record.squashed_early:
        head["squashed_early"] = True
    announced = _ANNOUNCED + record.announced if record.announced else b""
    checkpoint = record.checkpoint or b"null"
    return b"".join(
        (
            packing.dumps(head)[:-1],
            announced,
            _CHECKPOINT,
            checkpoint,
            _HISTORY,
            record.history,
            b"]}",
        )
    )


_RULES: Final = "rules"
"""Key of the fingerprint of the policies under which a ticket was folded; "" without any."""
_TICKET: Final = b',"ticket":'
_ANNOUNCED: Final = b',"announced":'
_CHECKPOINT: Final = b',"checkpoint":'
_HISTORY: Final = b',"history":['


def load(raw: bytes, settings: Settings, packing: Packing) -> Record:
    """The record that `dump` wrote. History and what was announced stay packed.

    A record of an earlier version says not what it is counted as.

    The markers are whole keys: inside a JSON string their quotes would be escaped, so the
    first occurrence is the right one.
    """
    at_checkpoint = raw.index(_CHECKPOINT)
    at_history = raw.index(_HISTORY, at_checkpoint)
    at_announced = raw.find(_ANNOUNCED, 0, at_checkpoint)
    head = packing.loads(raw[: at_checkpoint if at_announced < 0 else at_announced] + b"}")
    check_format(head["v"], FORMAT)
    record = Record()
    record.offset = head["offset"]
    record.events = head["events"]
    record.oldest_at = head["oldest_at"]
    record.history = raw[at_history + len(_HISTORY) : -2]
    checkpoint = raw[at_checkpoint + len(_CHECKPOINT) : at_history]
    if checkpoint != b"null":
        record.checkpoint = checkpoint
        record.cut_at = head["cut_at"]
        record.seen = a2b_base64(head["seen"])
    record.redacted = head.get("redacted", False)
    record.squashed_early = head.get("squashed_early", False)
    if at_announced >= 0:
        record.announced = raw[at_announced + len(_ANNOUNCED) : at_checkpoint]
    counted = head.get("counted")
    if counted is not None:
        record.shown, record.due = _shown(counted), counted["due"]
    rules = head.get(_RULES, "")
    if rules == settings.policies.fingerprint or not record.history:
        record.ticket = _ticket(head["ticket"], rules, settings)
    else:
        # Other policies: everything again, as far as history reaches.
        record.ticket, _ = refold(record, settings, packing)
        record.ticket.moved = True
    return record


class Glance(NamedTuple):
    """What has to be known of a record that nobody touches."""

    offset: int
    rules: str
    """Fingerprint of the policies it was folded under."""
    last_at: int
    due: int
    """The effective now at which time does something to its clocks next; -1 is never."""
    shrinks: bool
    shown: Shown


def glance(raw: bytes, packing: Packing) -> Glance | None:
    """What the beginning of a record says; `None` for one of an earlier version."""
    head = packing.loads(raw[: raw.index(_TICKET)] + b"}")
    check_format(head["v"], FORMAT)
    counted = head.get("counted")
    if counted is None:
        return None
    return Glance(
        head["offset"],
        head[_RULES],
        counted["last_at"],
        counted["due"],
        counted["shrinks"],
        _shown(counted),
    )


def _shown(counted: dict[str, Any]) -> Shown:
    now, clocks = counted["now"], counted["clocks"]
    standing = None if now is None else Standing(tuple(now[0]), now[1], now[2], now[3], now[4])
    return standing, tuple([promises.Standing(*one) for one in clocks])
