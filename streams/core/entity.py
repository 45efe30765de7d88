"""Agents, customers and requesters: an entity is the set of its events, as a ticket is.

Theory of operation. Of such an entity nothing is kept but its events; what they come to is
counted when it is asked for. What differs between agents and customers is a `Kind`: it counts
the events of one entity in a stretch of time. Counts are sums, so that stretches may be added:

        sums            history
    |------------|-------------------->          answer = sums + count(history, since, as_of)
               since                as_of

* An event says nothing of the time before `REACH` ahead of its own (a sick note that comes two
  months later changes nothing). So what lies far enough back is settled: it moves into `sums`,
  and only the events that the time since can still depend on stay. That changes no answer.
* An event older than the newest of its entity by more than `apply_within` is late. Of events of
  one source and id the one with the lowest order key counts.
* Two neighbours in time more than `forgotten` apart belong to two entities of one name. One that
  is silent for longer is dropped; its sums stay, without its name.
* Sums are by local day, and by month once they are `DAYS_KEPT` old.

`streams.core.entities` drives it; docs/decisions/0014 tells why it is not the tickets' kernel.
"""

from binascii import a2b_base64, b2a_base64
from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, Final, NamedTuple, Protocol

from streams.core.events import Event
from streams.core.formats import check_format
from streams.core.instants import DAY
from streams.core.record import Packing
from streams.core.settings import Settings
from streams.core.spans import local_day, month_of

FORMAT: Final = 1
"""Version of the record; another one is refused at restore."""
REACH: Final = 35 * DAY
"""How far before its own time an event can say something."""
DAYS_KEPT: Final = 100 * DAY
"""Sums of months that ended longer ago are no longer told apart by day."""
LOOK_AT: Final = 64
"""Events of a history that is worth looking at, whether some of it can be settled."""
MAX_SEEN: Final = 2_000
"""Digests kept of settled events, so that a duplicate is still one."""

REDACTED: Final = b'"redacted":true'
"""In a history with an event that erases earlier ones."""

_NEVER: Final = -1

Key = tuple[str, ...]
"""(measure, local day or month, labels...); equal measures have equally many labels."""
Sums = Counter[Key]
"""Whole numbers by key. Nothing is ever negative."""


class SettledError(ValueError):
    """An instant is asked for whose time is settled already."""


class Kind(Protocol):
    """What one sort of entity is: how its events are counted."""

    @property
    def name(self) -> str:
        """Of the processor: `agents`, for its changelog."""

    @property
    def ahead(self) -> int:
        """The time before so long ago is not changed by any event that happens now."""

    @property
    def hindsight(self) -> bool:
        """Whether what is told later counts in an answer about the past."""

    def on_time(self, settings: Settings) -> int:
        """An event older than the newest of its entity by more than this is late."""

    def floor(self, at: int) -> int:
        """The last boundary at or before `at` at which counts may be cut and added."""

    def count(self, events: Sequence[Event], since: int, until: int, as_of: int) -> Sums:
        """What happened in [since, until), as known at `as_of`; the events are sorted."""

    def unredacted(self, events: Sequence[Event]) -> list[Event]:
        """Without what a redaction among the events erases; nothing: the name has to go, too."""

    def touching(self, events: Sequence[Event], since: int) -> list[Event]:
        """The events that the time from `since` on can depend on; the newest is one of them."""


class Entity:
    """One agent, customer or requester with everything needed to count it again."""

    __slots__ = (
        "arrived_at",
        "early",
        "events",
        "gone",
        "history",
        "joined",
        "last_at",
        "look_at",
        "offset",
        "seen",
        "since",
        "sums",
        "timer",
    )

    def __init__(self) -> None:
        self.history: bytes = b""
        self.events: int = 0
        """How many events the history holds."""
        self.last_at: int = _NEVER
        """Time of the newest event."""
        self.offset: int = _NEVER
        """Source offset of the last event applied: what stands at or below it is known."""
        self.since: int = _NEVER
        """What happened before is in `sums`."""
        self.joined: int = _NEVER
        """Events up to here are those of one entity, however far apart those are that were kept."""
        self.sums: Sums = Counter()
        self.gone: Sums = Counter()
        """What forgotten entities of this name came to."""
        self.seen: bytes = b""
        """Digests of the ids of events that left the history."""
        self.early: bool = False
        """The history outgrew its cap and was settled before its time."""
        self.look_at: int = LOOK_AT
        """So many events, and it is looked at again; not kept."""
        self.arrived_at: int = _NEVER
        """Effective now when its last event arrived (or when it was restored); not kept."""
        self.timer: int = _NEVER
        """Its entry in the timer heap; not kept."""

    def append(self, event: Event, packed: bytes) -> None:
        """Add an event to the history."""
        self.history = self.history + b"," + packed if self.history else packed
        self.events += 1
        self.last_at = max(self.last_at, event.at)

    def keep(self, events: Sequence[Event], packing: Packing) -> None:
        """Make these events the whole history."""
        self.history = b",".join(packing.pack(event) for event in events)
        self.events = len(events)


class Answer(NamedTuple):
    """What an entity came to: under its own name, and of those who were forgotten."""

    live: Sums
    settled: Sums


def answer(entity: Entity, kind: Kind, settings: Settings, packing: Packing, as_of: int) -> Answer:
    """Everything counted up to `as_of`. Raises `SettledError` where that is not known any more."""
    if entity.since >= 0 and as_of < entity.since + (0 if entity.early else kind.ahead):
        raise SettledError("what happened then is settled already")
    events = packing.unpack(entity.history)
    if not kind.hindsight:
        events = [event for event in events if event.at <= as_of]
    runs = runs_of(sorted(events), settings.forgotten, entity.joined)
    settled, live = Counter(entity.gone), Counter(entity.sums)
    for index, run in enumerate(runs):
        if index:
            settled.update(live)
            live = Counter()
        live.update(_counted(run, entity.since, kind, settings, as_of))
    if runs and as_of - runs[-1][-1].at > settings.forgotten:
        settled.update(live)
        live = Counter()
    return Answer(coarse(live, settings, as_of), coarse(settled, settings, as_of))


def runs_of(events: Sequence[Event], forgotten: int, joined: int) -> list[list[Event]]:
    """Sorted events, cut where neighbours are further apart than an entity is remembered.

    There is no cut before `joined`: what lay in between has left the history.
    """
    runs: list[list[Event]] = []
    for event in events:
        if runs and (event.at <= joined or event.at - runs[-1][-1].at <= forgotten):
            runs[-1].append(event)
        else:
            runs.append([event])
    return runs


def _counted(run: list[Event], since: int, kind: Kind, settings: Settings, as_of: int) -> Sums:
    """A run's counts; whoever is forgotten counts as known when that happened."""
    known = min(as_of, run[-1].at + settings.forgotten + 1)
    return kind.count(run, since, known, known)


def coarse(sums: Sums, settings: Settings, as_of: int) -> Sums:
    """The same sums, where what happened long before `as_of` is told apart by month only."""
    first = month_of(local_day(max(DAYS_KEPT, as_of) - DAYS_KEPT, settings.zone))
    found: Sums = Counter()
    for key, number in sums.items():
        month = month_of(key[1])
        found[(key[0], month, *key[2:]) if month < first else key] += number
    return found


# Bounding a history


def look_due(entity: Entity, settings: Settings) -> bool:
    """Whether the history has grown enough to be looked at."""
    return entity.events >= entity.look_at or _outgrown(entity, settings)


def settle(entity: Entity, kind: Kind, settings: Settings, packing: Packing) -> None:
    """Move what cannot change any more into the sums; no answer changes, unless it is early."""
    newest = entity.last_at
    if settings.reported_at is not None:
        newest = min(newest, settings.reported_at)
    firm = newest - kind.on_time(settings)
    events = sorted(packing.unpack(entity.history))
    runs = runs_of(events, settings.forgotten, entity.joined)
    outgrown = _outgrown(entity, settings)
    while len(runs) > 1 and (outgrown or runs[0][-1].at + settings.forgotten < firm):
        entity.gone.update(entity.sums)
        entity.gone.update(_counted(runs.pop(0), entity.since, kind, settings, newest))
        entity.sums, entity.seen, entity.joined = Counter(), b"", _NEVER
    alive = kept = [event for run in runs for event in run]
    if len(runs) == 1:
        entity.joined = kept[-1].at
        kept = _move_on(entity, kept, kind.floor(firm - kind.ahead), kind, newest)
    entity.keep(kept, packing)
    if _outgrown(entity, settings):
        kept = _cut_early(entity, kept, kind, settings, newest)
        entity.keep(kept, packing)
    held = {id(event) for event in kept}
    left = [digest(event) for event in alive if id(event) not in held]
    entity.seen = (entity.seen + b"".join(left))[-8 * MAX_SEEN :]
    entity.sums = coarse(entity.sums, settings, newest)
    entity.gone = coarse(entity.gone, settings, newest)
    entity.look_at = max(LOOK_AT, 2 * len(kept))


def _move_on(
    entity: Entity, events: list[Event], since: int, kind: Kind, as_of: int
) -> list[Event]:
    """Settle everything before `since`; the events that still matter."""
    if since > entity.since:
        entity.sums.update(kind.count(events, entity.since, since, as_of))
        entity.since = since
    return kind.touching(events, entity.since)


def _outgrown(entity: Entity, settings: Settings) -> bool:
    return entity.events > settings.history_events or len(entity.history) > settings.history_bytes


def _cut_early(
    entity: Entity, events: list[Event], kind: Kind, settings: Settings, as_of: int
) -> list[Event]:
    """Settle the older half although it could still change; what comes for it now is late."""
    entity.early = True
    if settings.reported_at is not None:
        # A replay of the past: what comes after it is kept as it came.
        return _move_on(entity, events, min(events[len(events) // 2].at, as_of), kind, as_of)
    middle = len(events) // 2
    kept = _move_on(entity, events, events[middle].at, kind, as_of)
    # Whatever the kind would like to keep: there is a bound.
    return kept[middle - len(events) :]


# Identity


def digest(event: Event) -> bytes:
    """Eight bytes that stand for an event's source and id."""
    return blake2b(f"{event.source}\0{event.id}".encode(), digest_size=8).digest()


def was_seen(entity: Entity, event: Event) -> bool:
    """Whether an event of this source and id has left the history."""
    wanted, seen = digest(event), entity.seen
    return any(seen[i : i + 8] == wanted for i in range(0, len(seen), 8))


# The changelog


def dumped(sums: Sums) -> list[list[Any]]:
    """Sums as JSON values."""
    return [[*key, number] for key, number in sorted(sums.items()) if number]


def loaded(values: Sequence[Sequence[Any]]) -> Sums:
    """The sums that `dumped` made JSON values of."""
    sums: Sums = Counter()
    for *key, number in values:
        sums[tuple(key)] = number
    return sums


_HISTORY: Final = b',"history":['


def dump(entity: Entity, packing: Packing) -> bytes:
    """The record as the changelog keeps it; the history is copied, not encoded again."""
    head: dict[str, Any] = {
        "v": FORMAT,
        "offset": entity.offset,
        "events": entity.events,
        "last_at": entity.last_at,
    }
    if entity.since >= 0:
        head["since"] = entity.since
        head["sums"] = dumped(entity.sums)
    if entity.joined >= 0:
        head["joined"] = entity.joined
    if entity.gone:
        head["gone"] = dumped(entity.gone)
    if entity.seen:
        head["seen"] = b2a_base64(entity.seen, newline=False).decode()
    if entity.early:
        head["early"] = True
    return b"".join((packing.dumps(head)[:-1], _HISTORY, entity.history, b"]}"))


def load(raw: bytes, packing: Packing) -> Entity:
    """The entity that `dump` wrote; raises `FormatError` for another one."""
    at = raw.index(_HISTORY)
    head = packing.loads(raw[:at] + b"}")
    check_format(head["v"], FORMAT)
    entity = Entity()
    entity.history = raw[at + len(_HISTORY) : -2]
    entity.offset, entity.events = head["offset"], head["events"]
    entity.last_at = head["last_at"]
    entity.since = head.get("since", _NEVER)
    entity.joined = head.get("joined", _NEVER)
    entity.sums = loaded(head.get("sums", ()))
    entity.gone = loaded(head.get("gone", ()))
    entity.seen = a2b_base64(head.get("seen", ""))
    entity.early = head.get("early", False)
    entity.look_at = max(LOOK_AT, 2 * entity.events)
    return entity
