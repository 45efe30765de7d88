"""A model of what befalls several workers: whatever it is, they end where the reference model is.

A state machine of hypothesis plays the sources, the group, the clock and fate: events come late,
twice, in any order, contradicting each other, broken; workers join, leave, die and stand still in
the middle of whatever they do, wake up when their partitions are others', and are started again
with other promises. In the end one worker reads what is left, and then all laws hold.
"""

import os
import sys
from collections import Counter
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from hypothesis.strategies import SearchStrategy

from streams.config import Config
from streams.core.instants import DAY, HOUR, MINUTE
from streams.core.processor import Tallied
from streams.kafka import partitions as under_test
from tests import promised, strategies
from tests.chaos.crews import Crew, Member
from tests.chaos.verdicts import Ending
from tests.chaos.worlds import Consumed, World
from tests.figures import keep
from tests.laws.driving import CloudEvent, Rules
from tests.reference.events import format_time, parse_time
from tests.reference.pictures import LETTERS

EXAMPLES: Final = int(os.environ.get("DESKPULSE_CHAOS_EXAMPLES", "0"))
"""So many lives, other ones each time; without it those of CI, the same in every run."""
LIVES: Final = 420
STEPS: Final = 50
STEPS_IN_CI: Final = 10_000
PARTITIONS: Final = 2
MEMBERS: Final = 3
START: Final = int(strategies.START.timestamp() * 1000) + 10 * MINUTE
SOURCES: Final = ("desk/a", "desk/b")
TICKETS: Final = ("T1", "T2", "T3", "T4")
AGO: Final = (0, 0, 0, 0, -MINUTE, MINUTE, 5 * MINUTE, HOUR, 5 * HOUR, 7 * HOUR, 2 * DAY)
"""How long ago an event happened when it arrives; a source may be ahead a little."""

EVENTS: Final = st.tuples(
    st.sampled_from(TICKETS),
    st.sampled_from("CCaamROpxyAun" + "".join(LETTERS)),
    st.sampled_from(AGO),
    st.sampled_from(SOURCES),
)
SUSPENSIONS: Final = st.integers(1, 30)
ANYBODY: Final = st.integers(0, MEMBERS - 1)
ORDERS: Final = st.permutations(range(PARTITIONS))


RAN: Final[Counter[str]] = Counter()
"""How often each rule has run, in all lives of this process."""
RULES: Final[set[str]] = set()


def step(**arguments: SearchStrategy[Any]) -> Callable[[Callable[..., None]], Any]:
    """A rule whose runs are counted."""

    def counting(happens: Callable[..., None]) -> Any:
        RULES.add(happens.__name__)

        @wraps(happens)
        def run(*given: Any, **chosen: Any) -> None:
            happens(*given, **chosen)
            RAN[happens.__name__] += 1

        # Its type allows for arguments that are no strategies.
        made: Any = rule
        return made(**arguments)(run)

    return counting


@precondition
def anybody_runs(self: "Workers") -> bool:
    return bool(self.crew.running)


@precondition
def anything_was_sent(self: "Workers") -> bool:
    return bool(self.sent)


class Workers(RuleBasedStateMachine):
    """The group, its sources, the clock, and what was sent so far."""

    @initialize(
        exactly_once=st.booleans(),
        chosen=strategies.settings(),
        sla=promised.slas(),
        members=st.integers(1, MEMBERS),
    )
    def begin(
        self, exactly_once: bool, chosen: dict[str, Any], sla: promised.Sla, members: int
    ) -> None:
        self.chosen = chosen
        self.sent: list[CloudEvent] = []
        self.garbage = 0
        self.promised = self._rules(sla)
        logs: list[list[Consumed]] = [[] for _ in range(PARTITIONS)]
        self.world = World(config(self.promised), exactly_once, START, logs)
        self.crew = Crew(self.world, members)

    def _rules(self, sla: promised.Sla) -> Rules:
        return Rules.of(
            self.chosen,
            sla,
            apply_within=6 * HOUR,
            windows=(5 * MINUTE, HOUR),
            closed_ticket=400 * DAY,
        )

    # -- sources --------------------------------------------------------------------------

    @step(events=st.lists(EVENTS, min_size=1, max_size=5))
    def happens(self, events: list[tuple[str, str, int, str]]) -> None:
        for ticket, mark, ago, source in events:
            kind, data = LETTERS[mark]
            self.send(
                {
                    "specversion": "1.0",
                    "id": f"e{len(self.sent)}",
                    "source": source,
                    "type": kind,
                    "subject": ticket,
                    "time": format_time(self.world.now - ago),
                    "data": data,
                }
            )

    @anything_was_sent
    @step(place=st.integers(0, 1000))
    def comes_again(self, place: int) -> None:
        self.send(self.sent[place % len(self.sent)])

    @anything_was_sent
    @step(place=st.integers(0, 1000), mark=st.sampled_from("CaROx"), by=st.integers(-9, 9))
    def is_contradicted(self, place: int, mark: str, by: int) -> None:
        """Another event of the same id comes, of some seconds before or after."""
        one = self.sent[place % len(self.sent)]
        kind, data = LETTERS[mark]
        time = format_time(parse_time(one["time"]) + by * 1_000)
        if (one["id"], time) not in {(other["id"], other["time"]) for other in self.sent}:
            self.send({**one, "type": kind, "data": data, "time": time})

    @step(ticket=st.sampled_from(TICKETS))
    def is_broken(self, ticket: str) -> None:
        self.garbage += 1
        self.world.publish(ticket, b"{")

    def send(self, event: CloudEvent) -> None:
        if event["type"] == "ticket.merged" and event["data"]["into"] == event["subject"]:
            event = {**event, "data": {"into": "elsewhere"}}
        self.sent.append(event)
        self.world.publish(event["subject"], event)

    # -- time -----------------------------------------------------------------------------

    @step(by=st.sampled_from((1_000, MINUTE, MINUTE, 2 * MINUTE, 5 * MINUTE, HOUR, 7 * HOUR, DAY)))
    def time_passes(self, by: int) -> None:
        self.world.now += by

    # -- the group ------------------------------------------------------------------------

    @anybody_runs
    @step(who=ANYBODY, size=st.integers(1, 5))
    def works(self, who: int, size: int) -> None:
        member = self.somebody(who)
        member.loop.run(member.work(size))

    @anybody_runs
    @step(size=st.integers(1, 5), times=st.integers(1, 3))
    def all_work(self, size: int, times: int) -> None:
        for member in self.crew.running * times:
            member.loop.run(member.work(size))

    @step(order=ORDERS)
    def rebalances(self, order: list[int]) -> None:
        self.crew.rebalance(order)

    @precondition(lambda self: len(self.crew.running) + len(self.crew.stalled) < MEMBERS)
    @step(order=ORDERS)
    def is_joined(self, order: list[int]) -> None:
        self.crew.start()
        self.crew.rebalance(order)

    @anybody_runs
    @step(who=ANYBODY)
    def leaves(self, who: int) -> None:
        member = self.somebody(who)
        member.loop.run(member.leave())
        self.crew.kill(member)

    @anybody_runs
    @step(who=ANYBODY, after=SUSPENSIONS, size=st.integers(1, 5), again=st.booleans())
    def dies_at_work(self, who: int, after: int, size: int, again: bool) -> None:
        member = self.somebody(who)
        member.loop.run_for(after, member.work(size))
        self.dies(member, again=again)

    @anybody_runs
    @step(who=ANYBODY, after=SUSPENSIONS, again=st.booleans())
    def dies_while_it_leaves(self, who: int, after: int, again: bool) -> None:
        member = self.somebody(who)
        member.loop.run_for(after, member.leave())
        self.dies(member, again=again)

    @step(after=SUSPENSIONS, order=ORDERS)
    def dies_while_it_joins(self, after: int, order: list[int]) -> None:
        self.crew.part()
        newcomer = Member(self.world)
        newcomer.loop.run_for(after, newcomer.join(order))
        newcomer.die()
        self.crew.rebalance(order)

    def dies(self, member: Member, *, again: bool) -> None:
        """`again` when it is started again at once; else the group has not noticed yet."""
        self.crew.kill(member)
        if again:
            self.crew.start()
            self.crew.rebalance(range(PARTITIONS))

    @anybody_runs
    @step(who=ANYBODY, after=SUSPENSIONS, size=st.integers(1, 5))
    def stands_still(self, who: int, after: int, size: int) -> None:
        """At least once, not in the middle of a write: that it would still end."""
        member = self.somebody(who)
        if self.world.exactly_once:
            member.loop.run_for(after, member.work(size))
        self.crew.stall(member)

    @precondition(lambda self: self.crew.stalled)
    @step(who=ANYBODY)
    def wakes(self, who: int) -> None:
        stalled = self.crew.stalled
        self.crew.wake(stalled[who % len(stalled)])

    @step(sla=promised.slas())
    def is_started_again_with_other_promises(self, sla: promised.Sla) -> None:
        """Whoever is stalled still has the former ones."""
        self.promised = self._rules(sla)
        self.world.config = config(self.promised)
        number = len(self.crew.running)
        for member in list(self.crew.running):
            member.loop.run(member.leave())
            self.crew.kill(member)
        for _ in range(number):
            self.crew.start()
        self.crew.rebalance(range(PARTITIONS))

    @anybody_runs
    @step(who=ANYBODY, all_of_them=st.booleans(), size=st.integers(1, 5), sla=promised.slas())
    def is_told_to_read_its_promises_again(
        self, who: int, all_of_them: bool, size: int, sla: promised.Sla
    ) -> None:
        """While it works; and others may not have been told, for a while or at all."""
        self.promised = self._rules(sla)
        self.world.config = config(self.promised)
        for member in self.crew.running if all_of_them else [self.somebody(who)]:
            member.loop.run(member.promise(self.world.config, size))

    @anybody_runs
    @step(who=ANYBODY, after=SUSPENSIONS, sla=promised.slas(), again=st.booleans())
    def dies_while_it_reads_its_promises_again(
        self, who: int, after: int, sla: promised.Sla, again: bool
    ) -> None:
        self.promised = self._rules(sla)
        self.world.config = config(self.promised)
        member = self.somebody(who)
        member.loop.run_for(after, member.promise(self.world.config, 3))
        self.dies(member, again=again)

    def somebody(self, who: int) -> Member:
        running = self.crew.running
        return running[who % len(running)]

    # -- what holds -----------------------------------------------------------------------

    @invariant()
    def nothing_vanishes(self) -> None:
        """Read = applied + duplicate + late + ignored + rejected, in each partition."""
        for member in self.crew.running:
            for owned in member.process.partitions.owned.values():
                one = owned.processor
                judged = _judged(one.outcomes + one._fresh_outcomes)
                assert judged == max(one.position, one._counted_to + 1)

    def teardown(self) -> None:
        """The rest is read by one worker, and everything is compared."""
        try:
            if sys.exc_info()[0] is None:
                self.crew.finish()
                Ending(self.world, self.promised, self.sent, self.garbage).compare()
        finally:
            self.crew.disband()


def config(rules: Rules) -> Config:
    """A configuration whose engine has these settings."""
    found = Config()
    vars(found)["engine"] = rules.engine
    return found


def _judged(outcomes: Tallied) -> int:
    return sum(number for (kind, _), number in outcomes.items() if kind != "flag")


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers that give their turn away all the time."""
    for name, value in {"CHUNK": 2, "RESTORED": 1, "AT_ONCE": 1, "MAX_PENDING": 3}.items():
        monkeypatch.setattr(under_test, name, value)


@pytest.mark.usefixtures("small_steps")
def test_whatever_befalls_workers_they_end_where_the_reference_model_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lives = EXAMPLES or LIVES
    run_state_machine_as_test(
        Workers,
        settings=settings(
            max_examples=lives,
            stateful_step_count=STEPS,
            derandomize=not EXAMPLES,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    steps = RAN.total()
    with capsys.disabled():
        print(f"\n  {steps:,} steps: {', '.join(f'{n:,} {name}' for name, n in RAN.most_common())}")
    keep("model", {"lives": lives, "steps": steps, "rules": dict(sorted(RAN.items()))})
    assert EXAMPLES or steps >= STEPS_IN_CI
    # Each thing that may befall them did.
    assert RAN.keys() == RULES
