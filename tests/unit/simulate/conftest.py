from itertools import islice
from typing import Any

import pytest

from streams.simulate import Scenario, events_only
from tests.unit.simulate.observe import MONDAY, Log, observe


@pytest.fixture(scope="session")
def scenario() -> Scenario:
    """Two weeks and the warm-up of the default desk, without noise."""
    return Scenario(start_ms=MONDAY, days=14, scale=400, seed=7)


@pytest.fixture(scope="session")
def events(scenario: Scenario) -> list[dict[str, Any]]:
    return list(islice(events_only(scenario), 200_000))


@pytest.fixture(scope="session")
def log(events: list[dict[str, Any]]) -> Log:
    return observe(events)
