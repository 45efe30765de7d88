"""What the provisioned dashboards say, for tests."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parents[2] / "deploy" / "grafana" / "dashboards"
EVERYTHING: Final = {
    "job": "deskpulse",
    "instance": ".+",
    "queue": ".*",
    "window": "1h",
    "__rate_interval": "1m",
}
"""The variables as Grafana fills them in while everything is chosen."""


def dashboards() -> list[dict[str, Any]]:
    """Every provisioned dashboard, as parsed JSON."""
    return [json.loads(path.read_bytes()) for path in sorted(FOLDER.glob("*.json"))]


def panels() -> Iterator[dict[str, Any]]:
    """Every panel that shows data; rows are headings."""
    for dashboard in dashboards():
        yield from (panel for panel in dashboard["panels"] if panel["type"] != "row")


def expressions() -> Iterator[str]:
    """Every PromQL expression of every panel, with Grafana's variables in it."""
    for panel in panels():
        yield from (target["expr"] for target in panel["targets"])


def variable(name: str) -> dict[str, Any]:
    """A variable of the dashboard of now."""
    (dashboard,) = dashboards()
    found: dict[str, Any] = next(v for v in dashboard["templating"]["list"] if v["name"] == name)
    return found


def filled(expression: str, **chosen: str) -> str:
    """The expression as Grafana sends it; where nothing is `chosen`, everything is."""
    for name, value in (EVERYTHING | chosen).items():
        expression = expression.replace(f"${name}", value)
    return expression
