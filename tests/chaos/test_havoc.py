"""The short form of `make chaos`: three workers, killed, ended and held up on real brokers."""

from pathlib import Path

import pytest

from tests.chaos.havoc import WORKERS, Outcome, Plan, chaos
from tests.figures import keep

SEED = 20_240_301


def _shown(outcome: Outcome, name: str, capsys: pytest.CaptureFixture[str]) -> Outcome:
    with capsys.disabled():
        print(f"\n{outcome}")
    keep(f"chaos-{name}-short", outcome.figures)
    return outcome


def _carried_out(plan: Plan, folder: Path, capsys: pytest.CaptureFixture[str]) -> Outcome:
    """What came of a plan. One that could not be carried out is tried once more, and says so.

    Whoever strikes the blows asks brokers that are going down, and may get no answer. Nothing
    that was compared is ever compared again.
    """
    for number in (1, 2):
        (folder / str(number)).mkdir()
    try:
        return chaos(plan, folder / "1", tell=_quiet)
    except Exception as error:  # noqa: BLE001 - whatever the clients of a dying broker raise
        with capsys.disabled():
            print(f"\nnot carried out: {type(error).__name__}: {error}"[:2_000])
    return chaos(plan, folder / "2", tell=_quiet)


@pytest.mark.kafka
def test_three_brokers_lose_nothing_and_count_nothing_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exactly once: also every transition is announced once."""
    plan = Plan(
        SEED,
        events=60_000,
        minutes=1.8,
        kills=8,
        terms=3,
        stops=1,
        bounces=2,
        refusals=1,
        full_disks=1,
    )
    outcome = _shown(_carried_out(plan, tmp_path, capsys), "kafka", capsys)
    assert sum(outcome.done.values()) == len(plan.blows())
    found = outcome.audit
    assert found.records >= plan.events
    assert (found.lost, found.doubled, found.announced_again, found.wrong) == (0, 0, 0, [])
    assert found.set_aside > 0
    assert len(outcome.stops) == plan.terms + WORKERS
    # Each blow was made up for while others came.
    assert {kind: len(times) for kind, times in outcome.recoveries.items()} == outcome.done


@pytest.mark.embedded
def test_the_embedded_broker_loses_nothing_and_says_the_same_twice_at_most(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At least once: state and sums still once, a transition perhaps again with the same id."""
    plan = Plan(SEED, events=15_000, minutes=0.8, kills=5, terms=2)
    outcome = _shown(chaos(plan, tmp_path, embedded=True, tell=_quiet), "embedded", capsys)
    assert sum(outcome.done.values()) == len(plan.blows())
    found = outcome.audit
    assert found.records >= plan.events
    assert (found.lost, found.doubled, found.wrong) == (0, 0, [])
    assert found.set_aside > 0
    assert len(outcome.stops) == plan.terms + WORKERS


def _quiet(_: str) -> None:
    pass
