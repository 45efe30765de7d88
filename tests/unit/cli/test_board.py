"""The live view: what it says, where its numbers come from, and what it does when room is short."""

import io

import pytest
from prometheus_client import generate_latest
from rich.cells import cell_len
from rich.console import Console
from rich.layout import Layout
from rich.live import Live

from streams.cli import quantities
from streams.cli.board import board
from streams.cli.console import out
from streams.cli.quality import catalogue_table
from streams.cli.top import top
from streams.core.facts import WINDOWED
from streams.core.kpis import KPIS
from streams.core.measures import read_kpi
from streams.core.sums import Sums
from streams.errors import UserError
from streams.metrics.numbers import Distribution
from streams.metrics.scrape import Scrape
from streams.metrics.terms import metric_of
from streams.scorecards import words
from tests.unit.cli.exposition import (
    DECLARED,
    HOUR,
    NOON,
    Series,
    depth,
    histogram,
    look,
    looks,
    one,
    partition,
    text,
)
from tests.unit.metrics.desk import HOUR as HOUR_MS
from tests.unit.metrics.desk import Desk

A = "http://worker-1:9108/metrics"
B = "http://worker-2:9108/metrics"
WIDE = 160


def screen(
    now: Scrape,
    before: Scrape | None = None,
    width: int = WIDE,
    height: int | None = None,
    *,
    quality: bool = False,
) -> list[str]:
    """The lines of the picture on a terminal without colours."""
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    with console.capture() as capture:
        console.print(board(now, before or now, quality=quality), height=height)
    return [line.rstrip() for line in capture.get().splitlines()]


def row(lines: list[str], name: str) -> list[str]:
    """The cells of the first line that starts with a name, bars left out."""
    found = next(line for line in lines if line.startswith(name))
    return [cell for cell in found.removeprefix(name).split() if cell.strip("█")]


def desk(*series: Series) -> Scrape:
    """One ready partition, read at noon of the data."""
    return look(*partition(0), *series)


def test_queues_stand_in_the_order_of_their_depth_with_their_total() -> None:
    lines = screen(desk(depth("a", 3), depth("b", 1000), depth("b", 30, "new"), depth("c", 7)))
    names = [line.split()[:2] for line in lines[5:9]]
    assert names == [["b", "1,030"], ["c", "7"], ["a", "3"], ["total", "1,040"]]


def test_a_row_says_everything_about_its_queue() -> None:
    counts = {
        name: one(name, number, queue="billing")
        for number, name in enumerate(
            ("tickets_unassigned", "tickets_unanswered", "tickets_unattended"), 1
        )
    }
    windows = [
        one("window_created", 40, window="1h", queue="billing"),
        one("window_created", 900, window="24h", queue="billing"),
        one("window_resolved", 50, window="1h", queue="billing"),
    ]
    response = histogram(
        "window_first_response_seconds", "1h", "billing", ("60.0", 10), ("120.0", 20), ("+Inf", 20)
    )
    resolution = histogram(
        "window_resolution_seconds", "24h", "billing", ("7200.0", 10), ("+Inf", 10)
    )
    oldest = [
        one("oldest_unanswered_timestamp_seconds", NOON - age, queue="billing", priority=priority)
        for age, priority in ((300, "high"), (7500, "low"))
    ]
    lines = screen(
        desk(depth("billing", 12), *counts.values(), *windows, *response, *resolution, *oldest)
    )
    cells = ["12", "1", "2", "3", "2h05m", "40", "50", "1m/1m48s", "1h"]
    assert row(lines, "billing") == cells
    assert row(lines, "total") == cells


def test_ages_count_from_the_data_and_never_from_the_wall_clock() -> None:
    def at(wall_s: float) -> list[str]:
        oldest = one(
            "oldest_unanswered_timestamp_seconds", NOON - HOUR, queue="billing", priority="low"
        )
        return screen(look(*partition(0), depth("billing", 1), oldest, at_s=wall_s))

    assert row(at(NOON), "billing")[-5] == "1h"
    assert at(NOON) == at(NOON + 1_000_000) == at(0)


def test_the_header_says_how_far_the_data_are() -> None:
    lines = screen(
        looks(
            {
                A: text(
                    *partition(0),
                    *partition(1, watermark=NOON - 5),
                    depth("billing", 1),
                    one("consumer_lag_events", 1200, partition="0"),
                    one("consumer_lag_events", 34, partition="1"),
                    one("consumer_lag_seconds", 3, partition="0"),
                    one("consumer_lag_seconds", 8, partition="1"),
                    one("last_commit_timestamp_seconds", 98),
                    one("dead_letters_total", 2, reason="json"),
                    one("dead_letters_total", 1, reason="ancient"),
                    one("late_events_total", 12),
                    one("corrections_total", 0),
                )
            },
            at_s=100,
        )
    )
    assert lines[:3] == [
        "deskpulse top   workers up 1/1   partitions ready 2/2",
        "data as of 2026-03-01 12:00:00 UTC   lag 1,234 events, 8s   committed 2s ago",
        "dead letters 3   late 12   corrections 0",
    ]


def test_two_looks_give_the_rate_and_the_peak() -> None:
    def events(number: float) -> Series:
        return one("events_total", number, outcome="applied")

    before = look(*partition(0), depth("a", 9), events(100), at_s=10)
    now = look(
        *partition(0, watermark=NOON + HOUR), depth("a", 4), events(350), before=before, at_s=12
    )
    lines = screen(now, before)
    assert lines[2].startswith("125 events/s")
    assert "peak  9 active at 2026-03-01 12:00:00 UTC, since top started" in lines


def test_breakdowns_keep_a_fixed_order_where_there_is_one() -> None:
    channels = [
        one("channel_tickets_active", n, channel=name)
        for n, name in ((2, "chat"), (8, "email"), (1, ""))
    ]
    tickets = [depth("a", 4, "pending", "low"), depth("a", 1, "open", "urgent")]
    lines = screen(desk(*tickets, depth("a", 2, "open", ""), *channels))
    at = next(number for number, line in enumerate(lines) if line.startswith("by status"))
    cells = [[cell for cell in line.split() if cell.strip("█")] for line in lines[at + 1 : at + 6]]
    assert cells == [
        ["new", "0", "urgent", "1", "email", "8"],
        ["open", "3", "high", "0", "chat", "2"],
        ["pending", "4", "normal", "0", "(none)", "1"],
        ["on_hold", "0", "low", "4"],
        ["(none)", "2"],
    ]


def test_what_is_not_known_is_shown_as_such_and_not_as_zero() -> None:
    assert row(screen(desk(depth("a", 1))), "a") == ["1", *["-"] * 8]


def test_before_a_partition_is_restored_no_number_is_shown() -> None:
    lines = screen(look(*partition(0, ready=0), *partition(1, ready=0)))
    assert lines[0].endswith("partitions ready 0/2")
    assert lines[3].startswith("restoring")
    assert not any(line.startswith(("queue", "total")) for line in lines)


def test_while_some_partitions_are_restored_it_says_what_is_missing() -> None:
    lines = screen(look(*partition(0), *partition(1, ready=0), depth("a", 1)))
    assert lines[3] == "restoring 1 of 2 partitions: numbers leave them out"
    assert row(lines, "a")[0] == "1"


def test_a_worker_that_went_away_is_named_with_the_time_of_its_last_answer() -> None:
    refused = ConnectionRefusedError(111, "Connection refused")
    there = text(*partition(0), depth("a", 1))
    before = looks({A: there, B: there}, at_s=NOON)
    lines = screen(looks({A: there, B: refused}, before, at_s=NOON + 60), before)
    assert lines[0].startswith("deskpulse top   workers up 1/2")
    assert f"no answer since 2026-03-01 12:00:00 UTC: {B} (Connection refused)" in lines


def test_a_silent_source_is_named() -> None:
    lines = screen(
        desk(
            depth("a", 1),
            one("source_silent", 1, source="zendesk/acme"),
            one("source_silent", 0, source="phone"),
            one("source_last_event_timestamp_seconds", NOON - 7200, source="zendesk/acme"),
        )
    )
    assert lines[3] == "source zendesk/acme is silent, last event 2h ago"
    assert not any("phone" in line for line in lines)


def many(queues: int) -> Scrape:
    return desk(
        *(depth(f"queue number {number:02}", 1000 + number) for number in range(queues)),
        *(one("source_silent", 1, source=f"source {number}") for number in range(9)),
    )


@pytest.mark.parametrize("queues", [0, 1, 5, 30])
@pytest.mark.parametrize(("width", "height"), [(80, 24), (160, 40), (60, 20)])
def test_a_live_picture_fits_its_screen(queues: int, width: int, height: int) -> None:
    lines = screen(many(queues), width=width, height=height)
    assert len(lines) <= height
    assert max(map(cell_len, lines)) <= width
    assert lines[-1].startswith("Ctrl-C ends")
    assert any(line.startswith("total") for line in lines)


def test_a_narrow_screen_drops_whole_columns_the_least_important_first() -> None:
    now = desk(depth("billing", 1))

    def titles(width: int) -> set[str]:
        return set(" ".join(screen(now, width=width)[3:5]).split())

    assert {"assigned", "waiting", "resolution", "response"} <= titles(120)
    assert titles(120) - titles(80) == {"waiting", "resolution", "24h", "p50"}
    assert titles(40) <= {"queue", "active", "un-", "answered", "oldest", "unansw."}


def test_queues_that_do_not_fit_are_counted_and_stay_in_the_total() -> None:
    lines = screen(many(30), width=80, height=24)
    shown = [line for line in lines if line.startswith("queue number")]
    assert shown[0].startswith("queue number 29")
    assert f"+{30 - len(shown)} more" in lines
    assert row(lines, "total")[0] == "30,435"


def test_a_plain_print_shows_everything_and_does_not_speak_of_ending() -> None:
    lines = screen(many(30))
    assert sum(line.startswith("queue number") for line in lines) == 30
    assert not any("Ctrl-C" in line for line in lines)


@pytest.mark.parametrize("wrapped", [False, True])
def test_inside_a_live_screen_it_keeps_to_the_lines_there_are(wrapped: bool) -> None:
    file = io.StringIO()
    console = Console(file=file, width=80, height=24, force_terminal=True, color_system=None)
    picture = board(many(30), many(30))
    with Live(
        Layout(picture) if wrapped else picture, console=console, screen=True, auto_refresh=False
    ):
        pass
    assert "Ctrl-C ends" in file.getvalue()


def test_whoever_names_a_queue_does_not_drive_the_terminal() -> None:
    lines = screen(desk(depth("\x1b[2Jgone\n[red]x[/red]", 1)))
    assert row(lines, "?[2Jgone?[red]x[/red]")[0] == "1"


def test_without_colour_or_blocks_it_says_the_same() -> None:
    console = Console(file=io.TextIOWrapper(io.BytesIO(), encoding="ascii"), width=80)
    with console.capture() as capture:
        console.print(board(desk(depth("a", 1)), desk(depth("a", 1))))
    assert capture.get().isascii()
    assert "####" in capture.get()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (-5, "0s"),
        (59.9, "59s"),
        (425, "7m05s"),
        (3600, "1h"),
        (3660, "1h01m"),
        (86399, "23h59m"),
        (187_200, "2d04h"),
        (100 * 86400, "100d"),
    ],
)
def test_a_span_has_at_most_two_units(seconds: float | None, text: str) -> None:
    assert quantities.span(seconds) == text


def test_percentiles_of_few_values_carry_a_mark() -> None:
    def of(count: int) -> str:
        buckets = ((60.0, count), (float("inf"), count))
        return quantities.percentiles(Distribution(buckets), 0.5, 0.9)

    assert [of(0), of(4), of(5)] == ["-", "30s/54s*", "30s/54s"]


def test_a_percentile_beyond_the_last_bound_says_no_more_than_that() -> None:
    beyond = Distribution(((86400.0, 1), (float("inf"), 20)))
    assert quantities.percentiles(beyond, 0.01, 0.9) == "4h48m/>1d"


def test_it_shows_what_a_worker_exports() -> None:
    worker = Desk().own(0)
    worker.receive(
        0,
        worker.event("t1", "ticket.created", 2 * HOUR_MS, queue="billing", channel="email"),
        worker.event("t2", "ticket.created", HOUR_MS // 2, queue="billing", channel="chat"),
        worker.reply("t1", "agent", HOUR_MS),
        worker.event("t2", "ticket.updated", 0, status="resolved"),
    )
    worker.commit()
    answer = generate_latest(worker.registry()).decode()
    lines = screen(looks({A: answer}, at_s=worker.now / 1000))
    assert lines[0].endswith("partitions ready 1/1")
    assert "lag 0 events, 0s   committed 0s ago" in lines[1]
    assert row(lines, "billing")[:5] == ["1", "1", "0", "0", "-"]
    assert row(lines, "billing")[5:7] == ["1", "1"]


def test_top_ends_in_one_line_when_no_worker_answers_at_first() -> None:
    with pytest.raises(UserError, match=r"no worker answers .*start one with `deskpulse worker`"):
        top(["worker-1:9108"])


def test_top_prints_one_picture_where_there_is_no_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("streams.cli.top.scrape", lambda _, **__: desk(depth("billing", 3)))
    monkeypatch.setattr(out, "_width", 80)
    assert top([A]) == 0
    assert "billing" in capsys.readouterr().out


# -- quality ------------------------------------------------------------------------------


def judged(queue: str, times: int = 1, window: str = "7d") -> list[Series]:
    """What a week of a queue came to, so many times over."""
    week = {
        "window_csat": 20,
        "window_csat_satisfied": 18,
        "window_first_contact_judged": 50,
        "window_first_contact": 40,
        "window_resolved": 60,
        "window_reopened": 3,
        "window_outcome": 50,
        "window_outcome_moved": 10,
        "window_touched": 40,
        "window_handled_seconds": 40 * 330,
        "window_created": 80,
        "window_conflict": 4,
    }
    return [one(name, times * n, window=window, queue=queue) for name, n in week.items()]


CELLS = [*("90%", "18/20", "80%", "40/50", "5%", "3/60", "20%", "10/50"), "5m30s", "5%", "4/80"]


def judged_row(lines: list[str], name: str) -> list[str]:
    start = next(i for i, line in enumerate(lines) if line.startswith("quality"))
    return row(lines[start:], name)


def test_quality_by_queue_stands_below_with_its_counts() -> None:
    lines = screen(desk(depth("billing", 12), *judged("billing"), *judged("mail", 2)))
    assert judged_row(lines, "billing") == CELLS
    assert judged_row(lines, "mail")[:2] == ["90%", "36/40"]
    assert judged_row(lines, "total")[:2] == ["90%", "54/60"]
    start = next(i for i, line in enumerate(lines) if line.startswith("quality"))
    assert [line.split()[0] for line in lines[start + 1 : start + 4]] == [
        "mail",
        "billing",
        "total",
    ]


def test_of_few_there_are_counts_and_a_mark() -> None:
    few = {
        "window_csat": 4,
        "window_csat_satisfied": 3,
        "window_touched": 2,
        "window_handled_seconds": 600,
    }
    series = [one(name, n, window="7d", queue="billing") for name, n in few.items()]
    cells = judged_row(screen(desk(depth("billing", 12), *series)), "billing")
    assert cells == ["3/4*", "-", "-", "-", "5m*", "-"]


def test_where_nothing_was_judged_there_is_no_such_table() -> None:
    quiet = [one("window_outcome", 0, window="7d", queue="billing")]
    assert not any(line.startswith("quality") for line in screen(desk(depth("a", 3), *quiet)))
    assert not any(line.startswith("quality") for line in screen(desk(depth("a", 3))))


def test_quality_is_of_a_week_or_of_the_window_there_is() -> None:
    day = judged("billing", window="24h")
    assert any("CSAT" in line for line in screen(desk(depth("billing", 1), *day)))
    assert any(line.lstrip("quality ").startswith("24h") for line in screen(desk(*day)))
    both = screen(desk(depth("billing", 1), *day, *judged("billing", 2)))
    assert judged_row(both, "billing")[:2] == ["90%", "36/40"]


@pytest.mark.parametrize("width", [100, 80, 60])
def test_quality_is_readable_in_a_terminal_of_a_hundred_columns(width: int) -> None:
    series = [*judged("billing", 50), *judged("second-line-support", 5)]
    lines = screen(desk(depth("billing", 12), *series), width=width)
    assert max(map(len, lines)) <= width
    cells = judged_row(lines, "billing")
    assert cells[:2] == ["90%", "900/1,000"]
    assert width < 100 or cells[-1] == "200/4,000"


def test_promises_come_before_quality_and_quality_before_breakdowns() -> None:
    """A screen too low for all of them; the queues always have three lines."""
    now = desk(
        *(depth(name, 5) for name in "abcd"),
        *judged("a"),
        one("sla_due", 0, policy="gold", clock="resolution", within="1h"),
    )

    def shown(height: int) -> list[str]:
        lines = screen(now, height=height)
        titles = ("promise", "quality", "by status")
        return [title for title in titles if any(line.startswith(title) for line in lines)]

    full = len(screen(now)) + 5
    assert shown(full) == ["promise", "quality", "by status"]
    found = [shown(height) for height in range(full, 8, -1)]
    assert found.index(["promise", "quality"]) < found.index(["promise"]) < found.index([])
    assert all(each in ([], ["promise"], ["promise", "quality"], shown(full)) for each in found)


def test_a_page_of_its_own_has_quality_only() -> None:
    console = Console(file=io.StringIO(), width=WIDE, force_terminal=True, color_system=None)
    now = desk(depth("billing", 12), *judged("billing"))
    with console.capture() as capture:
        console.print(board(now, now, quality=True))
    text = capture.get()
    assert "deskpulse top" in text
    assert "CSAT" in text
    assert "by status" not in text
    with console.capture() as capture:
        console.print(board(desk(), desk(), quality=True))
    assert "nothing to judge yet" in capture.get()


def test_every_kpi_of_the_catalogue_stands_on_the_page_of_quality() -> None:
    """Each with the value of the engine's own formula, from sums that no two share."""
    kpis = [kpi for kpi in KPIS if kpi.in_windows]
    terms = {term for kpi in kpis for term in (*kpi.top, *kpi.bottom) if term.kind in WINDOWED}
    numbers = {metric_of(term): 10 + 7 * n for n, term in enumerate(sorted(terms))}
    sums = Sums()
    for term in terms:
        if term.of == "count":
            sums.counts[term.kind] = numbers[metric_of(term)]
        else:
            sums.amounts[term.kind] = 1000 * numbers[metric_of(term)]
    labels = {"window": "7d", "queue": "a"}
    now = desk(
        *(
            one(name, n, **{label: labels[label] for label in DECLARED[name]})
            for name, n in numbers.items()
        )
    )
    lines = Console(file=io.StringIO(), width=60, color_system=None)
    with lines.capture() as capture:
        lines.print(catalogue_table(now.numbers, 60, None))
    shown = capture.get().splitlines()
    assert len(shown) == len(kpis)
    for kpi, line in zip(kpis, shown, strict=True):
        assert line.startswith(words.name(kpi.name))
        assert quantities.reading(read_kpi(kpi, sums), kpi.unit) in line


def test_times_agents_and_customers_stand_on_the_page_of_quality() -> None:
    """Of agents and customers only where workers show them; cover is of promised queues."""
    seconds = [
        one("window_next_reply", 10, window="7d"),
        one("window_next_reply_seconds", 6_000, window="7d"),
    ]
    week = {"window": "7d", "queue": "a"}
    staff = [
        one("window_scheduled_seconds", 1_000, **week),
        one("window_within_shift_seconds", 800, **week),
        one("window_overtime_seconds", 200, **week),
        one("window_handled_seconds", 500, **week),
        one("cover_min_staff", 2),
        *(one("cover_promised", promised, queue=queue) for queue, promised in CALENDARS.items()),
        *(
            one("agents", number, queue=queue, state=state)
            for queue, state, number in (
                ("a", "online", 1),
                ("a", "busy", 1),
                ("b", "online", 1),
                ("b", "away", 4),
            )
        ),
    ]
    public = [
        one("customers_retained", 30, period="month"),
        one("customers_before", 40, period="month"),
        one("customers_before", 400, period="year"),
        one("contacts_waited_seconds", 900, channel="phone"),
        one("contacts_answered", 10, channel="phone"),
    ]
    console = Console(file=io.StringIO(), width=60, color_system=None)

    def shown(*series: Series) -> list[str]:
        with console.capture() as capture:
            console.print(catalogue_table(desk(*series).numbers, 60, None))
        return [" ".join(line.split()) for line in capture.get().splitlines()]

    assert shown(*seconds) == ["next reply 10m"]
    assert shown(*seconds, *staff, *public) == [
        "next reply 10m",
        "adherence 80% 800/1,000",
        "occupancy 50% 500/1,000",
        "retention this month 75% 30/40",
        "speed of answer 1m30s",
        "covered queues now 1/2*",
    ]


CALENDARS = {"a": 1, "b": 1, "closed": 0}


def test_the_page_of_quality_fits_its_screen_and_says_more_on_a_wide_one() -> None:
    now = desk(depth("billing", 12), *(judged(name)[0] for name in "abcdefghij"), *judged("k"))

    for width, height in ((80, 24), (160, 40)):
        lines = screen(now, width=width, height=height, quality=True)
        assert len(lines) <= height
        assert max(map(cell_len, lines)) <= width
        assert any(line.startswith("total") for line in lines)
        assert any("FCR" in line for line in lines)
