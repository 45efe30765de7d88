"""Partitions come and go; what a worker exports stays true."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from streams.config import Config
from streams.kafka.memory import Storage
from streams.kafka.partitions import Owned
from streams.metrics.catalogue import CATALOGUE, MAX_PARTITIONS, Origin
from tests.unit.metrics.desk import HOUR, MINUTE, START, Desk, budget


def exported(desk: Desk, *origins: Origin) -> set[str]:
    """The metrics from these origins that have samples."""
    families = desk.families()
    return {
        metric.name
        for metric in CATALOGUE
        if metric.origin in origins and families[f"deskpulse_{metric.name}"].samples
    }


def test_numbers_of_tickets_are_withheld_until_the_partition_is_restored() -> None:
    desk = Desk().own(0)
    desk.receive(0, desk.event("T1", "ticket.created", queue="pay"))
    desk.partitions.owned[0].ready = False
    desk.show()
    assert desk.samples("state_ready") == {("0",): 0}
    assert exported(desk, Origin.NOW, Origin.WINDOW) == set()
    assert desk.samples("watermark_timestamp_seconds") == {}
    desk.partitions.owned[0].ready = True
    desk.show()
    assert desk.samples("state_ready") == {("0",): 1}
    assert desk.samples("tickets_unassigned") == {("pay",): 1}


def test_a_partition_that_is_not_ready_leaves_the_numbers_of_the_others_alone() -> None:
    desk = Desk().own(0, 1)
    desk.receive(0, desk.event("T1", "ticket.created", queue="pay"))
    desk.receive(1, desk.event("T2", "ticket.created", queue="pay"))
    desk.partitions.owned[1].ready = False
    desk.show()
    assert desk.samples("tickets_unassigned") == {("pay",): 1}
    assert desk.samples("state_ready") == {("0",): 1, ("1",): 0}


def test_windows_wait_until_the_partition_has_caught_up_once() -> None:
    """A restored worker with a backlog does not know yet what the last hour held."""
    desk = Desk().own(0)
    desk.receive(0, desk.event("T1", "ticket.created", queue="pay"), behind=5)
    desk.commit()
    assert desk.samples("window_created") == {}
    assert desk.samples("tickets_unassigned") == {("pay",): 1}
    desk.receive(0, desk.event("T2", "ticket.created", queue="pay"))
    desk.commit()
    assert desk.samples("window_created")["pay", "1h"] == 2


def test_a_counter_never_falls_when_partitions_leave_and_return() -> None:
    storage = Storage()
    desk = Desk(budget(1), storage).own(0, 1)
    for partition in (0, 1):
        desk.receive(
            partition,
            desk.event(f"A{partition}", "ticket.created", HOUR, queue="pay"),
            desk.event(f"B{partition}", "ticket.created", HOUR, queue="tech"),
            desk.reply(f"A{partition}", "agent"),
        )
    desk.commit()
    before = counters(desk)
    assert before["tickets_created_total", ("pay",)] == 2
    steps: list[Callable[[], object]] = [
        lambda: desk.lose(0, 1),
        lambda: desk.own(1),
        lambda: desk.receive(1, desk.event("C", "ticket.created", queue="third")),
        lambda: desk.own(0),
        lambda: desk.receive(0, desk.event("D", "ticket.created", queue="tech")),
    ]
    for step in steps:
        step()
        desk.commit()
        after = counters(desk)
        assert all(after[key] >= value for key, value in before.items())
        before = after
    assert before["tickets_created_total", ("pay",)] == 2
    assert before["tickets_created_total", ("other",)] == 4


def counters(desk: Desk) -> dict[tuple[str, tuple[str, ...]], float]:
    """Every counter-like series: counters, and the parts of histograms since the start."""
    return {
        (sample.name.removeprefix("deskpulse_"), tuple(sample.labels.values())): sample.value
        for family in desk.families().values()
        if family.type in ("counter", "histogram")
        for sample in family.samples
    }


def test_without_partitions_only_the_counts_of_this_process_remain() -> None:
    desk = Desk().own(0)
    desk.receive(0, desk.event("T1", "ticket.created", queue="pay"))
    desk.commit()
    desk.lose(0)
    desk.show()
    assert exported(desk, Origin.NOW, Origin.WINDOW) == set()
    assert desk.samples("state_ready") == {}
    assert desk.samples("tickets_created_total") == {("pay",): 1}


def test_after_a_restart_the_largest_queues_get_the_names() -> None:
    storage = Storage()
    first = Desk(budget(1), storage).own(0)
    first.receive(0, first.event("T1", "ticket.created", queue="small"))
    first.commit()
    assert first.samples("tickets_unassigned") == {("small",): 1}
    first.receive(
        0, *(first.event(f"T{number}", "ticket.created", queue="large") for number in (2, 3))
    )
    first.commit()
    assert first.samples("tickets_unassigned") == {("small",): 1, ("other",): 2}
    second = Desk(budget(1), storage).own(0)
    second.show()
    assert second.samples("tickets_unassigned") == {("large",): 2, ("other",): 1}


def test_the_watermark_is_the_instant_the_partition_has_caught_up_with() -> None:
    desk = Desk().own(0)
    desk.receive(0, desk.event("T1", "ticket.created"))
    desk.now += HOUR
    desk.show()
    assert desk.samples("watermark_timestamp_seconds") == {("0",): START / 1000}
    assert desk.samples("consumer_lag_events") == {("0",): 0}
    assert desk.samples("consumer_lag_seconds") == {("0",): 0}


def test_a_partition_that_is_behind_tells_by_how_much() -> None:
    desk = Desk().own(0)
    desk.receive(0, desk.event("T1", "ticket.created"), behind=7)
    desk.now += 90_000
    desk.show()
    assert desk.samples("consumer_lag_events") == {("0",): 7}
    assert desk.samples("consumer_lag_seconds") == {("0",): 90}
    # It never caught up: its numbers are as old as the event it read last.
    assert desk.samples("watermark_timestamp_seconds") == {("0",): START / 1000}


def test_what_is_not_known_yet_is_not_claimed() -> None:
    desk = Desk().own(0)
    desk.show()
    assert desk.samples("state_ready") == {("0",): 1}
    for name in ("consumer_lag_events", "consumer_lag_seconds", "watermark_timestamp_seconds"):
        assert desk.samples(name) == {}, name
    assert desk.samples("last_commit_timestamp_seconds") == {}


def test_more_partitions_than_have_room_are_shown_together_with_the_worst_values() -> None:
    desk = Desk().own(*range(MAX_PARTITIONS + 2))
    for partition in range(MAX_PARTITIONS + 2):
        desk.receive(partition, desk.event(f"T{partition}", "ticket.created"), behind=partition)
    desk.partitions.owned[MAX_PARTITIONS + 1].ready = False
    desk.now += MINUTE
    desk.show()
    ready = desk.samples("state_ready")
    assert len(ready) == MAX_PARTITIONS + 1
    assert ready["0",] == 1
    assert ready["other",] == 0
    assert desk.samples("consumer_lag_events")["other",] == MAX_PARTITIONS


def test_the_last_commit_has_its_time() -> None:
    desk = Desk().own(0)
    desk.receive(0, desk.event("T1", "ticket.created"))
    desk.now += MINUTE
    desk.commit()
    assert desk.samples("last_commit_timestamp_seconds") == {(): (START + MINUTE) / 1000}


def test_every_outcome_and_reason_is_there_before_its_first_event() -> None:
    desk = Desk().own(0)
    desk.show()
    outcomes = {(name,) for name in ("applied", "duplicate", "late", "ignored", "rejected")}
    assert set(desk.samples("events_total")) == outcomes
    assert set(desk.samples("events_total").values()) == {0}
    assert desk.samples("dead_letters_total")["json",] == 0
    assert not any(
        reason.startswith("missing:") for (reason,) in desk.samples("dead_letters_total")
    )
    assert desk.samples("events_flagged_total")["conflict",] == 0
    assert desk.samples("late_events_total") == {(): 0}
    assert desk.samples("corrections_total") == {(): 0}


def test_events_are_counted_by_what_became_of_them() -> None:
    desk = Desk().own(0)
    created = desk.event("T1", "ticket.created", colour="red")
    desk.receive(
        0,
        created,
        created,
        desk.event("T1", "ticket.updated", 8 * 24 * HOUR, status="open"),
        desk.event("T1", "ticket.painted"),
        ("T1", b"{"),
        desk.event("T1", "ticket.merged"),
    )
    desk.commit()
    assert desk.samples("events_total") == {
        ("applied",): 1,
        ("duplicate",): 1,
        ("late",): 1,
        ("ignored",): 1,
        ("rejected",): 2,
    }
    assert desk.samples("late_events_total") == {(): 1}
    reasons = {key: n for key, n in desk.samples("dead_letters_total").items() if n}
    assert reasons == {("json",): 1, ("missing:into",): 1}
    assert desk.samples("events_flagged_total")["unknown_attribute",] >= 1


def test_a_source_has_the_time_of_its_newest_event_from_any_partition() -> None:
    desk = Desk(budget(1, source=1)).own(0, 1)
    for number in range(3):
        desk.receive(number % 2, desk.event(f"T{number}", "ticket.created", number * MINUTE))
    desk.receive(1, desk.event("T9", "ticket.created", HOUR, source="zz"))
    desk.commit()
    newest = {("desk/a",): START / 1000, ("other",): (START - HOUR) / 1000}
    assert desk.samples("source_last_event_timestamp_seconds") == newest
    assert desk.samples("source_silent") == {("desk/a",): 0, ("other",): 0}


def test_a_source_that_misses_its_usual_hour_is_silent_until_it_is_heard_again() -> None:
    """Twelve events an hour for three weeks, then none; the other partition has its share too."""
    desk = Desk(replace(Config(), time="event", out_of_orderness=0)).own(0)
    week = 7 * 24 * 12
    desk.receive(
        0,
        *(
            desk.event(f"T{number}", "ticket.created", number * 5 * MINUTE)
            for number in range(3 * week, 0, -1)
        ),
    )
    desk.commit()
    assert desk.samples("source_silent") == {("desk/a",): 0}
    desk.now += 4 * HOUR
    desk.receive(0, desk.event("T", "ticket.created", source="desk/b"))
    desk.commit()
    assert desk.samples("source_silent") == {("desk/a",): 1, ("desk/b",): 0}
    desk.receive(0, desk.event("U", "ticket.created"))
    desk.commit()
    assert desk.samples("source_silent") == {("desk/a",): 0, ("desk/b",): 0}


def test_a_partition_on_its_way_out_is_not_shown_as_ready() -> None:
    desk = Desk().own(0)
    desk.receive(0, desk.event("T1", "ticket.created"))
    seen: list[float] = []
    write = desk.partitions._write

    async def watched(owned: Owned) -> None:
        desk.show()
        seen.extend(desk.samples("state_ready").values())
        await write(owned)

    desk.partitions._write = watched  # type: ignore[method-assign]
    asyncio.run(desk.partitions.release([0]))
    assert seen == [0]
