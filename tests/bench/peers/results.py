"""What the programs came to: figures over all runs, ratios, one table, and JSON of all of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tests.bench.readings import Figure

MEASURED: Final = {
    "events_per_s": "events/s",
    "events_per_cpu_s": "events/CPU s",
    "rss_mb": "MB RSS",
}
"""What every run of a program reports, with its unit."""
RIVALS: Final = ("kstreams", "kstreams-eos")
"""The programs that every other one is compared with."""
RESTORED: Final = {"seconds": "s until ready", "rss_mb": "MB RSS"}


@dataclass(slots=True)
class Entry:
    """One program and its runs."""

    name: str
    label: str
    durability: str
    events: int
    runs: list[dict[str, Any]] = field(default_factory=list)
    """What each run reported."""

    def figure(self, name: str) -> Figure:
        """One of `MEASURED` over all runs."""
        return Figure(name, MEASURED[name], tuple(run[name] for run in self.runs))

    def as_json(self, rivals: Mapping[str, "Entry"]) -> dict[str, Any]:
        """All of it as JSON values; ratios are those of medians."""
        about = {"label": self.label, "durability": self.durability, "events": self.events}
        figures = {name: self.figure(name).as_json() for name in MEASURED}
        return {"name": self.name} | about | figures | {"ratios": self.ratios(rivals)}

    def ratios(self, rivals: Mapping[str, "Entry"]) -> dict[str, dict[str, float]]:
        """By rival: how many times as many events a second, and a CPU second."""
        return {
            name: {
                measured: self.figure(measured).median / rival.figure(measured).median
                for measured in ("events_per_s", "events_per_cpu_s")
            }
            for name, rival in rivals.items()
        }


@dataclass(slots=True, eq=False)
class Restore:
    """How long a program took to take over the tickets of a changelog."""

    label: str
    tickets: int
    runs: list[dict[str, Any]] = field(default_factory=list)
    """What each run reported."""

    def figures(self) -> list[Figure]:
        """Each of `RESTORED` over all runs."""
        return [
            Figure(self.label, unit, tuple(run[name] for run in self.runs))
            for name, unit in RESTORED.items()
        ]


def rivals_of(entries: Iterable[Entry]) -> dict[str, Entry]:
    """Those of the entries that others are compared with."""
    return {entry.name: entry for entry in entries if entry.name in RIVALS and entry.runs}


def table(entries: Sequence[Entry], restores: Sequence[Restore]) -> list[str]:
    """The lines to print, the fastest program first."""
    ran = sorted((e for e in entries if e.runs), key=_speed, reverse=True)
    lines = [_HEAD, *(_row(entry, rivals_of(entries)) for entry in ran)]
    if any(restore.runs for restore in restores):
        lines += ["", f"{'restore':<34}{'tickets':>10}{'s, median (min-max)':>28}{'MB RSS':>9}"]
        lines += [_restored(restore) for restore in restores if restore.runs]
    return lines


def as_json(entries: Sequence[Entry], restores: Sequence[Restore]) -> dict[str, Any]:
    """The same, with the values of every run."""
    rivals = rivals_of(entries)
    return {
        "programs": [entry.as_json(rivals) for entry in entries if entry.runs],
        "restore": [
            {
                "label": restore.label,
                "tickets": restore.tickets,
                "figures": [figure.as_json() for figure in restore.figures()],
            }
            for restore in restores
            if restore.runs
        ],
    }


_HEAD: Final = (
    f"{'program':<34}{'durability':<34}{'events':>10}{'events/s, median (min-max)':>30}"
    f"{'per CPU s':>11}{'MB RSS':>8}" + "".join(f"{'x ' + name:>16}" for name in RIVALS)
)


def _speed(entry: Entry) -> float:
    return entry.figure("events_per_s").median


def _row(entry: Entry, rivals: Mapping[str, Entry]) -> str:
    per_s, per_cpu_s, rss = (entry.figure(name) for name in MEASURED)
    ratios = entry.ratios(rivals)
    shown = "".join(f"{_compared(ratios.get(name)):>16}" for name in RIVALS)
    return (
        f"{entry.label:<34}{entry.durability:<34}{entry.events:>10,}{_spread(per_s, 0):>30}"
        f"{per_cpu_s.median:>11,.0f}{rss.median:>8,.0f}{shown}"
    )


def _restored(restore: Restore) -> str:
    seconds, rss = restore.figures()
    spread = _spread(seconds, 1)
    return f"{restore.label:<34}{restore.tickets:>10,}{spread:>28}{rss.median:>9,.0f}"


def _spread(figure: Figure, digits: int) -> str:
    low, high = min(figure.values), max(figure.values)
    return f"{figure.median:,.{digits}f} ({low:,.{digits}f}-{high:,.{digits}f})"


def _compared(ratio: Mapping[str, float] | None) -> str:
    """Events per second, and per CPU second behind the slash."""
    if ratio is None:
        return "-"
    return f"{ratio['events_per_s']:.2f} / {ratio['events_per_cpu_s']:.2f}"
