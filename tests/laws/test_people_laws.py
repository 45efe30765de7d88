"""Laws 1, 2, 3 and 8 for agents: whatever befalls who counts them, the answer is the same.

Days that are months apart make settling, lateness and forgetting meet in small examples.
"""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core import entity as entities
from streams.core.entity import REACH
from streams.core.instants import DAY, HOUR
from streams.core.people import Agents
from streams.core.processor import Outcome
from streams.core.settings import Settings
from tests.agent_events import START, START_MS, agent_events
from tests.laws.entity_lives import EntityPartition, decoded, read_whole
from tests.laws.lives import COMMIT, CRASH, LOST_TRANSACTION, Life, lives

BERLIN = ZoneInfo("Europe/Berlin")
KIND = Agents(BERLIN)
WEEK = Settings(zone=BERLIN)
MONTHS = (0, 1, 36, 37, 44, 46, 82, 120, 190)
SPARSE = Settings(zone=BERLIN, forgotten=60 * DAY)
SETTLE = st.just(("settle",))
SOON = st.tuples(st.just("advance"), st.sampled_from((0, HOUR, 9 * DAY)))
END = START_MS + 200 * DAY

Event = dict[str, Any]
ARRIVED = agent_events(MONTHS, most=14).flatmap(st.permutations)
IN_TIME = agent_events((0, 1, 2, 6)).flatmap(
    lambda events: st.tuples(st.permutations(events * 2), st.permutations(events))
)


def lived(events: list[Event], settings: Settings, life: Life) -> EntityPartition:
    """A partition after a life, with everything read."""
    partition = EntityPartition(KIND, settings, decoded(events))
    for name, *arguments in life:
        getattr(partition, name)(*arguments)
        partition.assert_nothing_vanished()
    partition.read()
    return partition


@given(IN_TIME)
def test_law_1_no_order_and_no_doubling_changes_an_answer(
    arrived: tuple[list[Event], list[Event]],
) -> None:
    twice, once = (read_whole(KIND, WEEK, events) for events in arrived)
    assert twice.sums(END) == once.sums(END)
    assert not any(outcome == Outcome.LATE for outcome, _ in twice.outcomes())


@given(ARRIVED, lives(COMMIT, SETTLE, SOON), st.sampled_from((WEEK, SPARSE)))
def test_law_2_splits_and_settling_change_nothing(
    events: list[Event], life: Life, settings: Settings
) -> None:
    whole, split = read_whole(KIND, settings, events), lived(events, settings, life)
    assert split.outcomes() == whole.outcomes()
    assert split.sums(END) == whole.sums(END)
    split.settle()
    assert split.sums(END) == whole.sums(END)


@given(ARRIVED, lives(COMMIT, CRASH, LOST_TRANSACTION, SETTLE, SOON))
def test_law_3_a_crash_loses_and_doubles_nothing(events: list[Event], life: Life) -> None:
    whole, crashed = read_whole(KIND, SPARSE, events), lived(events, SPARSE, life)
    assert crashed.sums(END) == whole.sums(END)


@given(ARRIVED, st.integers(0, 200))
def test_law_4_the_parts_of_time_add_up(events: list[Event], day: int) -> None:
    """Scheduled is present in it and lost; presence is within or overtime."""
    live, _ = read_whole(KIND, WEEK, events).sums(START_MS + day * DAY)
    for sums in live.values():
        for measure, *labels in sums:
            if measure == "scheduled":
                spent = sum(n for k, n in sums.items() if k[1:] == tuple(labels) and parts(k[0]))
                assert spent == sums["scheduled", *labels]


def parts(measure: str) -> bool:
    return measure == "within" or measure.startswith("lost:")


@given(ARRIVED)
def test_who_is_forgotten_leaves_the_sums_and_not_the_name(events: list[Event]) -> None:
    kept, dropped = read_whole(KIND, SPARSE, events), read_whole(KIND, SPARSE, events)
    dropped.processor.advance(START_MS)
    dropped.processor.advance(START_MS + 400 * DAY)
    late = START_MS + 500 * DAY
    assert not dropped.processor.records
    assert dropped.sums(late) == kept.sums(late)
    assert kept.sums(late)[0] == {}
    dropped.commit()
    assert {value for key, value in dropped.changelog.items() if key[0] != 255} <= {None}


def test_an_answer_about_settled_time_is_refused() -> None:
    partition = read_whole(KIND, WEEK, [_online(0), _online(100)])
    partition.settle()
    (record,) = partition.processor.records.values()
    assert record.since == KIND.floor(START_MS + 100 * DAY - 7 * DAY - KIND.ahead)
    partition.sums(record.since + KIND.ahead)
    with pytest.raises(entities.SettledError):
        partition.sums(record.since + KIND.ahead - 1)


def test_a_history_is_bounded_however_much_arrives_at_once() -> None:
    small = Settings(zone=BERLIN, history_events=20)
    events = [_online(0, minutes=number) for number in range(200)]
    partition = read_whole(KIND, small, events)
    (record,) = partition.processor.records.values()
    assert record.events <= 20
    assert record.early
    live, _ = partition.sums(START_MS + 199 * 60_000)
    assert sum(n for k, n in live["A1"].items() if k[0] == "overtime") == 199 * 60_000


def test_the_history_of_an_agent_who_works_every_day_does_not_grow() -> None:
    events = [_online(day, minutes=m) for day in range(400) for m in (0, 60, 120)]
    partition = read_whole(KIND, WEEK, events)
    (record,) = partition.processor.records.values()
    days = (REACH + WEEK.apply_within) // DAY + 2
    assert record.events <= 2 * 3 * days + 1
    assert not record.early
    months = {key[1] for key in partition.sums(START_MS + 400 * DAY)[0]["A1"] if len(key[1]) == 7}
    assert len(months) == 10


def _online(day: int, minutes: int = 0) -> Event:
    hour, minute = divmod(minutes, 60)
    at = START + timedelta(days=day, hours=hour, minutes=minute)
    return {
        "specversion": "1.0",
        "id": f"{day}-{minutes}",
        "source": "acd",
        "type": "agent.presence",
        "subject": "A1",
        "time": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "data": {"state": "online", "queue": "billing"},
    }
