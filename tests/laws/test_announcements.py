"""Law 6: what was said of a clock and not taken back is what is true of it, at any moment.

True of an instance is its log, and the marks (warn levels, the target) that effective now has
passed since. Said are the transitions that left the worker, and those that wait for the next
cut. It holds through late events, deletions, redactions, crashes and changes of policy.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from streams.core.announcing import Transition
from streams.core.events import Redaction
from streams.core.instants import HOUR, MINUTE
from tests import promised, strategies
from tests.laws.desks import desk, read, told
from tests.laws.driving import CloudEvent, Partition, Rules, decoded
from tests.laws.hearing import Heard, assert_says, truth
from tests.laws.instances import of_reference
from tests.laws.lives import (
    ADVANCE,
    AT_LEAST_ONCE,
    COMMIT,
    DRAWN,
    FEWER,
    LOST_TRANSACTION,
    SQUASH,
    Happening,
    Life,
    delayed,
    lives,
)
from tests.reference.pictures import minute

RULES = st.builds(
    lambda chosen, sla: Rules.of(chosen, sla, apply_within=6 * HOUR, windows=(5 * MINUTE, HOUR)),
    strategies.settings(),
    promised.slas(),
)
ARRIVED = st.one_of(
    DRAWN.flatmap(delayed),
    DRAWN,
    strategies.event_sets(days=(0, 1), tickets=2).flatmap(strategies.arrivals),
)
RECONFIGURE: SearchStrategy[Happening] = st.tuples(
    st.just("reconfigure"), RULES.map(lambda rules: rules.engine)
)
ONE: SearchStrategy[Happening] = st.just(("read", 1))
BEGUN: tuple[Life, ...] = ([], [("read", 3), ("advance", HOUR), ("commit",)])
"""Often a breach was said by a timer before anything else happens."""


def _begun(life: SearchStrategy[Life]) -> SearchStrategy[Life]:
    return st.builds(lambda begun, then: begun + then, st.sampled_from(BEGUN), life)


ONCE = _begun(lives(ONE, ONE, COMMIT, LOST_TRANSACTION, ADVANCE))
CHANGING = _begun(lives(ONE, COMMIT, LOST_TRANSACTION, ADVANCE, RECONFIGURE, SQUASH))
AGAIN = _begun(lives(ONE, COMMIT, AT_LEAST_ONCE, ADVANCE))


@FEWER
@given(ARRIVED, RULES, ONCE, st.sampled_from((0, MINUTE, 7 * HOUR)))
def test_what_stands_said_is_the_verdict_of_the_reference_model(
    arrived: list[CloudEvent], rules: Rules, life: Life, ahead: int
) -> None:
    partition = Partition(rules.engine, decoded(arrived, rules.engine))
    _live(partition, [*life, *[("read",)] * (partition.left > 0), ("advance", ahead)])
    standing = _heard(partition).standing
    now = partition.processor._clock
    expected = of_reference(arrived, rules, now) if now >= 0 else []
    for one in expected:
        key = (one.ticket, one.clock, *one.event)
        assert_says(Counter(standing.pop(key, {}).values()), one)
    assert not any(standing.values())


@given(ARRIVED, RULES, CHANGING, st.data())
def test_said_minus_taken_back_is_true_at_every_moment(
    arrived: list[CloudEvent], rules: Rules, life: Life, data: st.DataObject
) -> None:
    """Whatever happens, also a redaction and other policies; each thing is said once."""
    redactions = data.draw(st.lists(st.just(Redaction("T1")), max_size=1))
    log = [*decoded(arrived, rules.engine), *redactions]
    partition = Partition(rules.engine, data.draw(st.permutations(log)) if redactions else log)
    _live(partition, [*life, ("read",), ("advance", 7 * HOUR)])


def test_a_pause_that_comes_in_late_takes_the_breach_back() -> None:
    """The timer has said it; the log of the clock never held it."""
    partition = desk({"resolution": {"within": "5m", "pause": ["pending"]}}, "C")
    partition.processor.advance(minute(10))
    read(partition, "...p")
    assert told(partition) == [("breached", 5), ("retracted", 10)]


def test_nothing_but_that_it_is_cancelled_is_said_of_a_ticket_that_is_gone() -> None:
    """A shorter target is past already; it counts once the ticket is restored."""
    partition = desk({"resolution": {"urgent": "2m", "normal": "30m"}}, "Cn...D.u")
    assert told(partition) == [("cancelled", 5)]
    read(partition, "........U")
    assert told(partition) == [("resumed", 8), ("breached", 8)]


@FEWER
@given(ARRIVED, RULES, AGAIN)
def test_without_transactions_it_is_said_again_with_the_same_id(
    arrived: list[CloudEvent], rules: Rules, life: Life
) -> None:
    """What left the worker before a crash, while the record of it was lost."""
    partition = Partition(rules.engine, decoded(arrived, rules.engine))
    for name, *arguments in [*life, ("read",), ("advance", 7 * HOUR)]:
        getattr(partition, name)(*arguments)
    _heard(partition, again=True)


def _live(partition: Partition, life: Iterable[Happening]) -> None:
    """Go through a life, and listen after each happening."""
    for name, *arguments in life:
        getattr(partition, name)(*arguments)
        standing = _heard(partition).standing
        said = {key: Counter(names.values()) for key, names in standing.items() if names}
        assert said == truth(partition.processor)


def _heard(partition: Partition, *, again: bool = False) -> Heard:
    heard = Heard()
    transitions: Sequence[Transition] = [*partition.said, *partition.processor._transitions]
    for transition in transitions:
        heard.hear(transition, again=again)
    return heard
