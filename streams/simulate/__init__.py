"""Seeded traffic of a believable support operation, for the demo, tests and benchmarks.

A discrete-event simulation: customers arrive as a Poisson process that follows the
day (`rhythm`), agents with shifts and skills are the servers (`roster`, `attendance`,
`floor`), and what happens to a ticket is told in the order of its life: `intake`,
`contacts` (the line on the phone), `casework`, `aftermath`. What people think of it is
felt (`satisfaction`) and asked for (`surveys`), and changes what customers do (`clientele`).
`causes` names what can be wrong besides. `simulation` runs it, `journal` writes the events of
tickets, agents and customers, `delivery` brings them to their topics the way real systems do
(late, twice, out of order, and some `garbage`). `bulk` is the fast path for benchmarks.
Pure: no clock and no I/O; equal settings give equal bytes.
"""

from pathlib import Path
from typing import Final

from streams.simulate.bulk import bulk
from streams.simulate.causes import ScenarioName
from streams.simulate.delivery import events_only, generate
from streams.simulate.journal import Happening
from streams.simulate.scenario import AGENTS, CUSTOMERS, TICKETS, Delivery, Scenario, Topic
from streams.simulate.simulation import happenings

PROMISES: Final = Path(__file__).with_name("sla.yml")
"""What the simulated company promises its customers, as a configuration file."""
GOALS: Final = Path(__file__).with_name("scorecards.yml")
"""What it holds itself against, as a configuration file."""

__all__ = [
    "AGENTS",
    "CUSTOMERS",
    "GOALS",
    "PROMISES",
    "TICKETS",
    "Delivery",
    "Happening",
    "Scenario",
    "ScenarioName",
    "Topic",
    "bulk",
    "events_only",
    "generate",
    "happenings",
]
