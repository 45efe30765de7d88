"""What the provisioned dashboards say, for tests."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

FOLDER: Final = Path(__file__).parents[2] / "deploy" / "grafana" / "dashboards"
EVERYTHING: Final = {
    "job": "deskpulse",
    "instance": ".+",
    "policy": ".+",
    "clock": ".+",
    "queue": ".*",
    "window": "1h",
    "kpi_window": "7d",
    "__rate_interval": "1m",
}
"""The variables as Grafana fills them in while everything is chosen."""


class Shown(NamedTuple):
    """A panel and where it is."""

    dashboard: str
    """The name of the file."""
    panel: dict[str, Any]

    @property
    def name(self) -> str:
        """One of its own."""
        return f"{self.dashboard}: {self.panel['title']}"

    def expressions(self) -> list[str]:
        """Every PromQL expression, with Grafana's variables in it."""
        return [target["expr"] for target in self.panel["targets"]]


def dashboards() -> dict[str, dict[str, Any]]:
    """Every provisioned dashboard by the name of its file, as parsed JSON."""
    return {path.stem: json.loads(path.read_bytes()) for path in sorted(FOLDER.glob("*.json"))}


def panels() -> Iterator[Shown]:
    """Every panel that shows data; rows are headings."""
    for name, dashboard in dashboards().items():
        yield from (Shown(name, panel) for panel in dashboard["panels"] if panel["type"] != "row")


def panel(name: str) -> Shown:
    """The panel of that name, such as `now: Active tickets`."""
    (found,) = (each for each in panels() if each.name == name)
    return found


def expressions() -> Iterator[str]:
    """Every PromQL expression of every panel, and of annotations, with Grafana's variables."""
    for shown in panels():
        yield from shown.expressions()
    for dashboard in dashboards().values():
        yield from (one["expr"] for one in dashboard["annotations"]["list"])


def variables() -> dict[str, dict[str, Any]]:
    """Every variable by its name; the same in each dashboard that has it."""
    found: dict[str, dict[str, Any]] = {}
    for dashboard in dashboards().values():
        for variable in dashboard["templating"]["list"]:
            assert found.setdefault(variable["name"], variable) == variable
    return found


def filled(expression: str, **chosen: str) -> str:
    """The expression as Grafana sends it; where nothing is `chosen`, everything is."""
    for name, value in (EVERYTHING | chosen).items():
        expression = expression.replace(f"${name}", value)
    return expression
