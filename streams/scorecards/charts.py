"""Small charts as inline SVG: a trend with its goal. They take their colours from the page."""

from collections.abc import Sequence
from html import escape
from typing import Final, NamedTuple

WIDTH: Final = 150
HEIGHT: Final = 40
_EDGE: Final = 5
"""Room for the last point."""


class Scale(NamedTuple):
    """From values to places on the chart."""

    low: float
    high: float
    steps: int

    def x(self, place: int) -> float:
        """From the left, the oldest first."""
        return _EDGE + (WIDTH - 2 * _EDGE) * place / max(1, self.steps - 1)

    def y(self, value: float) -> float:
        """From the top."""
        if self.high <= self.low:
            return HEIGHT / 2
        return HEIGHT - _EDGE - (HEIGHT - 2 * _EDGE) * (value - self.low) / (self.high - self.low)


def trend(values: Sequence[float | None], target: float | None, says: str) -> str:
    """The values as a line that ends in a point, the target as a dashed one; `says` is its text."""
    known = [one for one in (*values, target) if one is not None]
    parts = [f"<title>{escape(says)}</title>"]
    if known:
        scale = Scale(min(known), max(known), len(values))
        if target is not None:
            y = scale.y(target)
            parts.append(f'<line class="target" x1="0" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>')
        for run in _runs(values):
            points = " ".join(f"{scale.x(place):.1f},{scale.y(one):.1f}" for place, one in run)
            parts.append(f'<polyline class="line" points="{points}"/>')
            if len(run) == 1 or run[-1][0] == len(values) - 1:
                x, y = scale.x(run[-1][0]), scale.y(run[-1][1])
                parts.append(f'<circle class="point" cx="{x:.1f}" cy="{y:.1f}" r="3"/>')
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    return f'<svg role="img" {size}>{"".join(parts)}</svg>'


def _runs(values: Sequence[float | None]) -> list[list[tuple[int, float]]]:
    """Values that follow each other, each with its place."""
    runs: list[list[tuple[int, float]]] = [[]]
    for place, one in enumerate(values):
        if one is None:
            runs.append([])
        else:
            runs[-1].append((place, one))
    return [run for run in runs if run]
