"""A partition stops before the record that exceeds its bound, always before the same one."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.events import Arrival, Ignored, Refused
from streams.core.processor import Processor
from streams.core.refusals import UNBOUNDED, Bound, Excess, Refusals
from streams.core.settings import Settings
from streams.wire import packing

FINE, BAD = Ignored("unknown_type"), Refused("json")


def arrivals(picture: str) -> list[tuple[int, Arrival]]:
    """Offsets and arrivals of a picture: `R` is refused, `.` is not."""
    return [(offset, BAD if c == "R" else FINE) for offset, c in enumerate(picture)]


def stops_before(picture: str, bound: Bound) -> int | None:
    processor = Processor(Settings(), packing, bound=bound)
    verdicts = processor.apply(arrivals(picture))
    excess = processor.excess
    if excess is None:
        assert len(verdicts) == picture.count("R")
        return None
    assert processor.position == excess.offset
    assert len(verdicts) == picture[: excess.offset].count("R")
    return excess.offset


@pytest.mark.parametrize(
    ("picture", "max_run", "expected"),
    [
        ("..RRR.", 3, None),
        ("..RRRR", 3, 5),
        (".RRR.RRR.", 3, None),
        ("RRRRRR", 1, 1),
        ("R.R.R.RR", 1, 7),
        ("R" * 500, None, None),
    ],
)
def test_a_run_of_max_run_is_the_longest(
    picture: str, max_run: int | None, expected: int | None
) -> None:
    assert stops_before(picture, Bound(max_run)) == expected


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        ("R.R.|R.R.|....", None),
        ("R.RR|R.R.|....", 3),
        ("R.R.|RRR.|....", 6),
        ("..RR|RR..|RRR.", 10),
    ],
)
def test_a_share_is_one_of_windows_that_lie_side_by_side(
    picture: str, expected: int | None
) -> None:
    """At most two of each four records; a bar is where a window ends."""
    bound = Bound(window=4, max_refused=2)
    assert stops_before(picture.replace("|", ""), bound) == expected


def test_the_first_record_may_be_too_many_where_none_may_be_refused() -> None:
    assert stops_before("..R", Bound(window=1_000, max_refused=0)) == 2


def test_what_is_told_is_how_it_came_to_that() -> None:
    processor = Processor(Settings(), packing, bound=Bound(3, 100, 50))
    processor.apply(arrivals("R.RRRR"))
    assert processor.excess == Excess(5, "json", run=3, refused=4, read=5, in_a_row=True)
    processor = Processor(Settings(), packing, bound=Bound(None, 100, 2))
    processor.apply(arrivals("R.R..R"))
    assert processor.excess == Excess(5, "json", run=0, refused=2, read=5, in_a_row=False)


def expected_stop(bad: Sequence[bool], bound: Bound) -> int | None:
    """The definition, over the whole log."""
    for place, refused in enumerate(bad):
        begin = place - place % bound.window
        if not refused:
            continue
        run = place - max((at for at in range(place) if not bad[at]), default=-1) - 1
        if bound.max_run is not None and run >= bound.max_run:
            return place
        if bound.max_refused is not None and sum(bad[begin:place]) >= bound.max_refused:
            return place
    return None


@given(
    log=st.lists(st.booleans(), max_size=60),
    bound=st.builds(
        Bound,
        st.none() | st.integers(1, 6),
        st.integers(1, 12),
        st.none() | st.integers(0, 8),
    ),
    data=st.data(),
)
def test_no_batch_restart_or_repetition_moves_the_place(
    log: list[bool], bound: Bound, data: st.DataObject
) -> None:
    """Cut anywhere, restored anywhere, with records that are read again."""
    every = arrivals("".join("R" if bad else "." for bad in log))
    changelog: dict[bytes, bytes | None] = {}
    processor = Processor(Settings(), packing, bound=bound)
    at = 0
    while at < len(every) and processor.excess is None:
        size = data.draw(st.integers(1, 9))
        processor.apply(every[at : at + size])
        at = processor.position
        if data.draw(st.booleans()):
            changelog |= dict(processor.cut().writes)
            processor = Processor(Settings(), packing, bound=bound)
            for _ in processor.restore(dict(changelog)):
                """Nothing to do in between."""
            # Without transactions what was made durable may be read again.
            at = data.draw(st.integers(0, processor.position))
    excess = processor.excess
    assert (None if excess is None else excess.offset) == expected_stop(log, bound)


def test_whoever_starts_again_stops_at_the_same_record_and_goes_on_under_a_wider_bound() -> None:
    every = arrivals("..RRRRR.R")
    first = Processor(Settings(), packing, bound=Bound(3))
    first.apply(every)
    kept = dict(first.cut().writes)
    found = []
    for bound in (Bound(3), Bound(5), UNBOUNDED):
        again = Processor(Settings(), packing, bound=bound)
        for _ in again.restore(dict(kept)):
            """Nothing to do in between."""
        again.apply(every[again.position :])
        found.append(None if again.excess is None else again.excess.offset)
    assert (first.position, found) == (5, [5, None, None])


def test_a_smaller_window_than_the_one_under_way_begins_anew() -> None:
    refusals = Refusals(Bound(window=3, max_refused=1))
    refusals.load([0, 5, 10])
    assert refusals.dump() == [0, 0, 1]
