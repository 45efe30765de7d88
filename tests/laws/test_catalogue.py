"""Laws 1, 2 and 4 of the catalogue of KPIs, against the reference model.

The model sees the set of all events; the engine what arrives, in any order and any batches, with
crashes, squashes and restarts in between. Windows are compared with a recount of the facts.
"""

from collections import Counter
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from streams.core.events import Redaction
from streams.core.instants import DAY, HOUR, MINUTE
from tests import promised, strategies
from tests.laws import recount
from tests.laws.catalogues import Report, of_engine, of_reference
from tests.laws.driving import CloudEvent, Partition, Rules, decoded, engine, merged, partitions_of
from tests.laws.lives import ADVANCE, COMMIT, CRASH, SQUASH, Life, delayed, live, lives
from tests.laws.stories import HORIZONS, Story, stories, tell

RULES = strategies.catalogue_settings().map(Rules.of)
RULES_WITH_PROMISES = st.builds(Rules.of, strategies.catalogue_settings(), promised.slas())
AROUND_THE_CHANGE = (0, 1, 6, 29, 30, 31)
"""Clocks go forward on day 30; whatever happens a month late is late."""
ON_TIME = strategies.event_sets(catalogue=True)
ARRIVED = st.one_of(
    ON_TIME.flatmap(strategies.arrivals),
    strategies.event_sets(days=AROUND_THE_CHANGE, catalogue=True).flatmap(strategies.arrivals),
)
SIZES = st.lists(st.integers(1, 5), max_size=8)

HOURS: dict[str, Any] = {
    "apply_within": 2 * HOUR,
    "windows": (5 * MINUTE, HOUR),
    "closed_ticket": 3 * DAY,
}
"""Horizons of hours: on days 3 and 7 the first days are squashed, or late."""
RULES_OF_HOURS = strategies.catalogue_settings().map(lambda chosen: Rules.of(chosen, **HOURS))
ARRIVED_IN_DAYS = strategies.event_sets(days=(0, 1, 3, 7), events=12, catalogue=True).flatmap(
    lambda events: st.one_of(strategies.arrivals(events), delayed(events))
)


@given(ARRIVED, RULES, SIZES)
def test_the_catalogue_is_that_of_the_reference_model(
    arrived: list[CloudEvent], rules: Rules, sizes: list[int]
) -> None:
    found = of_engine(engine(arrived, rules, sizes).books(), rules)
    assert found == of_reference(arrived, rules)


@given(ON_TIME, RULES_WITH_PROMISES, st.integers(0, 7 * 24 * 60))
def test_as_of_any_instant_with_promises_it_is_that_of_the_reference_model(
    arrived: list[CloudEvent], rules: Rules, at_minute: int
) -> None:
    assume(arrived)
    as_of = int(strategies.START.timestamp() * 1000) + at_minute * MINUTE
    found = of_engine(engine(arrived, rules).books(), rules, as_of)
    assert found == of_reference(arrived, rules, as_of)


@given(
    ARRIVED_IN_DAYS,
    RULES_OF_HOURS,
    st.lists(lives(COMMIT, CRASH, SQUASH, ADVANCE), min_size=1, max_size=3),
)
def test_no_batch_partition_crash_or_squash_changes_it(
    arrived: list[CloudEvent], rules: Rules, by_partition: list[Life]
) -> None:
    partitions = partitions_of(arrived, len(by_partition), rules.engine)
    for partition, life in zip(partitions, by_partition, strict=True):
        live(partition, life)
        partition.read()
    found = of_engine(merged(partition.books() for partition in partitions), rules)
    assert found == of_reference(arrived, rules)


SHORT = strategies.catalogue_settings().map(
    # Squashing is for as long as the longest window: three weeks make it happen.
    lambda chosen: Rules.of(chosen, apply_within=3 * DAY, windows=(5 * MINUTE, HOUR, DAY, 7 * DAY))
)
AHEAD = st.sampled_from((0, MINUTE, HOUR, DAY, 8 * DAY))


@given(
    strategies.event_sets(days=(0, 1, 5, 20, 21), catalogue=True).flatmap(delayed),
    SHORT,
    st.lists(st.tuples(lives(COMMIT, CRASH, SQUASH), AHEAD), max_size=4),
)
def test_law_4_windows_are_a_recount_of_the_facts(
    arrived: list[CloudEvent], rules: Rules, parts: list[tuple[Life, int]]
) -> None:
    """Of what is taken back, too: an outcome by a reopening, an answer by the next one."""
    partition = Partition(rules.engine, decoded(arrived, rules.engine))
    for life, ahead in [*parts, ([("read",)], 0)]:
        live(partition, life)
        partition.catch_up()
        processor = partition.processor
        if processor.newest is None:
            continue
        processor.advance(processor.newest + ahead)
        found = recount.tickets(arrived[: processor.position], rules.reference)
        now = processor.windows.now
        assert now is not None
        for window in processor.windows.windows:
            whole = recount.catalogue_window(found, rules.reference, now, window.span)
            kept = Counter({key: n for key, n in whole.items() if key[0] not in window.without})
            assert recount.live_catalogue(processor)[window.span] == kept


@given(
    strategies.event_sets(days=(0, 1, 10, 11, 30), tickets=4, catalogue=True).flatmap(stories),
    strategies.catalogue_settings().map(lambda chosen: Rules.of(chosen, **HORIZONS)),
)
def test_shrinking_dropping_and_settling_change_nothing_that_is_kept(
    story: Story, rules: Rules
) -> None:
    partition, arrived, now = tell(story, rules)
    assume(arrived)
    found = of_engine(partition.books(), rules, now)
    assert lasting(found) == lasting(of_reference(arrived, rules, now))


def lasting(found: Report) -> Report:
    """The part of the catalogue that is kept of dropped tickets: sums by label and by month.

    Not what takes single tickets to tell: repeat contacts, days and weeks, the depth of a past
    instant, hours, drivers, what is provisional.
    """
    kept = {name: found.get(name, {}) for name in ("durations", "by", "periods")}
    kept["kpis"] = _lasting_kpis(found.get("kpis", {}))
    kept["by"] = {
        label: {
            value: {**row, "kpis": _lasting_kpis(row.get("kpis", {}))} for value, row in of.items()
        }
        for label, of in kept["by"].items()
    }
    kept["periods"] = {
        period: {name: _lasting_row(row) for name, row in kept["periods"].get(period, {}).items()}
        for period in ("month", "quarter", "year")
    }
    return kept


def _lasting_row(row: Report) -> Report:
    kpis = {k: v for k, v in _lasting_kpis(row.get("kpis", {})).items() if k != "resolved_of_all"}
    return {**{k: v for k, v in row.items() if k != "active_at_end"}, "kpis": kpis}


def _lasting_kpis(kpis: Report) -> Report:
    kept = {k: v for k, v in kpis.items() if k not in {"repeat_contacts", "peak_slow_down"}}
    for name, passing in (
        ("fcr", {"value", "repeated", "provisional"}),
        ("resolved_share", {"provisional"}),
    ):
        if name in kept:
            kept[name] = {k: v for k, v in kept[name].items() if k not in passing}
    return kept


@given(ON_TIME, RULES, st.sampled_from(("T1", "T2")))
def test_a_redaction_forgets_names_and_no_number(
    arrived: list[CloudEvent], rules: Rules, ticket: str
) -> None:
    """It does delete the ticket, so that it is not active any more."""
    partition = engine(arrived, rules)
    assume(ticket in partition.processor.wake())
    as_of = partition.books().newest
    before = of_engine(partition.books(), rules, as_of)
    partition.log.append(Redaction(ticket))
    partition.read()
    assert nameless(of_engine(partition.books(), rules, as_of)) == nameless(before)


def nameless(found: Report) -> Report:
    """Everything but names, and what a deletion changes.

    Names are those of agents, aspects, reasons, criteria and queues of a pair; without the name of
    the requester nobody knows who came again, and without the answers what drove them.
    """
    passing = {"drivers", "snapshots", "snapshots_by_queue", "open_now"}
    kept = {name: part for name, part in found.items() if name not in passing}
    kept["kpis"] = _nameless_kpis(found.get("kpis", {}))
    if "by" in kept.get("volume", {}):
        volumes = {label: rows for label, rows in kept["volume"]["by"].items() if label != "agent"}
        kept["volume"] = {**kept["volume"], "by": volumes}
    kept["by"] = {
        label: _nameless_rows(rows)
        for label, rows in found.get("by", {}).items()
        if label != "agent"
    }
    kept["periods"] = {
        period: _nameless_rows(rows) for period, rows in found.get("periods", {}).items()
    }
    return kept


def _nameless_rows(rows: Report) -> Report:
    found = {value: _nameless_row(row) for value, row in rows.items()}
    return {value: row for value, row in found.items() if any(row.values())}


def _nameless_row(row: Report) -> Report:
    tickets = {k: v for k, v in row.get("tickets", {}).items() if k not in OF_NOW}
    rest = {k: v for k, v in row.items() if k not in {"active_at_end", "over", "change"}}
    return {**rest, "tickets": tickets, "kpis": _nameless_kpis(row.get("kpis", {}))}


OF_NOW = {"active", "closed", "deleted"}
NAMES = {"aspects", "reasons", "by_criterion", "pairs", "repeated"}


def _nameless_kpis(kpis: Report) -> Report:
    dropped = {"repeat_contacts", "resolved_of_all"}
    return {
        name: {k: v for k, v in kpi.items() if k not in NAMES and (name, k) != ("fcr", "value")}
        for name, kpi in kpis.items()
        if name not in dropped
    }
