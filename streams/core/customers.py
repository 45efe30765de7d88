"""Customers: who is active and comes back, how long they wait, what they say.

Three answers to what KPIS.md leaves open (docs/decisions/0015):

* A customer is *of* a calendar period with a sign of life in it (`customer.active`), and retained
  where there was one in the period before.
* A contact that is queued ends with the next `answered` or `abandoned` on its channel within a
  day. Queued again before that, or later, its end is unknown.
* What a fact is counted under is what was known of the customer right then; who buys again is
  counted beside the first purchase, so that no label has more who bought twice than who bought.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

from streams.core import surveys
from streams.core.entity import REACH, Key, Sums
from streams.core.events import (
    CONTACT_ABANDONED,
    CONTACT_ANSWERED,
    CONTACT_QUEUED,
    CUSTOMER_ACTIVE,
    CUSTOMER_CHURNED,
    CUSTOMER_UPDATED,
    FEEDBACK,
    SELF_SERVICE,
    SURVEY_RESPONDED,
    SURVEY_SENT,
    Event,
)
from streams.core.instants import DAY
from streams.core.settings import Settings
from streams.core.spans import day_before, first_day, local_day, midnight, period_of

PERIODS: Final = ("month", "quarter", "year")
"""Over which customers are retained."""
CONTACTS: Final = frozenset({CONTACT_QUEUED, CONTACT_ANSWERED, CONTACT_ABANDONED})
CONTACT_LASTS: Final = DAY
"""Nobody waits for longer."""
LOOKS_BACK: Final = 92 * DAY
"""For so long activity, sessions and contacts are kept by themselves, so that what customers
did and what became of their tickets can be put together (`streams.core.customers_report`)."""
_KEPT: Final = frozenset({CUSTOMER_ACTIVE, SELF_SERVICE, CONTACT_QUEUED})

QUEUED: Final = "queued"
ANSWERED: Final = "answered"
ABANDONED: Final = "abandoned"
WAITING: Final = "waiting"
"""Of those queued: no end yet."""
UNKNOWN: Final = "unknown"
WAITED: Final = "waited"
"""Milliseconds until it was answered; `gave_up`: until it was abandoned."""
GAVE_UP: Final = "gave_up"
WAITS: Final = "waits"
"""How often somebody waited so long: milliseconds with three digits are the last label."""

HOURLY: Final = {name: f"hourly_{name}" for name in (QUEUED, ANSWERED, ABANDONED, WAITED)}
"""The same by the local hour they were queued at, which is the last label."""

ACTIVITY: Final = "activity"
OF_PERIOD: Final = "of_period"
RETAINED: Final = "retained"
RETURNING: Final = "returning"
"""Of a period, and of any earlier one."""
PURCHASERS: Final = "purchasers"
REPURCHASERS: Final = "repurchasers"
"""With a second purchase; under the labels of the first one."""
CHURNED: Final = "churned"

REVIEWS: Final = "reviews"
SCORED: Final = "reviews_scored"
SCORE: Final = "review_index"
FELT: Final = "reviews_felt"
FEELING: Final = "review_sentiment"
"""Sum of sentiments, each from 0 to 2,000: thousandths, 1,000 is neutral."""
SESSIONS: Final = "sessions"
SOLVED: Final = "sessions_solved"


@dataclass(frozen=True, slots=True)
class Customers:
    """How customers are counted; the last labels are the customer's `attributes` (`labels_of`)."""

    zone: tzinfo = UTC
    attributes: tuple[str, ...] = ("segment", "region")

    @property
    def name(self) -> str:
        """Of the processor."""
        return "customers"

    @property
    def ahead(self) -> int:
        """An answer to a survey can be taken back for so long; a contact ends earlier."""
        return REACH

    @property
    def hindsight(self) -> bool:
        """What happened is known when it is told."""
        return False

    def on_time(self, settings: Settings) -> int:
        """As for tickets."""
        return settings.apply_within

    def floor(self, at: int) -> int:
        """Local midnight."""
        return midnight(local_day(at, self.zone), self.zone) if at > 0 else -1

    def count(self, events: Sequence[Event], since: int, until: int, as_of: int) -> Sums:
        """Everything that happened in [since, until)."""
        sums: Sums = Counter()
        known: dict[str, str] = {}
        at_hand: list[tuple[Event, tuple[str, ...]]] = []
        for event in events:
            if event.type == CUSTOMER_UPDATED:
                _learn(known, event.data)
            at_hand.append((event, labels_of(known, self.attributes)))
        for key, at in (*_activity(at_hand, self.zone), *_plain(at_hand)):
            if since <= at < until:
                sums[key[0], local_day(at, self.zone), *key[1:]] += 1
        for place, (event, labels) in enumerate(at_hand):
            if since <= event.at < until:
                day = local_day(event.at, self.zone)
                if event.type == CONTACT_QUEUED:
                    where = (day, *_where(event))
                    sums.update(
                        _contact(event, events[place + 1 :], as_of, where, labels, self.zone)
                    )
                elif event.type == FEEDBACK:
                    _feedback(event, day, sums)
        surveys.count(events, since, until, self.zone, sums)
        return sums

    def unredacted(self, events: Sequence[Event]) -> list[Event]:
        """All of them: who has to be forgotten here is so by a tombstone."""
        return list(events)

    def touching(self, events: Sequence[Event], since: int) -> list[Event]:
        """What is since, and what tells whether a customer is new, known, or back."""
        kept = _landmarks(events, since, self.zone) | self._described(events, (since,))
        # Under what they first bought, they count when they buy again.
        kept |= self._described(events, next((e[:4] for e in _purchases(events)), ()))
        back = events[-1].at - LOOKS_BACK
        return [
            event
            for event in events
            if event.at >= since
            or event[:4] in kept
            or (event.at >= back and event.type in _KEPT)
            or (event.type in {SURVEY_SENT, SURVEY_RESPONDED} and surveys.touching(event, since))
        ]

    def _described(self, events: Sequence[Event], until: tuple[Any, ...]) -> set[Any]:
        """The events that say last before an order key what the customer is."""
        last: dict[str, Any] = {}
        for event in events:
            if event.type == CUSTOMER_UPDATED and event[:4] < until:
                last |= dict.fromkeys(set(event.data) & set(self.attributes), event[:4])
        return set(last.values())


def labels_of(known: Mapping[str, str], attributes: Sequence[str]) -> tuple[str, ...]:
    """What is known of a customer, as labels: `region=EMEA`.

    They name what they are, because sums outlive the configuration that declared it.
    """
    return tuple([f"{name}={known.get(name, '')}" for name in attributes])


def described(events: Sequence[Event], attributes: Sequence[str]) -> tuple[str, ...]:
    """The customer's attributes after these `customer.updated` in order; "" is not known."""
    known: dict[str, str] = {}
    for event in events:
        _learn(known, event.data)
    return tuple([known.get(name, "") for name in attributes])


def _learn(known: dict[str, str], data: Mapping[str, Any]) -> None:
    for name, value in data.items():
        if value is None:
            known.pop(name, None)
        else:
            known[name] = value


def _where(event: Event) -> tuple[str, str]:
    return event.data["channel"], event.data["queue"]


AtHand = Sequence[tuple[Event, tuple[str, ...]]]
"""Events, each with what is known of the customer right after it."""


def _plain(at_hand: AtHand) -> list[tuple[Key, int]]:
    """Facts that follow from one event each, with their time."""
    found: list[tuple[Key, int]] = []
    for event, labels in at_hand:
        if event.type == CUSTOMER_ACTIVE:
            found.append(((ACTIVITY, event.data["activity"], *labels), event.at))
        elif event.type == CUSTOMER_CHURNED:
            found.append(((CHURNED, *labels), event.at))
        elif event.type == SELF_SERVICE:
            found.append(((SESSIONS, *labels), event.at))
            if event.data["resolved"]:
                found.append(((SOLVED, *labels), event.at))
    return found


def _activity(at_hand: AtHand, zone: tzinfo) -> list[tuple[Key, int]]:
    """Of each period the first sign of life, and whether there was one before; purchases."""
    found: list[tuple[Key, int]] = []
    seen: dict[str, set[str]] = {period: set() for period in PERIODS}
    bought: tuple[str, ...] | None = None
    again = False
    for event, labels in at_hand:
        if event.type != CUSTOMER_ACTIVE:
            continue
        day = local_day(event.at, zone)
        for period in PERIODS:
            now = period_of(day, period)
            if now not in seen[period]:
                found.append(((OF_PERIOD, now, *labels), event.at))
                if period_of(day_before(first_day(day, period)), period) in seen[period]:
                    found.append(((RETAINED, now, *labels), event.at))
                if seen[period]:
                    found.append(((RETURNING, now, *labels), event.at))
                seen[period].add(now)
        if event.data["activity"] == "purchase":
            if bought is None:
                bought = labels
                found.append(((PURCHASERS, *bought), event.at))
            elif not again:
                again = True
                found.append(((REPURCHASERS, *bought), event.at))
    return found


def _purchases(events: Sequence[Event]) -> list[Event]:
    return [e for e in events if e.type == CUSTOMER_ACTIVE and e.data["activity"] == "purchase"]


def _landmarks(events: Sequence[Event], since: int, zone: tzinfo) -> set[Any]:
    """Order keys of the activity before `since` that `_activity` needs to go on from there.

    The first of all, the first of each period that is not over, the last one before it; two
    purchases.
    """
    before = [e for e in events if e.type == CUSTOMER_ACTIVE and e.at < since]
    kept: set[Any] = {e[:4] for e in before[:1]}
    kept |= {e[:4] for e in _purchases(before)[:2]}
    today = local_day(max(0, since), zone)
    for period in PERIODS:
        begins = midnight(first_day(today, period), zone)
        kept |= {e[:4] for e in [e for e in before if e.at >= begins][:1]}
        kept |= {e[:4] for e in [e for e in before if e.at < begins][-1:]}
    return kept


def _contact(
    event: Event, later: Sequence[Event], as_of: int, where: Key, labels: Key, zone: tzinfo
) -> Sums:
    """One contact that was queued, and how it ended."""
    sums: Sums = Counter({(QUEUED, *where, *labels): 1})
    channel = event.data["channel"]
    after = (e for e in later if e.type in CONTACTS and e.data["channel"] == channel)
    end = next(after, None)
    if end is None or end.at > event.at + CONTACT_LASTS or end.type == CONTACT_QUEUED:
        over = end is not None or as_of > event.at + CONTACT_LASTS
        sums[UNKNOWN if over else WAITING, *where, *labels] = 1
    elif end.type == CONTACT_ABANDONED:
        sums[ABANDONED, *where, *labels] = 1
        sums[GAVE_UP, *where, *labels] = end.at - event.at
    else:
        sums[ANSWERED, *where, *labels] = 1
        sums[WAITED, *where, *labels] = end.at - event.at
        sums[WAITS, *where, str(three_digits(end.at - event.at))] = 1
    hour = f"{datetime.fromtimestamp(event.at / 1000, zone):%H}"
    for key, number in list(sums.items()):
        if key[0] in HOURLY:
            sums[HOURLY[key[0]], *where, hour] = number
    return sums


def three_digits(value: int) -> int:
    """A number with three significant digits."""
    unit = int(10 ** max(0, len(str(value)) - 3))
    return (value + unit // 2) // unit * unit


def _feedback(event: Event, day: str, sums: Sums) -> None:
    data, channel = event.data, event.data["channel"]
    sums[REVIEWS, day, channel] += 1
    if "score" in data:
        scale = data["scale"]
        sums[SCORED, day, channel] += 1
        sums[SCORE, day, channel] += surveys.index(data["score"], scale["min"], scale["max"])
    if "sentiment" in data:
        sums[FELT, day, channel] += 1
        sums[FEELING, day, channel] += round(1000 * (data["sentiment"] + 1))
