"""Law 4 of SLA clocks: the live sums equal a recount from all instances, at any effective now.

Windows look back from effective now, (floor(now, step) - span, now], along the wall clock or
along the open time of a calendar, and count a verdict at its deadline:

    wall          ------|=========|-----------------|=========|----->
    open time     ------.=========.-----------------.=========.----->
                             (______________________________]  one working hour
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from streams.core.calendars import FOREVER
from streams.core.instants import DAY, HOUR, MINUTE
from streams.core.watch import OPEN, OUTCOMES, PRESSING
from streams.core.windows import step_of
from tests import promised, strategies
from tests.laws import recount
from tests.laws.driving import CloudEvent, Partition, Rules, decoded
from tests.laws.lives import ADVANCE, COMMIT, CRASH, DRAWN, SQUASH, Life, delayed, live, lives
from tests.reference import clocks
from tests.reference.policies import Policies

RULES = st.builds(
    lambda chosen, sla: Rules.of(chosen, sla, apply_within=3 * DAY, windows=(5 * MINUTE, HOUR)),
    strategies.settings(),
    promised.slas(),
)
ARRIVED = st.one_of(
    DRAWN,
    *(strategies.event_sets(days=days, tickets=2) for days in ((0,), (0, 1, 3), (0, 20, 21))),
).flatmap(delayed)
AHEAD = st.one_of(
    # Half minutes hit every edge of a slot, and the seconds around every deadline.
    st.integers(0, 40).map(lambda halves: halves * MINUTE // 2),
    st.sampled_from((1, MINUTE - 1, MINUTE + 1, HOUR, 3 * HOUR, 30 * HOUR, 8 * DAY)),
)
LIVES = st.lists(st.tuples(lives(COMMIT, CRASH, SQUASH, ADVANCE), AHEAD), max_size=4)
SPANS = (15 * MINUTE, HOUR, 4 * HOUR)


@given(ARRIVED, RULES, LIVES)
def test_gauges_and_windows_equal_a_recount_at_any_instant(
    arrived: list[CloudEvent], rules: Rules, parts: list[tuple[Life, int]]
) -> None:
    """After late corrections, squashes and restarts: `restore` brings effective now along."""
    partition = Partition(rules.engine, decoded(arrived, rules.engine))
    for life, ahead in [*parts, ([("read",)], 0)]:
        live(partition, life)
        partition.catch_up()
        processor = partition.processor
        if processor.newest is not None:
            processor.advance(max(processor.newest + ahead, processor._clock))
            known = arrived[: processor.position]
            counted = list(_counted(known, rules, processor._clock))
            _assert_gauges(partition, counted, processor._clock)
            _assert_windows(partition, counted, processor._clock)


class Counted(NamedTuple):
    """One instance of the reference model, with what its ticket is now."""

    one: clocks.Instance
    queue: str
    urgent: bool

    @property
    def pair(self) -> tuple[str, str]:
        return self.one.policy, self.one.clock


def _counted(arrived: list[CloudEvent], rules: Rules, now: int) -> Iterator[Counted]:
    policies = Policies.of(rules.sla)
    for steps in recount.tickets(arrived, rules.reference):
        attributes = steps[-1].after.attributes
        queue, urgent = attributes.get("queue") or "", attributes.get("priority") == "urgent"
        for one in clocks.instances(steps, policies, rules.reference, now):
            yield Counted(one, queue, urgent)


def _assert_gauges(partition: Partition, counted: Iterable[Counted], now: int) -> None:
    watch = partition.processor.watch
    going = [each for each in counted if each.one.state in OPEN]
    assert watch.open == Counter((*each.pair, each.queue, each.one.state) for each in going)
    assert watch.urgent == Counter(
        (each.one.policy, each.one.clock, each.queue, each.one.state)
        for each in going
        if each.urgent and each.one.state in PRESSING
    )
    due: Counter[Any] = Counter()
    for each in going:
        deadline = each.one.deadline_ms
        if deadline is not None and each.one.state in {"running", "at_risk"}:
            due.update((*each.pair, span) for span in SPANS if now <= deadline <= now + span)
    assert due == +Counter(
        {
            (*pair, span): number
            for pair, deadlines in watch.due.items()
            for span, number in zip(SPANS, deadlines.within(now, SPANS), strict=True)
        }
    )


def _assert_windows(partition: Partition, counted: list[Counted], now: int) -> None:
    """All policies on the wall clock; those of each calendar along its open time."""
    watch = partition.processor.watch
    partition.processor.settle()
    for window in watch.wall.windows:
        assert Counter(window.totals) == _window(counted, now, window.span, lambda at: at)
    names = {policy.name: policy.calendar for policy in partition.settings.policies.policies}
    for calendar, windows in watch.working.items():
        own = [each for each in counted if names[each.one.policy] is calendar]
        for window in windows.windows:
            assert Counter(window.totals) == _window(own, now, window.span, calendar.before)


def _window(
    counted: Iterable[Counted], now: int, span: int, axis: Callable[[int], int]
) -> Counter[tuple[str, str, str]]:
    """Outcomes by policy and clock of deadlines in (floor(now, step) - span, now] on an axis."""
    end = axis(now)
    start = end - end % step_of(span) - span
    return Counter(
        (*each.pair, each.one.state)
        for each in counted
        if each.one.state in OUTCOMES
        and each.one.deadline_ms is not None
        and each.one.deadline_ms < FOREVER
        and start < axis(each.one.deadline_ms) <= end
    )
