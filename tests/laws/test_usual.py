"""The same hour of the last weeks: its sums equal a count of all facts, after whatever happened."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import assume, given
from hypothesis import strategies as st

from streams.core.events import Accepted
from streams.core.instants import DAY, HOUR, MINUTE
from streams.core.processor import Processor
from streams.core.record import refold
from streams.core.settings import Settings
from streams.core.usual import STEP, Week, Weeks, together
from streams.core.windows import EDGES
from streams.wire import packing
from tests import strategies
from tests.laws.driving import CloudEvent, Partition, decoded, partitions_of, restored
from tests.laws.lives import COMMIT, CRASH, LOST_TRANSACTION, SQUASH, Life, delayed, live, lives
from tests.reference import early

WEEKS = 4
SETTINGS = replace(
    Settings(), same_weeks=WEEKS, zone=ZoneInfo("Europe/Berlin"), windows=(5 * MINUTE, HOUR)
)
"""Events begin on 2024-03-01; the clocks change on the 31st, day 30."""
ARRIVED = st.one_of(
    [
        strategies.event_sets(days=days, catalogue=surveyed)
        for days in ((0, 7, 14), (0, 7, 28, 35), (16, 23, 30, 31, 37))
        for surveyed in (False, True)
    ]
).flatmap(delayed)
AHEAD = st.sampled_from((-5 * MINUTE, 0, MINUTE, 20 * MINUTE, HOUR, DAY, 7 * DAY, 7 * DAY + HOUR))
Lives = list[tuple[Life, int]]


def facts_of(processor: Processor) -> list[early.Happened]:
    found: list[early.Happened] = []
    for record in processor.wake().values():
        if processor.settings.exclude_spam_from_windows and record.ticket.deleted == "spam":
            continue
        assert not record.checkpoint, "the facts of a checkpoint are not told apart"
        facts = refold(record, processor.settings, packing)[1]
        found += [(item.kind, item.at, item.value, item.sign) for item in facts]
    return found


def counted(processor: Processor, since: int) -> list[Week | None]:
    """Each week from all facts at once; unknown before the first event there was."""
    facts, now = facts_of(processor), processor.windows.now
    assert now is not None
    weeks: list[Week | None] = []
    for ago in range(WEEKS + 1):
        end = early.same_time(now, ago, processor.settings.zone)
        hour = early.hour(facts, end)
        edges = (-1, *EDGES, 1 << 62)
        buckets = tuple(
            sum(low < took <= high for took in hour.responses) for low, high in pairwise(edges)
        )
        week = Week(hour.created, buckets, hour.answered, hour.satisfied)
        weeks.append(week if end - DAY >= since else None)
    return weeks


def shown(processor: Processor) -> Weeks:
    processor.settle()
    assert processor.usual is not None
    return processor.usual.picture()


def lived(arrived: list[CloudEvent], settings: Settings, parts: Lives) -> list[tuple[Weeks, Weeks]]:
    """After each part of a life, what is shown and what an undisturbed partition counts."""
    partition = Partition(settings, decoded(arrived, settings))
    pictures: list[tuple[Weeks, Weeks]] = []
    for life, ahead in [*parts, ([("read",)], 0)]:
        live(partition, life)
        partition.catch_up()
        processor = partition.processor
        if processor.newest is None:
            continue
        processor.advance(processor.newest + ahead)
        read = partition.log[: processor.position]
        undisturbed = Partition(settings, read)
        undisturbed.read()
        undisturbed.processor.advance(processor.windows.now or 0)
        since = min(one.event.at for one in read if isinstance(one, Accepted))
        pictures.append((shown(processor), counted(undisturbed.processor, since)))
    return pictures


@given(
    ARRIVED,
    st.lists(st.tuples(lives(COMMIT, LOST_TRANSACTION, SQUASH), AHEAD), max_size=5),
    st.booleans(),
)
def test_each_week_is_a_count_of_all_facts_at_any_instant(
    arrived: list[CloudEvent], parts: Lives, without_spam: bool
) -> None:
    """After corrections, late events, squashes, restarts and lost transactions."""
    settings = replace(SETTINGS, exclude_spam_from_windows=without_spam)
    for picture, expected in lived(arrived, settings, parts):
        assert list(picture) == list(expected)


@given(ARRIVED, st.lists(st.tuples(lives(COMMIT, CRASH), AHEAD), max_size=5))
def test_after_a_torn_commit_a_week_is_right_or_not_known(
    arrived: list[CloudEvent], parts: Lives
) -> None:
    """Without transactions: what is known in part would look like a quiet week."""
    for picture, expected in lived(arrived, SETTINGS, parts):
        for week, right in zip(picture, expected, strict=bool(picture)):
            assert week in (None, right)


@given(ARRIVED)
def test_the_weeks_of_several_partitions_add_up(arrived: list[CloudEvent]) -> None:
    whole = Partition(SETTINGS, decoded(arrived, SETTINGS))
    whole.read()
    assume(whole.processor.newest is not None)
    now = (whole.processor.newest or 0) + STEP
    pictures = []
    for partition in [whole, *partitions_of(arrived, 3, SETTINGS)]:
        partition.read()
        partition.processor.advance(now)
        pictures.append(shown(partition.processor))
    for week, right in zip(together(pictures[1:]), pictures[0], strict=True):
        assert week in (None, right), "a partition may not have begun yet"


def weekly(settings: Settings, weeks: int, each: int = 12) -> Partition:
    """Some tickets at the same hour of each week, committed as they came."""
    events = [
        {
            "specversion": "1.0",
            "id": f"{week}-{number}",
            "source": "desk/a",
            "type": "ticket.created",
            "subject": f"T{week}-{number}",
            "time": f"2024-{'04' if week > 3 else '03'}-{1 + 7 * week - 28 * (week > 3):02}"
            f"T10:{number:02}:00Z",
            "data": {},
        }
        for week in range(weeks)
        for number in range(each)
    ]
    partition = Partition(settings, decoded(events, settings))
    while partition.left:
        partition.read(each)
        partition.advance(0)
        partition.commit()
    return partition


def inflow(processor: Processor, ahead: int = STEP) -> list[int | None]:
    processor.advance((processor.newest or 0) + ahead)
    return [None if week is None else week.created for week in shown(processor)]


def test_a_restart_knows_the_weeks_before() -> None:
    utc = replace(SETTINGS, zone=ZoneInfo("UTC"))
    partition = weekly(utc, 4)
    again = restored(utc, partition.changelog)
    assert inflow(again) == inflow(partition.processor) == [12, 12, 12, None, None]


def test_under_other_settings_counting_begins_anew_and_says_so() -> None:
    utc = replace(SETTINGS, zone=ZoneInfo("UTC"))
    partition = weekly(utc, 4)
    partition.reconfigure(replace(utc, count_bots=True))
    assert inflow(partition.processor) == [None] * 5
    assert inflow(partition.processor, DAY + HOUR)[0] == 0, "what comes after that is whole"
    partition.log += decoded([{**one_more(), "id": "more"}], utc)
    partition.read()
    partition.commit()
    again = restored(replace(utc, count_bots=True), partition.changelog)
    assert inflow(again)[1:] == [None] * 4, "the beginning is kept"


def one_more() -> CloudEvent:
    return {
        "specversion": "1.0",
        "source": "desk/a",
        "type": "ticket.created",
        "subject": "T-more",
        "time": "2024-03-24T10:00:00Z",
        "data": {},
    }


def test_switched_off_nothing_is_kept() -> None:
    partition = weekly(SETTINGS, 2)
    partition.reconfigure(replace(SETTINGS, same_weeks=0))
    assert partition.processor.usual is None
    partition.log += decoded([{**one_more(), "id": "more"}], SETTINGS)
    partition.read()
    partition.commit()
    assert not [key for key, value in partition.changelog.items() if value and b"usual" in key]


def test_the_changelog_keeps_one_record_for_a_quarter_in_which_anything_happened() -> None:
    partition = weekly(SETTINGS, 5, each=30)
    own = [key for key, value in partition.changelog.items() if value and b"usual-" in key]
    assert len(own) == 3 * 5, "the quarters that end at 10:00, 10:15 and 10:30"


def test_no_picture_before_anything_happened() -> None:
    partition = Partition(SETTINGS, [])
    partition.processor.advance(0)
    assert list(shown(partition.processor)) == []
    assert list(together([[], []])) == []


def test_the_clocks_change_and_the_hour_stays_the_same() -> None:
    """10:00 in Berlin is 09:00 UTC before the last Sunday of March 2024, and 08:00 after."""
    zone = ZoneInfo("Europe/Berlin")
    after = 1_712_044_800_000  # Tuesday 2024-04-02T08:00Z, 10:00 in Berlin
    ends: Sequence[int] = [early.same_time(after, weeks, zone) for weeks in (0, 1)]
    assert ends == [after, after - 7 * DAY + HOUR]
