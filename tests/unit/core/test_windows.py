"""The edges of trailing windows, drawn."""

from streams.core.facts import CREATED, FIRST_RESPONSE, Fact
from streams.core.instants import DAY, HOUR, MINUTE
from streams.core.windows import COUNT, EDGES, SUM, WindowKey, Windows, count, step_of

T = 1_000 * HOUR
"""Any instant that is a whole hour."""
CELL = ("q", "", "")


def created(at: int) -> Fact:
    return Fact(CREATED, at, CELL)


def counted(windows: Windows[WindowKey], place: int = 0) -> int:
    windows.settle()
    return windows.windows[place].totals.get(("created", "q", COUNT), 0)


def test_a_window_is_open_on_the_left_and_closed_on_the_right() -> None:
    """A fact exactly at an edge.

    5m, now = T:      (T - 5m                              T]
    ---------------------o|--------------------------------|o------> time
                  out ---'|in                            in|'--- not yet
    """
    windows = Windows[WindowKey]([5 * MINUTE])
    windows.advance(T)
    left, right = T - 5 * MINUTE, T
    count(windows, [created(left), created(left + 1), created(right), created(right + 1)], 1)
    assert counted(windows) == 2


def test_the_left_edge_moves_in_steps_and_the_right_edge_with_now() -> None:
    """A window moves its left edge with whole slots.

    step 10 s:   now = T + 9.999 s     (T - 5m        ...        now]
                 now = T + 10 s        (T - 5m + 10s  ...        now]
    """
    windows = Windows[WindowKey]([5 * MINUTE])
    count(windows, [created(T - 5 * MINUTE + 1)], 1)
    windows.advance(T + 9_999)
    assert counted(windows) == 1
    windows.advance(T + 10_000)
    assert counted(windows) == 0


def test_the_future_waits_until_now_has_reached_it() -> None:
    """A source whose clock is a minute fast does not count before its time.

        now = T          T + 1m            now = T + 1m
    -------|---------------x------   ->   -----x|-------
    """
    windows = Windows[WindowKey]([5 * MINUTE])
    windows.advance(T)
    count(windows, [created(T + MINUTE)], 1)
    assert counted(windows) == 0
    windows.advance(T + MINUTE - 1)
    assert counted(windows) == 0
    windows.advance(T + MINUTE)
    assert counted(windows) == 1


def test_what_is_taken_back_is_gone_wherever_it_was() -> None:
    windows = Windows[WindowKey]([5 * MINUTE, HOUR])
    windows.advance(T)
    past, future = created(T - 10 * MINUTE), created(T + MINUTE)
    count(windows, [past, future], 1)
    count(windows, [past, future], -1)
    windows.advance(T + 2 * MINUTE)
    assert (counted(windows, 0), counted(windows, 1)) == (0, 0)


def test_taking_back_what_has_fallen_out_changes_nothing() -> None:
    windows = Windows[WindowKey]([5 * MINUTE])
    count(windows, [created(T)], 1)
    windows.advance(T + HOUR)
    count(windows, [created(T)], -1)
    assert counted(windows) == 0


def test_now_never_goes_back() -> None:
    windows = Windows[WindowKey]([5 * MINUTE])
    windows.advance(T)
    count(windows, [created(T)], 1)
    windows.advance(T - HOUR)
    assert windows.now == T
    assert counted(windows) == 1


def test_each_fact_is_in_every_window_that_reaches_back_to_it() -> None:
    windows = Windows[WindowKey]([5 * MINUTE, HOUR, DAY, 7 * DAY])
    windows.advance(T)
    for back in (MINUTE, 30 * MINUTE, 5 * HOUR, 3 * DAY):
        count(windows, [created(T - back)], 1)
    assert [counted(windows, place) for place in range(4)] == [1, 2, 3, 4]


def test_a_duration_on_a_bucket_edge_belongs_to_the_bucket_below() -> None:
    """As in Prometheus, an upper bound is inclusive.

    edges      60 s          300 s
    ------------]--------------]------->
        60 s ---'   60.001 s --'
    """
    windows = Windows[WindowKey]([HOUR])
    windows.advance(T)
    spans = (EDGES[0], EDGES[0] + 1, EDGES[-1] + 1)
    count(windows, [Fact(FIRST_RESPONSE, T, CELL, span) for span in spans], 1)
    windows.settle()
    totals = windows.windows[0].totals
    assert totals[FIRST_RESPONSE, "q", 0] == 1
    assert totals[FIRST_RESPONSE, "q", 1] == 1
    assert totals[FIRST_RESPONSE, "q", len(EDGES)] == 1, "beyond the last edge"
    assert totals[FIRST_RESPONSE, "q", SUM] == sum(spans)


def test_slots_are_finer_than_a_thirtieth_of_their_window() -> None:
    assert all(span // step_of(span) >= 30 for span in (5 * MINUTE, HOUR, DAY, 7 * DAY))
