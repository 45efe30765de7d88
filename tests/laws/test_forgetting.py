"""Law 2 as time passes: tickets shrink, are dropped and settled, and no answer changes."""

from hypothesis import assume, given
from hypothesis import strategies as st

from streams.core.instants import DAY, HOUR
from tests import promised, strategies
from tests.laws.driving import Report, Rules, engine_report, reference_report, restored
from tests.laws.recount import gauges, live_gauges, tickets
from tests.laws.stories import HORIZONS, Story, stories, tell

RULES = st.builds(
    lambda chosen, sla: Rules.of(chosen, sla, **HORIZONS),
    strategies.settings(),
    st.one_of(st.none(), promised.slas()),
)
STORIES = strategies.event_sets(days=(0, 1, 10, 11, 30), tickets=4).flatmap(stories)


@given(STORIES, RULES)
def test_the_report_is_that_of_the_reference_model(story: Story, rules: Rules) -> None:
    """A peak is recounted over the tickets kept, so it stands while none was dropped."""
    partition, arrived, now = tell(story, rules)
    assume(arrived)
    found = engine_report(partition.books(), rules, now)
    expected = reference_report(arrived, rules, now)
    if partition.processor.settled.months:
        found, expected = _without_peak(found), _without_peak(expected)
    assert found == expected


@given(STORIES, RULES)
def test_the_gauges_are_those_of_the_tickets_kept(story: Story, rules: Rules) -> None:
    partition, arrived, _ = tell(story, rules)
    kept = [event for event in arrived if event["subject"] in partition.processor.wake()]
    found = tickets(kept, rules.reference)
    assert live_gauges(partition.processor) == gauges(found, rules.reference)


@given(STORIES, RULES)
def test_in_the_end_nothing_is_kept_but_sums(story: Story, rules: Rules) -> None:
    """Dropped is who has been silent, and quiet in arrival too: hence the second step."""
    partition, arrived, now = tell(story, rules)
    assume(arrived)
    partition.processor.advance(now)
    now += 5 * DAY + 2 * HOUR + 1
    partition.processor.advance(now)
    assert partition.processor.wake() == {}
    assert not partition.processor.watch.open
    found = engine_report(partition.books(), rules, now)
    assert found == _without_peak(reference_report(arrived, rules, now))
    again = restored(rules.engine, partition.changelog)
    assert (again.records, again.settled.dump()) == ({}, partition.processor.settled.dump())


def _without_peak(found: Report) -> Report:
    depth = {name: part for name, part in found.get("queue_depth", {}).items() if name != "peak"}
    rest = {name: part for name, part in found.items() if name != "queue_depth"}
    return rest | ({"queue_depth": depth} if depth else {})
