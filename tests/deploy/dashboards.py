"""What the provisioned dashboards say, for tests."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "deploy" / "grafana" / "dashboards"


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


def dashboard_metrics() -> set[str]:
    """The metrics that the panels read, named as on `/metrics`.

    A histogram goes by its own name, without `_bucket`.
    """
    names = (name for text in expressions() for name in re.findall(r"([\w:]+)\s*\{", text))
    return {name.removesuffix("_bucket") for name in names}
