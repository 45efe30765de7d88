"""Law 4 for the catalogue: the sums behind KPIs are those of all tickets folded again."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from streams.core import facts as fact
from streams.core import record as records
from streams.core.facts import Fact
from streams.core.instants import DAY, HOUR, MINUTE
from streams.core.processor import Processor
from streams.core.windows import COUNT, SUM, WindowKey, step_of
from streams.wire import packing
from tests import strategies
from tests.laws.driving import CloudEvent, Partition, Rules, decoded
from tests.laws.lives import COMMIT, CRASH, Life, live, lives

RULES = strategies.catalogue_settings().map(
    lambda chosen: Rules.of(chosen, windows=(5 * MINUTE, HOUR, DAY, 7 * DAY))
)
ARRIVED = strategies.event_sets(catalogue=True).flatmap(strategies.arrivals)
AHEAD = st.sampled_from((0, 30_000, HOUR, 2 * DAY, 8 * DAY))
LIVES = st.lists(st.tuples(lives(COMMIT, CRASH), AHEAD), max_size=3)


@given(ARRIVED, RULES, LIVES)
def test_sums_behind_kpis_equal_a_recount_at_any_instant(
    arrived: list[CloudEvent], rules: Rules, parts: list[tuple[Life, int]]
) -> None:
    """After corrections and restarts; and only the windows chosen for KPIs have them."""
    partition = Partition(rules.engine, decoded(arrived, rules.engine))
    for life, ahead in [*parts, ([("read",)], 0)]:
        live(partition, life)
        partition.catch_up()
        processor = partition.processor
        if processor.newest is not None:
            processor.advance(processor.newest + ahead)
            processor.settle()
            _assert_windows_are_right(processor)


def _assert_windows_are_right(processor: Processor) -> None:
    settings = processor.settings
    now = processor.windows.now
    assert now is not None
    folded = [
        item
        for record in processor.wake().values()
        for item in records.refold(record, settings, packing)[1]
        if item.kind in fact.CATALOGUED
    ]
    for window in processor.windows.windows:
        start = now - now % step_of(window.span) - window.span
        inside = [item for item in folded if start < item.at <= now]
        expected = _sums(inside) if window.span in settings.kpi_windows else Counter()
        found = {key: n for key, n in window.totals.items() if key[0] in fact.CATALOGUED}
        assert found == expected


def _sums(items: list[Fact]) -> Counter[WindowKey]:
    """How many of each kind and queue there are, and what their values add up to."""
    sums: Counter[WindowKey] = Counter()
    for item in items:
        queue = item.cell[1] if item.kind == fact.CRITERION else item.cell[0]
        sums[item.kind, queue, COUNT] += item.sign
        sums[item.kind, queue, SUM] += item.sign * (item.value or 0)
    return Counter({key: n for key, n in sums.items() if n})
