"""A restart changes no window: they are kept, and what is kept is of one moment.

That windows also equal a recount after any crash is part of test_sums.py.
"""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.events import Arrival, Event, Redaction
from streams.core.instants import DAY, HOUR, MINUTE
from streams.core.processor import Processor
from streams.core.settings import ResolutionAt, ResponseSignal, Settings, SourceSettings
from streams.core.slots import SEAL_KEY
from streams.core.windows import WindowKey
from streams.wire import packing
from tests import strategies
from tests.laws.driving import Partition, decoded, restored
from tests.laws.lives import COMMIT, CRASH, Life, delayed, live, lives
from tests.laws.recount import live_windows
from tests.reference.events import format_time

SETTINGS = Settings(
    windows=(5 * MINUTE, HOUR, DAY), apply_within=2 * HOUR, forgotten=5 * DAY, history_events=4
)
"""Histories are squashed early, tickets forgotten soon: then folding cannot fill the windows."""
ARRIVED = strategies.event_sets(days=(0, 1, 7)).flatmap(delayed)
AHEAD = st.integers(-10, 100).map(lambda halves: halves * MINUTE // 2)
Sums = dict[int, Counter[WindowKey]]


@given(ARRIVED, st.data(), lives(COMMIT, CRASH), AHEAD, AHEAD)
def test_after_a_restart_the_windows_are_what_they_were(
    arrived: list[dict[str, Any]], data: st.DataObject, life: Life, ahead: int, later: int
) -> None:
    """Also with redacted, forgotten and early squashed tickets, and with facts ahead of now."""
    log: list[Arrival] = [*decoded(arrived, SETTINGS), *[Redaction("T1")] * bool(arrived)]
    partition = Partition(SETTINGS, data.draw(st.permutations(log)))
    live(partition, life)
    partition.read()
    partition.catch_up()
    partition.advance(ahead)
    partition.commit()
    processor = partition.processor
    again = restored(SETTINGS, partition.changelog)
    for one in (processor, again):
        if one.newest is not None:
            one.advance(one.newest + max(ahead, later))
    assert live_windows(again) == live_windows(processor)
    assert again.windows.now == processor.windows.now


@pytest.mark.parametrize(
    "changed",
    [
        {"windows": (5 * MINUTE, HOUR, 2 * HOUR)},
        {"count_bots": True},
        {"count_automatic": True},
        {"future_skew": 0},
        {"sources": (("*", SourceSettings(ResponseSignal.PICKUP, ResolutionAt.CLOSED)),)},
    ],
)
def test_under_other_settings_the_windows_are_filled_anew(changed: dict[str, Any]) -> None:
    settings = replace(SETTINGS, history_events=2_000)
    other = replace(settings, **changed)
    events = [_event("T1", 0, "ticket.created"), _event("T1", 30, "ticket.updated", status="open")]
    partition = Partition(settings, decoded(events, settings))
    partition.read()
    partition.reconfigure(other)
    expected = Partition(other, decoded(events, other))
    expected.read()
    assert live_windows(partition.processor) == live_windows(expected.processor)


def test_what_is_filled_anew_is_kept_from_then_on() -> None:
    """The records of before are deleted or written over, and none is taken for one of now."""
    settings = replace(SETTINGS, history_events=2_000)
    partition = Partition(settings, decoded(_flow(40), settings))
    partition.read(30)
    partition.advance(0)
    partition.reconfigure(replace(settings, windows=(HOUR,)))
    partition.read(5)
    partition.advance(0)
    partition.commit()
    slots = {key for key, value in partition.changelog.items() if _is_slot(key) and value}
    assert slots
    assert all(key.startswith(b"%b-%d-" % (SEAL_KEY, HOUR)) for key in slots)
    _assert_not_folded(partition)


def test_a_cut_without_its_end_is_void() -> None:
    settings = replace(SETTINGS, history_events=2_000)
    partition = Partition(settings, decoded(_flow(40), settings))
    partition.read(30)
    partition.advance(0)
    partition.commit()
    partition.read(10)
    cut = partition.processor.cut()
    torn = partition.changelog | dict(cut.writes[:-1])
    whole = partition.changelog | dict(cut.writes)
    assert cut.writes[-1][0] == SEAL_KEY
    assert live_windows(restored(settings, torn)) == live_windows(restored(settings, whole))
    assert _folds(settings, torn) == 40
    assert _folds(settings, whole) == 0


def test_a_year_of_events_leaves_no_more_than_the_rings() -> None:
    """However many slots came and went, the topic does not grow."""
    events = [_event(f"T{n}", n * 37, "ticket.created") for n in range(2_000)]
    partition = Partition(SETTINGS, decoded(events, SETTINGS))
    while partition.left:
        partition.read(7)
        partition.advance(0)
        partition.commit()
    places = sum(window.places for window in partition.processor.windows.windows)
    kept = [key for key, value in partition.changelog.items() if _is_slot(key) and value]
    assert 0 < len(kept) <= places + 2
    _assert_not_folded(partition)


def _assert_not_folded(partition: Partition) -> None:
    again = restored(partition.settings, partition.changelog)
    assert _folds(partition.settings, partition.changelog) == 0
    assert live_windows(again) == live_windows(partition.processor)


def _folds(settings: Settings, changelog: dict[bytes, bytes | None]) -> int:
    """How many tickets a restart folds: nothing else reads a history."""
    counting = _Counting()
    processor = Processor(settings, counting)
    for _ in processor.restore(dict(changelog)):
        pass
    return counting.unpacked


class _Counting:
    """The real packing; counts how often it is asked for events."""

    def __init__(self) -> None:
        self.unpacked = 0
        self.pack, self.loads, self.dumps = packing.pack, packing.loads, packing.dumps

    def unpack(self, history: bytes) -> list[Event]:
        self.unpacked += 1
        return packing.unpack(history)


def _is_slot(key: bytes) -> bool:
    return key.startswith(SEAL_KEY + b"-")


def _flow(count: int) -> list[dict[str, Any]]:
    return [_event(f"T{n}", n / 6, "ticket.created") for n in range(count)]


def _event(ticket: str, minute: float, kind: str, **data: Any) -> dict[str, Any]:
    at_ms = int(strategies.START.timestamp() * 1000 + minute * MINUTE)
    return {
        "specversion": "1.0",
        "id": f"{ticket}-{minute}",
        "source": "desk",
        "type": kind,
        "subject": ticket,
        "time": format_time(at_ms),
        "data": data,
    }
