"""The rules of early warning judge as the engine does, and both as their definition says.

Sums of one or several workers go through real Prometheus rules; the band has to be that of
`streams.core.expected` and of `tests.reference.early`.
"""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.cli.unusual import judged as from_terminal
from streams.config import Config
from streams.core.expected import CSAT, FIRST_RESPONSE, INFLOW, SIGNALS, Expected, Reading, expected
from streams.metrics.numbers import Numbers
from tests.deploy.monitoring import DEPLOY
from tests.reference import early

WEEKS: Final = Config().early_warning.weeks
CHOSEN = early.Settings()


class Sums(NamedTuple):
    """What one worker knows of one week."""

    created: int
    responses: int
    p90: float
    """Seconds, times how many responses."""
    answered: int
    satisfied: int


Told = Sequence[Sums | None]
"""What one worker says of now and each week before; `None` of what it does not know yet."""

SMALL = st.integers(0, 40)
SUMS = st.builds(
    lambda created, responses, p90, answered, unhappy: Sums(
        created, responses, responses * p90, answered, max(0, answered - unhappy)
    ),
    SMALL,
    SMALL,
    st.integers(0, 9_000),
    SMALL,
    SMALL,
)
WORKERS = st.lists(
    st.tuples(st.lists(SUMS, min_size=WEEKS + 1, max_size=WEEKS + 1), st.integers(-4, WEEKS)).map(
        # Whoever knows a week knows those after it.
        lambda one: [
            sums if ago <= abs(one[1]) or one[1] < -2 else None for ago, sums in enumerate(one[0])
        ]
    ),
    min_size=1,
    max_size=3,
)


def together(workers: Sequence[Told]) -> list[Sums | None]:
    """A week counts where every worker that knows now knows it."""
    weeks: list[Sums | None] = []
    for week in zip(*workers, strict=True):
        known = [one for one in week if one is not None]
        if len(known) < len(workers):
            weeks.append(None)
            continue
        weeks.append(
            Sums(
                sum(one.created for one in known),
                sum(one.responses for one in known),
                sum(one.p90 for one in known),
                sum(one.answered for one in known),
                sum(one.satisfied for one in known),
            )
        )
    return weeks


def reading(signal: str, sums: Sums | None) -> Reading | None:
    if sums is None:
        return None
    if signal == INFLOW:
        return Reading(sums.created, sums.created)
    if signal == CSAT:
        return Reading(sums.satisfied / sums.answered if sums.answered else 0, sums.answered)
    return Reading(sums.p90 / sums.responses if sums.responses else 0, sums.responses)


def judged(signal: str, weeks: Sequence[Sums | None]) -> Expected | None:
    now, *before = (reading(signal, week) for week in weeks)
    return expected(
        signal,
        now,
        before,
        least=CHOSEN.min_sample,
        least_weeks=CHOSEN.min_weeks,
        band=CHOSEN.band,
    )


def series(workers: Sequence[Told]) -> list[dict[str, str]]:
    """What the workers export, at each instant the same."""
    found: dict[str, float] = {}
    for number, worker in enumerate(workers):
        own = f'job="deskpulse", instance="worker-{number}"'
        found[f"deskpulse_early_warning_min_known{{{own}}}"] = CHOSEN.min_weeks
        found[f"deskpulse_early_warning_min_sample{{{own}}}"] = CHOSEN.min_sample
        found[f"deskpulse_early_warning_band{{{own}}}"] = CHOSEN.band
        for ago, sums in enumerate(worker):
            if sums is None:
                continue
            labels = f'{own}, week="{ago}"'
            found[f"deskpulse_hour_created{{{labels}}}"] = sums.created
            found[f"deskpulse_day_csat{{{labels}}}"] = sums.answered
            found[f"deskpulse_day_csat_satisfied{{{labels}}}"] = sums.satisfied
            found[f"deskpulse_hour_first_responses{{{labels}}}"] = sums.responses
            found[f"deskpulse_hour_first_response_weighted_seconds{{{labels}}}"] = sums.p90
    return [{"series": name, "values": f"{value!r}x2"} for name, value in found.items()]


def near(name: str, signal: str, value: float) -> dict[str, Any]:
    """Asks for a record up to rounding."""
    record = f'job_signal:deskpulse_signal:{name}{{signal="{signal}"}}'
    return {
        "expr": f"vector(1) and on () (abs({record} - {value!r}) <= 1e-6 * {abs(value) + 1!r})",
        "eval_time": "1m",
        "exp_samples": [{"labels": "{}", "value": 1}],
    }


def asked(weeks: Sequence[Sums | None]) -> list[dict[str, Any]]:
    tests: list[dict[str, Any]] = []
    for signal in SIGNALS:
        found = judged(signal, weeks)
        if found is None:
            record = f'job_signal:deskpulse_signal:high{{signal="{signal}"}}'
            tests.append({"expr": record, "eval_time": "1m", "exp_samples": []})
            continue
        tests += [near("low", signal, found.low), near("high", signal, found.high)]
    return tests


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(WORKERS, min_size=6, max_size=6))
def test_the_bands_of_the_rules_are_those_of_the_engine(
    tmp_path: Path, desks: list[list[Told]]
) -> None:
    tests = [
        {"interval": "1m", "input_series": series(workers), "promql_expr_test": ask}
        for workers in desks
        if (ask := asked(together(workers))) and series(workers)
    ]
    rules = str(DEPLOY / "prometheus" / "rules" / "early-warning.yml")
    file = tmp_path / "test.yml"
    file.write_text(
        json.dumps({"rule_files": [rules], "evaluation_interval": "1m", "tests": tests})
    )
    done = subprocess.run(
        ["promtool", "test", "rules", str(file)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@given(WORKERS)
def test_the_terminal_judges_as_the_engine_does(workers: list[Told]) -> None:
    """From what several workers export, added up."""
    texts: list[str] = [
        "\n".join(f"{one['series']} {one['values'].partition('x')[0]}" for one in series([worker]))
        for worker in workers
    ]
    numbers = Numbers.together(Numbers.read(text + "\n") for text in texts)
    for signal in SIGNALS:
        found, right = from_terminal(numbers, signal), judged(signal, together(workers))
        assert (found is None) == (right is None)
        if found is not None and right is not None:
            assert found == pytest.approx(right)
            assert found.verdict == right.verdict


WEEK = st.one_of(st.none(), st.tuples(st.floats(0, 500), st.integers(0, 60)))


@given(st.sampled_from(SIGNALS), st.integers(0, 60), st.lists(WEEK, max_size=8))
def test_the_band_of_the_engine_is_the_one_that_is_defined(
    signal: str, number: int, weeks: list[tuple[float, int] | None]
) -> None:
    values = [
        None if week is None else Reading(week[0] / 500 if signal == CSAT else week[0], week[1])
        for week in weeks
    ]
    found = expected(
        signal,
        Reading(0.5, number),
        values,
        least=CHOSEN.min_sample,
        least_weeks=CHOSEN.min_weeks,
        band=CHOSEN.band,
    )
    defined = early.limits(signal, number, values, CHOSEN)
    assert (found is None) == (defined is None)
    if found is not None and defined is not None:
        assert (found.low, found.high) == pytest.approx(defined)


@pytest.mark.parametrize(
    ("signal", "value", "verdict"),
    [
        *((INFLOW, 141, 1), (INFLOW, 139, 0), (INFLOW, 61, 0), (INFLOW, 59, -1)),
        *((FIRST_RESPONSE, 2000, 1), (FIRST_RESPONSE, 1000, 0), (CSAT, 0.5, -1), (CSAT, 0.8, 0)),
    ],
)
def test_what_is_unusual(signal: str, value: float, verdict: int) -> None:
    """Weeks that hardly differ: 100 tickets, 1,000 seconds, 85 %."""
    usual = {INFLOW: 100.0, FIRST_RESPONSE: 1000.0, CSAT: 0.85}[signal]
    found = expected(
        signal,
        Reading(value, 100),
        [Reading(usual, 100)] * 3,
        least=10,
        least_weeks=3,
        band=4,
    )
    assert found is not None
    assert found.verdict == verdict


def test_a_week_out_of_six_that_was_a_holiday_or_a_flood_changes_little() -> None:
    steady = [Reading(100, 100)] * 5
    for odd in (Reading(0, 0), Reading(900, 900)):
        found = expected(INFLOW, Reading(100, 100), [*steady, odd], least=10, least_weeks=4, band=4)
        assert found is not None
        assert (found.usual, found.low, found.high) == (100, 60, 140)
