from typing import Any

import pytest

from streams.simulate import AGENTS, CUSTOMERS, TICKETS, Happening, Scenario, happenings
from tests.unit.simulate.observe import MONDAY, Log, observe


@pytest.fixture(scope="session")
def scenario() -> Scenario:
    """Two weeks and the warm-up of the default desk, without noise."""
    return Scenario(start_ms=MONDAY, days=14, scale=400, seed=7)


@pytest.fixture(scope="session")
def world(scenario: Scenario) -> list[Happening]:
    """Everything that happens in it."""
    return list(happenings(scenario))


@pytest.fixture(scope="session")
def events(world: list[Happening]) -> list[dict[str, Any]]:
    """What happens to tickets."""
    return [each.event for each in world if each.topic == TICKETS]


@pytest.fixture(scope="session")
def of_agents(world: list[Happening]) -> list[dict[str, Any]]:
    """What happens to agents."""
    return [each.event for each in world if each.topic == AGENTS]


@pytest.fixture(scope="session")
def of_customers(world: list[Happening]) -> list[dict[str, Any]]:
    """What happens to customers."""
    return [each.event for each in world if each.topic == CUSTOMERS]


@pytest.fixture(scope="session")
def log(events: list[dict[str, Any]]) -> Log:
    return observe(events)
