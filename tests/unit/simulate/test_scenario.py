"""Settings, repeatability, and what a run costs."""

import gc
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from streams.simulate import Scenario, events_only, generate, happenings
from streams.simulate.ticket import Ticket
from tests.unit.simulate.observe import MONDAY, instant

SMALL = Scenario(start_ms=MONDAY, scale=60)


def test_equal_scenarios_give_identical_bytes() -> None:
    assert list(islice(generate(SMALL), 5_000)) == list(islice(generate(SMALL), 5_000))


def test_another_seed_gives_another_world() -> None:
    other = replace(SMALL, seed=2)
    assert list(islice(generate(SMALL), 50)) != list(islice(generate(other), 50))


def test_the_bytes_do_not_depend_on_the_process() -> None:
    """No iteration over a set, no hash of a text: Python salts those per process."""
    code = (
        "import hashlib, itertools\n"
        "from streams.simulate import Scenario, generate\n"
        f"run = itertools.islice(generate(Scenario(start_ms={MONDAY}, scale=60)), 3000)\n"
        "print(hashlib.sha256(b''.join(d.value for d in run)).hexdigest())\n"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=Path(__file__).parents[3],
            env={**os.environ, "PYTHONHASHSEED": salt},
            check=True,
            capture_output=True,
        ).stdout
        for salt in ("1", "2")
    }
    assert len(digests) == 1


def test_noise_does_not_change_what_happens() -> None:
    loud = replace(SMALL, late=0.5, duplicate=0.5, garbage=0.5)
    assert list(islice(happenings(SMALL), 2_000)) == list(islice(happenings(loud), 2_000))


def test_a_shorter_run_is_the_beginning_of_a_longer_one() -> None:
    short = list(happenings(replace(SMALL, days=2)))
    assert short == list(islice(happenings(SMALL), len(short)))


def test_an_endless_run_forgets_closed_tickets() -> None:
    run = events_only(SMALL)
    created = 0
    for event in run:
        created += event["type"] == "ticket.created"
        if instant(event) > MONDAY + 60 * 86_400_000:
            break
    gc.collect()
    alive = sum(isinstance(thing, Ticket) for thing in gc.get_objects())
    assert next(run)  # the run itself is still alive
    assert created > 2_000
    assert alive < created / 4


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda: replace(SMALL, late=1.5), "late: expected"),
        (lambda: replace(SMALL, garbage=-0.1), "garbage: expected"),
        (lambda: replace(SMALL, scale=0), "scale: expected"),
        (lambda: replace(SMALL, days=0), "days: expected"),
        (lambda: replace(SMALL, warm_up_days=-1), "warm_up_days: expected"),
        (lambda: replace(SMALL, name="worst"), "name: 'worst' is none of usual, phone-peak"),
        (lambda: replace(SMALL, zone="Mars/Olympus"), "zone: 'Mars/Olympus'"),
    ],
)
def test_a_setting_out_of_range_is_refused(broken: Callable[[], Scenario], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        broken()
