"""What requesters are told adds up to what tickets are, whatever befalls who tells it.

tickets, partition 0 --cut--> told --.
tickets, partition 1 --cut--> told ---+--> requesters: the same sums as told all at once
                  crash: told again --'
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.entities import SETTLED_KEY
from streams.core.entity import Sums
from streams.core.events import REQUESTER_TYPES, Arrival, Redaction
from streams.core.instants import DAY
from streams.core.processor import Outcome, Processor
from streams.core.record import squash
from streams.core.report import Books, report
from streams.core.requesters import REPEATS, Requesters
from streams.core.settings import Settings
from streams.wire import packing
from streams.wire.requesters import written
from tests import strategies
from tests.laws.driving import decoded
from tests.laws.entity_lives import EntityPartition
from tests.laws.entity_lives import decoded as decoded_told
from tests.laws.lives import COMMIT, Life, lives

SETTINGS = Settings()
KIND = Requesters(ZoneInfo("Europe/Berlin"))
END = int(strategies.START.timestamp() * 1000) + 30 * DAY

Event = dict[str, Any]

CREATED: Event = {
    "specversion": "1.0",
    "id": "1",
    "source": "s",
    "type": "ticket.created",
    "subject": "T1",
    "time": "2026-03-02T09:00:00Z",
    "data": {"requester": "C1"},
}
NAMES = st.lists(st.sampled_from(("C1", "C2", None, "")), min_size=30, max_size=30)


def requested(events: list[Event], names: list[str | None]) -> list[Event]:
    """The same events; some of them say whose ticket it is."""
    found = []
    for event, name in zip(events, names * 3, strict=False):
        if name == "" or event["type"] not in {"ticket.created", "ticket.updated"}:
            found.append(event)
        else:
            found.append(event | {"data": {**event.get("data", {}), "requester": name}})
    return found


@dataclass
class Teller:
    """A partition of tickets that tells, and a topic that keeps what left it."""

    log: list[Any]
    topic: list[Event] = field(default_factory=list)
    changelog: dict[bytes, bytes | None] = field(default_factory=dict)
    committed: int = 0

    def __post_init__(self) -> None:
        self.processor = Processor(SETTINGS, packing, telling=True)

    def read(self, count: int | None = None) -> None:
        start = self.processor.position
        end = len(self.log) if count is None else min(len(self.log), start + count)
        self.processor.apply(list(enumerate(self.log[start:end], start)))

    def commit(self) -> None:
        cut = self.processor.cut()
        self._send(cut.told)
        self.changelog.update(cut.writes)
        self.committed = cut.position

    def crash(self, share: float) -> None:
        """Without transactions: what was to be told has left, of the changelog a part is there."""
        cut = self.processor.cut()
        self._send(cut.told)
        self.changelog.update(cut.writes[: round(share * len(cut.writes))])
        self.processor = Processor(SETTINGS, packing, telling=True)
        for _ in self.processor.restore(dict(self.changelog)):
            pass
        self.processor.position = self.committed

    def _send(self, told: Iterable[Any]) -> None:
        self.topic += [packing.loads(written(one).value) for one in told]


def sums(told: list[Event]) -> tuple[dict[str, Sums], Sums]:
    """What requesters make of it."""
    partition = EntityPartition(KIND, SETTINGS, decoded_told(told, REQUESTER_TYPES))
    partition.read()
    return partition.sums(END)


CRASH = st.tuples(st.just("crash"), st.sampled_from((0.0, 0.5, 1.0)))


@given(
    st.builds(requested, strategies.event_sets(events=14), NAMES).flatmap(strategies.arrivals),
    lives(COMMIT, CRASH),
)
def test_crashes_and_cuts_change_nothing_in_the_end(arrived: list[Event], life: Life) -> None:
    whole, broken = (Teller(decoded(arrived, SETTINGS)) for _ in "ab")
    whole.read()
    whole.commit()
    for name, *arguments in life:
        getattr(broken, name)(*arguments)
    broken.read()
    broken.commit()
    assert sums(broken.topic) == sums(whole.topic)
    assert sums(list(reversed(broken.topic))) == sums(whole.topic)
    assert sums(broken.topic * 2) == sums(whole.topic)


@given(st.builds(requested, strategies.event_sets(events=14), NAMES))
def test_each_requester_has_the_tickets_that_are_theirs(events: list[Event]) -> None:
    teller = Teller(decoded(events, SETTINGS))
    teller.read()
    records = teller.processor.records
    owners = [
        requester
        for record in records.values()
        if record.ticket.created_at is not None
        and (requester := (record.ticket.extra or {}).get("requester"))
    ]
    teller.commit()
    live, _ = sums(teller.topic)
    assert {
        name: sum(n for k, n in found.items() if k[0] == "tickets") for name, found in live.items()
    } == {name: owners.count(name) for name in owners}


@given(st.builds(requested, strategies.event_sets(events=14, catalogue=True), NAMES))
def test_who_came_again_is_the_same_in_both_parts_of_the_report(events: list[Event]) -> None:
    """`kpis.repeat_contacts` and `customers.tickets`; of deleted and merged tickets, too."""
    teller = Teller(decoded(events, SETTINGS))
    teller.read()
    books = Books(teller.processor.records)
    kpi = report(books, SETTINGS, packing, END)["kpis"]["repeat_contacts"]
    teller.commit()
    live, settled = sums(teller.topic)
    told = sum(settled.values(), 0) + sum(
        number for found in live.values() for key, number in found.items() if key[0] == REPEATS
    )
    assert told == kpi["repeat"]


def test_a_ticket_that_was_deleted_was_asked_all_the_same() -> None:
    """T1 resolved, T2 about the same an hour later, then deleted as a duplicate."""

    def told(ticket: str, hour: int, event_type: str, **data: Any) -> Event:
        time = f"2024-03-02T{hour:02}:00:00Z"
        head = {"id": f"{ticket}-{hour}", "subject": ticket, "type": event_type, "time": time}
        return CREATED | head | {"data": data}

    asks = {"requester": "C1", "category": "login"}
    events = [
        told("T1", 9, "ticket.created", **asks),
        told("T1", 10, "ticket.updated", status="resolved"),
        told("T2", 11, "ticket.created", **asks),
        told("T2", 12, "ticket.deleted", reason="deleted"),
    ]
    teller = Teller(decoded(events, SETTINGS))
    teller.read()
    teller.commit()
    (found,) = sums(teller.topic)[0].values()
    assert sum(number for key, number in found.items() if key[0] == REPEATS) == 1


def test_a_telling_has_the_same_id_after_any_crash_and_another_after_the_next_event() -> None:
    created = CREATED
    moved: Event = created | {"id": "2", "type": "ticket.updated", "data": {"queue": "billing"}}
    ids = []
    for arrived in ([created], [created], [created, moved]):
        teller = Teller(decoded(arrived, SETTINGS))
        teller.read()
        teller.commit()
        ids.append([event["id"] for event in teller.topic])
    assert ids[0] == ids[1] != ids[2]
    assert [len(each) for each in ids] == [1, 1, 1]


def test_nothing_is_told_twice_where_nothing_changed() -> None:
    created = CREATED
    waits: Event = created | {"id": "2", "type": "ticket.updated", "data": {"status": "pending"}}
    teller = Teller(decoded([created, waits], SETTINGS))
    for _ in "ab":
        teller.read(1)
        teller.commit()
    assert len(teller.topic) == 1


TEXT = "Ca-nary"
REDACTIONS = st.sampled_from(("deleted", "tombstone"))


def with_texts(events: list[Event]) -> list[Event]:
    """The same events; whatever says something of a ticket says it with a text of its own."""
    kinds = {"ticket.created", "ticket.updated"}
    return [
        event | {"data": {**event.get("data", {}), "category": f"{TEXT} {event['subject']}"}}
        if event["type"] in kinds
        else event
        for event in events
    ]


def redaction(ticket: str, way: str) -> Arrival:
    if way == "tombstone":
        return Redaction(ticket)
    asked = CREATED | {"id": "r", "type": "ticket.deleted", "data": {"reason": "redacted"}}
    (found,) = decoded([asked | {"subject": ticket, "time": "2026-03-01T00:00:00Z"}], SETTINGS)
    return found


@given(
    st.builds(requested, strategies.event_sets(events=14), NAMES).flatmap(strategies.arrivals),
    REDACTIONS,
    lives(COMMIT, CRASH),
    lives(COMMIT, CRASH),
)
def test_a_redacted_ticket_leaves_nothing_with_those_who_were_told_of_it(
    arrived: list[Event], way: str, before: Life, after: Life
) -> None:
    """Whatever happens to who tells and to who is told; names go where no ticket keeps them."""
    tickets = sorted({event["subject"] for event in arrived})
    log = decoded(with_texts(arrived), SETTINGS)
    teller = Teller([*log, *(redaction(ticket, way) for ticket in tickets[:1])])
    for name, *arguments in before:
        getattr(teller, name)(*arguments)
    teller.read()
    teller.commit()
    told = EntityPartition(KIND, SETTINGS, decoded_told(teller.topic, REQUESTER_TYPES))
    for name, *arguments in after:
        getattr(told, name)(*arguments)
    told.read()
    while told.processor.changed:
        told.commit()
    kept = {key: value for key, value in told.changelog.items() if value is not None}
    for ticket in tickets[:1]:
        assert not any(f"{TEXT} {ticket}".encode() in value for value in kept.values())
    if len(tickets) == 1:
        assert not told.processor.records
        assert not any(b"C1" in found or b"C2" in found for row in kept.items() for found in row)


def telling(version: int, ticket: Event, at: str = CREATED["time"]) -> Event:
    """What C1 is told of a ticket."""
    data = {"resolved": [], "band": "none", "conflict": False} | ticket
    told = {"id": str(version), "type": "requester.ticket", "subject": "C1", "sequence": version}
    return CREATED | told | {"time": at, "data": data}


def told_of(*told: Event) -> EntityPartition:
    """A requester C1 who is told these things, one after the other."""
    partition = EntityPartition(KIND, SETTINGS, decoded_told(told, REQUESTER_TYPES))
    partition.read()
    partition.commit()
    return partition


T1: Event = {"ticket": "T1", "created": END, "category": f"{TEXT} T1"}
T2: Event = {"ticket": "T2", "created": END, "category": f"{TEXT} T2"}
REDACTED: Event = {"ticket": "T1", "redacted": True}
LONG_AGO = "2020-01-01T00:00:00Z"


@pytest.mark.parametrize("at", [CREATED["time"], LONG_AGO])
def test_of_a_requester_with_other_tickets_only_the_redacted_one_is_erased(at: str) -> None:
    """It acts by arrival: it is never late, however old the ticket is."""
    found = told_of(telling(1, T1), telling(2, T2), telling(3, REDACTED, at))
    record = found.changelog[b"C1"] or b""
    assert (f"{TEXT} T1".encode() in record, f"{TEXT} T2".encode() in record) == (False, True)
    assert found.outcomes() == {(Outcome.APPLIED, ""): 3}


def test_what_a_former_owner_of_the_ticket_still_tells_is_erased_as_well() -> None:
    """It may wake up and end what it had begun, also when the ticket was restored meanwhile."""
    back = telling(3, T1 | {"category": "new"})
    found = told_of(telling(1, T2), telling(2, REDACTED), back, telling(0, T1))
    record = found.changelog[b"C1"] or b""
    assert b'"category":"new"' in record
    assert f"{TEXT} T1".encode() not in record


@pytest.mark.parametrize("way", ["deleted", "tombstone"])
def test_all_are_told_of_a_redaction_whose_ticket_it_ever_was(way: str) -> None:
    """Also those it was taken from long before, and where it had been deleted before."""
    second = CREATED | {"id": "2", "type": "ticket.updated", "data": {"requester": "C2"}}
    spam = CREATED | {"id": "3", "type": "ticket.deleted", "data": {"reason": "spam"}}
    teller = Teller([*decoded([CREATED, second, spam], SETTINGS), redaction("T1", way)])
    for _ in range(4):
        teller.read(1)
        teller.commit()
    erased = [one for one in teller.topic if one["data"].get("redacted")]
    assert [one["subject"] for one in erased] == ["C1", "C2"]
    assert all(set(one["data"]) == ERASED for one in erased)


ERASED = {"ticket", "resolved", "band", "conflict", "redacted"}


@pytest.mark.parametrize("way", ["deleted", "tombstone"])
def test_so_is_who_left_the_history_and_is_known_from_the_ticket_alone(way: str) -> None:
    gone = CREATED | {"id": "2", "type": "ticket.deleted", "data": {"reason": "spam"}}
    teller = Teller([*decoded([CREATED, gone], SETTINGS), redaction("T1", way)])
    teller.read(2)
    teller.commit()
    record = teller.processor.records["T1"]
    squash(record, SETTINGS, packing, record.ticket.last_at + 1)
    assert not record.history
    teller.read()
    teller.commit()
    assert [one["subject"] for one in teller.topic if one["data"].get("redacted")] == ["C1"]


def test_a_name_that_was_dropped_leaves_the_partition_s_own_records_as_well() -> None:
    """There it stands as long as what it had might be read again, and no longer."""
    found = told_of(telling(1, T1), telling(2, REDACTED))
    assert b"C1" in (found.changelog[SETTLED_KEY] or b"")
    found.crash()
    while found.processor.changed:
        found.commit()
    assert b"C1" not in (found.changelog[SETTLED_KEY] or b"")
    assert found.changelog.get(b"C1") is None


@pytest.mark.parametrize(
    ("score", "band"),
    [(5, "satisfied"), (4, "satisfied"), (3, "neutral"), (2, "dissatisfied"), (1, "dissatisfied")],
)
def test_the_band_is_that_of_the_answer_given_last_and_a_conflict_stays_one(
    score: int, band: str
) -> None:
    def later(number: int, event_type: str, **data: Any) -> Event:
        time = f"2026-03-02T1{number}:00:00Z"
        return CREATED | {"id": f"s{number}", "type": event_type, "time": time, "data": data}

    scale = {"kind": "csat", "scale": {"min": 1, "max": 5}}
    told = Teller(
        decoded(
            [
                CREATED,
                later(1, "ticket.updated", kind="complaint"),
                later(2, "survey.responded", survey="q1", score=1, **scale),
                later(3, "survey.responded", survey="q2", score=score, **scale),
                later(4, "ticket.updated", kind="question"),
            ],
            SETTINGS,
        )
    )
    told.read()
    told.commit()
    (event,) = told.topic
    assert (event["data"]["band"], event["data"]["conflict"]) == (band, True)
