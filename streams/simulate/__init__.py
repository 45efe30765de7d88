"""Seeded traffic of a believable support operation, for the demo, tests and benchmarks.

A discrete-event simulation: customers arrive as a Poisson process that follows the
day (`rhythm`), agents with shifts and skills are the servers (`roster`, `floor`), and
what happens to a ticket is told in the order of its life: `intake`, `casework`,
`aftermath`. `simulation` runs it, `journal` writes its events, `delivery` brings them to
Kafka the way real systems do (late, twice, out of order, and some `garbage`).
`bulk` is the fast path for benchmarks. Pure: no clock and no I/O; equal settings give
equal bytes.
"""

from pathlib import Path
from typing import Final

from streams.simulate.bulk import bulk
from streams.simulate.delivery import events_only, generate
from streams.simulate.scenario import Delivery, Scenario

PROMISES: Final = Path(__file__).with_name("sla.yml")
"""What the simulated company promises its customers, as a configuration file."""

__all__ = ["PROMISES", "Delivery", "Scenario", "bulk", "events_only", "generate"]
