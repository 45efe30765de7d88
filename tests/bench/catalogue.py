"""What the catalogue of KPIs costs per event, and how that grows with the set of KPIs.

    python -m tests.bench.catalogue docs/catalogue-cost.json docs/catalogue-cost.svg [--runs N]

The same events of the simulated desk through the engine, first with response, resolution and
queue depth alone, then with one part of the catalogue after the other (`catalogue` in
deskpulse.yml), at last with the shipped scorecards as goals; windows are kept in all of them. What
is counted is CPU time, so that other processes disturb it little, in several runs of which the
median is quoted. The catalogue may not halve the throughput: the cost of all of it is to stay
below twice that of none.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any, Final, NamedTuple

from streams.config.schema import adapter
from streams.config.sheets import SHEETS
from streams.core import facts, processor
from streams.core.kpis import DURATIONS, KPIS
from streams.core.processor import Processor
from streams.core.settings import CATALOGUE, Settings
from streams.simulate import Scenario, events_only
from streams.wire import packing
from streams.wire.codec import dumps
from tests.bench.engine import Message, run
from tests.bench.machine import Others, machine
from tests.bench.readings import Reading, figures

EVENTS: Final = 20_000
DESK: Final = Scenario(start_ms=1_767_610_800_000, scale=4_000, warm_up_days=0)
PARTS: Final[Mapping[str, str]] = {"tickets": "journey"}
"""Group of a KPI -> the part of the catalogue that makes its facts, where named otherwise."""
ELAPSED: Final = frozenset({facts.REQUESTER_WAIT, facts.AGENT_WORK, facts.OWNERSHIP})
"""Times of tickets that the part of this name makes."""
MOST: Final = 2.0
"""The cost of the whole catalogue against that of none, from which on it halves the throughput."""


class Step(NamedTuple):
    """One set of KPIs."""

    name: str
    parts: tuple[str, ...]
    goals: bool = False

    @property
    def kpis(self) -> int:
        """How many KPIs and times of the report there are in it."""
        return sum(
            all(kind not in facts.CATALOGUED for kind in kinds)
            or ("elapsed" if ELAPSED.issuperset(kinds) else PARTS.get(group, group)) in self.parts
            for group, kinds in (
                *((kpi.group, [term.kind for term in (*kpi.top, *kpi.bottom)]) for kpi in KPIS),
                *((one.group, [one.kind]) for one in DURATIONS),
            )
        )

    @property
    def settings(self) -> Settings:
        """The engine's, with this set."""
        scorecards: dict[str, Any] = {name: {} for name in SHEETS} if self.goals else {}
        given = adapter().validate_json(json.dumps({"scorecards": scorecards}))
        return Settings(catalogue=self.parts, scorecards=given.engine.scorecards)


STEPS: Final = (
    Step("basic", ()),
    *(Step(f"+ {part}", CATALOGUE[: place + 1]) for place, part in enumerate(CATALOGUE)),
    Step("+ goals", CATALOGUE, goals=True),
)
WHOLE: Final = len(CATALOGUE)
"""The place of the step with all of the catalogue."""


def measure(runs: int) -> Iterator[Reading]:
    """Each set in turn, `runs` times."""
    messages: list[Message] = [
        (event["subject"].encode(), dumps(event)) for event in islice(events_only(DESK), EVENTS)
    ]
    # Whoever comes first pays for what is imported and cached on the way.
    _cost(messages, STEPS[-1])
    for _ in range(runs):
        costs = [_cost(messages, step) for step in STEPS]
        for place, (step, cost) in enumerate(zip(STEPS, costs, strict=True)):
            yield Reading(f"catalogue.{place}.{step.name.strip('+ ')}", "us CPU/event", cost)
        yield Reading("catalogue.all", f"ratio, below {MOST:g}", costs[WHOLE] / costs[0])


def _cost(messages: list[Message], step: Step) -> float:
    """Microseconds of CPU an event, the cuts for the changelog included."""
    engine = Processor(step.settings, packing)
    spent = run(engine, messages)
    assert engine.outcomes["applied", ""] == len(messages), engine.outcomes
    kept = any(record.ticket.case is not None for record in engine.records.values())
    assert kept == bool(step.parts)
    assert (engine.pursuit is not None) == step.goals
    return (spent.cpu_s + spent.cut_cpu_s) * 1e6 / len(messages)


# -- the published curve ----------------------------------------------------------------------


def curve(runs: int) -> dict[str, Any]:
    """The curve as JSON values, with where it was measured."""
    others = Others.watched()
    found = figures(measure(runs))
    steps = [
        {**figure.as_json(), "name": step.name, "kpis": step.kpis}
        for step, figure in zip(STEPS, found, strict=False)
    ]
    for step in steps:
        del step["unit"]
    where = machine() | ({} if others is None else {"others": others.text()})
    compiled = not processor.__file__.endswith(".py")
    return {
        "machine": where,
        "compiled": compiled,
        "events": EVENTS,
        "runs": runs,
        "unit": "us CPU/event",
        "steps": steps,
    }


def ratio(found: Mapping[str, Any]) -> float:
    """The median cost of the whole catalogue against that of none."""
    steps: Sequence[Mapping[str, Any]] = found["steps"]
    return float(median(steps[WHOLE]["values"]) / median(steps[0]["values"]))


def verdict(found: Mapping[str, Any]) -> str:
    """Whether the catalogue halves the throughput."""
    times = ratio(found)
    said = "halves the throughput" if times >= MOST else "does not halve the throughput"
    return (
        f"The whole catalogue costs {times:.2f} times what basic KPIs cost an event: it {said} "
        f"(goal: below {MOST:g})."
    )


_STYLE: Final = """
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-size: 15px; font-weight: 600 }
.quiet { font-size: 11px; fill: #57606a }
.bar { fill: #0969da }
.basic { fill: #8c959f }
.limit { stroke: #cf222e; stroke-width: 1.5; stroke-dasharray: 4 3 }
.spread { stroke: #24292f; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .quiet { fill: #8d96a0 }
  .bar { fill: #4493f8 }
  .spread { stroke: #e6edf3 }
}
"""
_WIDTH: Final = 640
_LEFT: Final = 190
_ROW: Final = 30
_TOP: Final = 54
_LIMIT: Final = "twice basic: half the throughput"


def chart(found: Mapping[str, Any]) -> str:
    """The curve as an SVG that needs nothing else: a bar for each set, and the limit."""
    steps: Sequence[Mapping[str, Any]] = found["steps"]
    limit = MOST * steps[0]["median"]
    scale = (_WIDTH - _LEFT - 90) / max(limit, *(step["max"] for step in steps))
    bottom = _TOP + _ROW * len(steps)
    title = "CPU time an event by the set of KPIs, microseconds"
    box = f'viewBox="0 0 {_WIDTH} {bottom + 30}" role="img" aria-label="{escape(title)}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box}>',
        f"<style>{_STYLE}</style>",
        f'<text class="title" x="12" y="24">{escape(title)}</text>',
    ]
    for place, step in enumerate(steps):
        y = _TOP + _ROW * place
        end = _LEFT + scale * step["median"]
        kind = "bar" if place else "basic"
        low, high = (_LEFT + scale * step[name] for name in ("min", "max"))
        lines += [
            f'<text x="12" y="{y + 14}">{escape(step["name"])}, {step["kpis"]} KPIs</text>',
            f'<rect class="{kind}" x="{_LEFT}" y="{y}" width="{end - _LEFT:.1f}" height="18"/>',
            f'<line class="spread" x1="{low:.1f}" x2="{high:.1f}" y1="{y + 9}" y2="{y + 9}"/>',
            f'<text x="{high + 8:.1f}" y="{y + 14}">{step["median"]:.1f}</text>',
        ]
    at = _LEFT + scale * limit
    lines += [
        f'<line class="limit" x1="{at:.1f}" x2="{at:.1f}" y1="{_TOP - 8}" y2="{bottom}"/>',
        f'<text class="quiet" x="{at:.1f}" y="{bottom + 14}" text-anchor="middle">{_LIMIT}</text>',
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Measure, write the curve and its chart, and say whether the goal is kept."""
    parser = argparse.ArgumentParser("python -m tests.bench.catalogue")
    parser.add_argument("figures", type=Path, metavar="OUT.json")
    parser.add_argument("chart", type=Path, metavar="OUT.svg")
    parser.add_argument("--runs", type=int, default=5, help="how often each set; default 5")
    asked = parser.parse_args(arguments)
    found = curve(asked.runs)
    asked.figures.write_text(json.dumps(found, indent=2) + "\n")
    asked.chart.write_text(chart(found))
    for step in found["steps"]:
        print(f"{step['name']:<12} {step['kpis']:>3} KPIs {step['median']:>8.1f} us an event")
    print(verdict(found))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
