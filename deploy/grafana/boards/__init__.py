"""What the dashboards show, as data: one module per dashboard, `promql` writes their queries."""

from typing import NamedTuple


class Panel(NamedTuple):
    """One panel: what it shows and what that means."""

    title: str
    description: str
    unit: str
    """Grafana's unit id: `short` is a count, `s` seconds, `percentunit` a share of 1."""
    targets: dict[str, str]
    """PromQL by legend; `{{label}}` in a legend is the label's value."""
    steps: tuple[tuple[float, str], ...] = ()
    """From which value on it has which colour; none is a colour per series."""


class Row(NamedTuple):
    """A line of equally wide panels under a heading."""

    title: str
    panels: tuple[Panel, ...]
    numbers: bool = False
    """Shows the values of this instant as numbers, else their course over time."""


class Board(NamedTuple):
    """One dashboard."""

    uid: str
    """Stands in links, so it never changes."""
    title: str
    description: str
    rows: tuple[Row, ...]
