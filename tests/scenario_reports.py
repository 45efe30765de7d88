"""What the report says of each named scenario of the simulator: recorded, then replayed."""

import json
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from streams.cli import run
from streams.core.instants import format_rfc3339
from streams.simulate import AGENTS, CUSTOMERS, TICKETS, Scenario, generate

START_MS: Final = 1_772_436_600_000
"""Monday, 2026-03-02 08:30 in Berlin."""


class Recorded(NamedTuple):
    """Where the events of a scenario are, and its configuration."""

    folder: Path
    scenario: Scenario

    @property
    def config(self) -> list[str]:
        """For the command line."""
        return ["--config", str(self.folder)]

    def file(self, topic: str) -> str:
        """The events of one topic, as JSON Lines."""
        return str(self.folder / f"{topic}.jsonl")


@cache
def recorded(name: str) -> Recorded:
    """Ten days before the instant of a release and ten days after it; of all scenarios alike."""
    folder = Path(tempfile.mkdtemp(prefix=f"deskpulse-{name}-"))
    scenario = Scenario(START_MS, seed=4, name=name, scale=150, days=11, warm_up_days=10)
    files = {
        topic: (folder / f"{topic}.jsonl").open("wb") for topic in (TICKETS, AGENTS, CUSTOMERS)
    }
    for one in generate(scenario):
        files[one.topic].write(one.value + b"\n")
    for file in files.values():
        file.close()
    (folder / "deskpulse.yml").write_text(
        "timezone: Europe/Berlin\nqueues: {second-line: {tier: 2}}"
    )
    released = format_rfc3339(scenario.released_ms)
    (folder / "scorecards.yml").write_text(
        f'annotations: [{{at: "{released}", text: release 4.2}}]'
    )
    return Recorded(folder, scenario)


@cache
def report_on(name: str) -> dict[str, Any]:
    """The whole report, people and customers included."""
    of = recorded(name)
    out = of.folder / "report.json"
    people = ["--agents", of.file(AGENTS), "--customers", of.file(CUSTOMERS)]
    assert run(["replay", of.file(TICKETS), *people, *of.config, "--report", str(out)]) == 0
    found: dict[str, Any] = json.loads(out.read_text())
    return found
