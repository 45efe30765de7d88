"""Law 7: the intervals of a ledger sum to the number shown, whichever way that is reached."""

from collections import Counter
from itertools import pairwise
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from streams.core import promises
from streams.core.clocks import CANCELLED, STATES
from streams.core.instants import DAY, HOUR, MINUTE, parse_rfc3339
from streams.core.ledger import Account, Ledger, Rule, ledger
from streams.core.report import report
from streams.wire import packing
from tests import promised, strategies
from tests.laws.driving import CloudEvent, Partition, Rules, canonical, engine
from tests.reference.clocks import instances as reference_instances
from tests.reference.judging import judge, split
from tests.reference.policies import Policies as ReferencePolicies
from tests.reference.ticket import walk

EVENTS = st.one_of(
    [strategies.event_sets(days=days, tickets=2) for days in (strategies.WITHIN_HORIZON, (0,))]
)
LATER = st.sampled_from((0, 5 * MINUTE, 7 * HOUR, 30 * HOUR, 401 * DAY))
CHOSEN = strategies.settings()


def ledgers(partition: Partition, as_of: int) -> dict[str, Ledger]:
    return {
        name: ledger(record, partition.settings, packing, as_of)
        for name, record in partition.processor.wake().items()
    }


def newest(partition: Partition) -> int:
    found = partition.books().newest
    assume(found is not None)
    return found or 0


@given(EVENTS, promised.slas(), CHOSEN, LATER)
def test_the_lines_of_an_instance_leave_no_hole_and_sum_to_what_it_used(
    events: list[CloudEvent], sla: promised.Sla, chosen: dict[str, Any], later: int
) -> None:
    partition = engine(events, Rules.of(chosen, policies=promised.policies(sla)))
    as_of = newest(partition) + later
    for name, found in ledgers(partition, as_of).items():
        ticket = partition.processor.wake()[name].ticket
        clocks = {clock.key: clock for clock in promises.instances(ticket)}
        assert {_key(account) for account in found.accounts} == clocks.keys()
        for account in found.accounts:
            _assert_without_holes(account)
            if account.state != CANCELLED:
                clock = clocks[_key(account)]
                spent = promises.spent(clock, ticket, account.until)
                assert account.used == promises.total(spent) == clock.used_at(account.until)
                assert _pairs(account) == {where: used for where, used in spent.items() if used}


def _assert_without_holes(account: Account) -> None:
    edges = [line.start for line in account.lines] + [account.until]
    assert edges[0] == account.started.at
    assert [line.end for line in account.lines] == edges[1:]
    assert all(start < end for start, end in pairwise(edges))
    for line in account.lines:
        assert line.rule is not Rule.SQUASHED
        assert sum(end - start for start, end in line.open) == line.counted
        assert (line.counted > 0) == (line.rule is Rule.RUNNING)


@given(EVENTS, promised.slas(), CHOSEN, LATER)
def test_the_ledgers_of_all_tickets_sum_to_the_report(
    events: list[CloudEvent], sla: promised.Sla, chosen: dict[str, Any], later: int
) -> None:
    settings = Rules.of(chosen, policies=promised.policies(sla))
    partition = engine(events, settings)
    as_of = newest(partition) + later
    states: Counter[tuple[str, str, str]] = Counter()
    spent: Counter[tuple[str, str, str, str]] = Counter()
    for found in ledgers(partition, as_of).values():
        for account in found.accounts:
            pair = (account.policy, account.clock)
            states[(*pair, account.state)] += 1
            if account.state != CANCELLED:
                for (part, value), amount in _pairs(account).items():
                    spent[(*pair, part, value)] += amount
    rows = report(partition.books(), settings.engine, packing, as_of)["sla"]
    assert +states == _states(rows)
    assert +spent == _spent(rows)


def _states(rows: list[dict[str, Any]]) -> Counter[tuple[str, str, str]]:
    return +Counter(
        {(row["policy"], row["clock"], state): row[state] for row in rows for state in STATES}
    )


def _spent(rows: list[dict[str, Any]]) -> Counter[tuple[str, str, str, str]]:
    return +Counter(
        {
            (row["policy"], row["clock"], part, value): round(seconds * 1000)
            for row in rows
            for part, by_value in row["spent_s"].items()
            for value, seconds in by_value.items()
        }
    )


@given(EVENTS, promised.slas(), CHOSEN, LATER)
def test_the_sums_are_those_of_the_reference_model(
    events: list[CloudEvent], sla: promised.Sla, chosen: dict[str, Any], later: int
) -> None:
    rules = Rules.of(chosen, policies=promised.policies(sla))
    partition = engine(events, rules)
    as_of = newest(partition) + later
    policies = ReferencePolicies.of(sla)
    kept = judge(canonical(events), rules.reference).kept
    for name, found in ledgers(partition, as_of).items():
        steps = walk(split(kept[name], rules.reference.forgotten_ms)[-1])
        expected = {
            (one.clock, *one.event): one.elapsed_ms
            for one in reference_instances(steps, policies, rules.reference, found.as_of)
            if one.state != CANCELLED
        }
        assert expected == {
            _key(account): account.used for account in found.accounts if account.state != CANCELLED
        }


OLD = strategies.event_sets(days=(0, 1, 7, 20), tickets=2)


@given(OLD, promised.slas())
def test_squashing_history_loses_lines_and_no_number(
    events: list[CloudEvent], sla: promised.Sla
) -> None:
    partition = engine(
        sorted(events, key=lambda event: event["time"]),
        Rules.of(policies=promised.policies(sla), windows=(5 * MINUTE,)),
    )
    as_of = newest(partition)
    before = {name: _numbers(found) for name, found in ledgers(partition, as_of).items()}
    partition.squash()
    for name, found in ledgers(partition, as_of).items():
        for key, number in _numbers(found).items():
            assert number == before[name][key]


@given(EVENTS, promised.slas(), st.integers(0, 100))
def test_an_instant_before_the_newest_event_is_explained_as_if_nothing_had_followed(
    events: list[CloudEvent], sla: promised.Sla, minutes: int
) -> None:
    rules = Rules.of(policies=promised.policies(sla))
    as_of = parse_rfc3339("2024-03-01T00:00:00Z") + minutes * MINUTE
    before = [event for event in events if parse_rfc3339(event["time"]) <= as_of]
    late = ledgers(engine(events, rules), as_of)
    for name, found in ledgers(engine(before, rules), as_of).items():
        assert [_told(a) for a in found.accounts] == [_told(a) for a in late[name].accounts]


def _told(account: Account) -> tuple[Any, ...]:
    return _key(account), account.state, account.used, account.lines, account.log


def _numbers(found: Ledger) -> dict[tuple[str, str, str], tuple[str, int]]:
    return {
        _key(account): (account.state, account.used)
        for account in found.accounts
        if account.state != CANCELLED
    }


def _key(account: Account) -> tuple[str, str, str]:
    return account.clock, account.started.source, account.started.id


def _pairs(account: Account) -> Counter[tuple[str, str]]:
    return Counter(
        {
            (part, value): amount
            for part, by_value in account.spent.items()
            for value, amount in by_value.items()
        }
    )
