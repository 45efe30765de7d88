"""What agents did day by day adds up to what the report says of them; also of squashed tickets."""

from collections import Counter

from hypothesis import given

from streams.core import facts as fact
from streams.core.instants import DAY
from streams.core.recount import Recount
from streams.wire import packing
from tests import strategies
from tests.laws.driving import CloudEvent, Rules, engine

RULES = strategies.catalogue_settings().map(
    lambda chosen: Rules.of(chosen, apply_within=3 * DAY, windows=(DAY,))
)
ARRIVED = strategies.event_sets(catalogue=True, days=(0, 5, 20, 21)).flatmap(strategies.arrivals)


@given(ARRIVED, RULES)
def test_the_work_of_all_days_is_that_of_the_agent(arrived: list[CloudEvent], rules: Rules) -> None:
    books = engine(arrived, rules).books()
    as_of = books.newest
    if as_of is None:
        return
    count = Recount(books, rules.engine, packing, as_of)
    found = count.workdays.tickets(count.settled)
    handled: Counter[str] = Counter()
    touched: Counter[str] = Counter()
    resolved: Counter[str] = Counter()
    for (agent, _), done in found.work.items():
        handled[agent] += done.handled_ms
        touched[agent] += done.touched
        resolved[agent] += done.resolved
    for agent, sums in count.slices.values("agent"):
        if agent:
            assert handled[agent] == sums.amounts[fact.HANDLED]
            assert touched[agent] == sums.counts[fact.TOUCHED]
            assert resolved[agent] == sums.counts[fact.RESOLVED_ONCE]
    came = {queue: len(instants) for queue, instants in found.arrivals.items()}
    for queue, sums in count.slices.values("queue"):
        assert came.get(queue, 0) == sums.counts[fact.CREATED]
