"""A bar chart of the comparison, for the README.

python -m tests.bench.peers.chart target/bench-peers.json docs/bench-peers.svg

One SVG that needs nothing else and can be read on light and on dark.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, Final

PANELS: Final = (
    ("events_per_s", "events per second"),
    ("events_per_cpu_s", "events per CPU second"),
)
_WIDTH: Final = 880
_MARGIN: Final = 16
_LABEL: Final = 300
"""Width of the labels."""
_VALUE: Final = 70
"""Width kept for the number behind the longest bar."""
_GAP: Final = 24
_ROW: Final = 40
_BAR: Final = 18
_HEAD: Final = 76
_FOOT: Final = 44
_PANEL: Final = (_WIDTH - 2 * _MARGIN - _LABEL - _GAP * (len(PANELS) - 1)) / len(PANELS)

_STYLE: Final = """
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-size: 16px; font-weight: 600 }
.strong { font-weight: 600 }
.quiet { font-size: 11px; fill: #57606a }
.peer { fill: #8c959f }
.ours { fill: #0969da }
.spread { stroke: #24292f; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .quiet { fill: #8d96a0 }
  .peer { fill: #6e7681 }
  .ours { fill: #4493f8 }
  .spread { stroke: #e6edf3 }
}
"""


def main(source: Path, target: Path) -> None:
    """Draw the JSON of a comparison into a file."""
    target.write_text(chart(json.loads(source.read_text())))


def chart(found: Mapping[str, Any]) -> str:
    """The SVG: a row for each program, the fastest first, and a bar for each of `PANELS`."""
    programs = sorted(found["programs"], key=lambda one: -one["events_per_s"]["median"])
    height = _HEAD + _ROW * len(programs) + _FOOT
    box = f'viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(_title(found))}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box}>',
        f"<style>{_STYLE}</style>",
        _text(_MARGIN, 26, _title(found), "title"),
        *_panel_heads(),
        *_rows(programs),
        _text(_MARGIN, height - 18, _footnote(found), "quiet"),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _title(found: Mapping[str, Any]) -> str:
    return f"One worker process, {found['events']:,} ticket events on Kafka"


def _footnote(found: Mapping[str, Any]) -> str:
    where = found["machine"]
    parts = [where.get(name, "") for name in ("cpu", "kafka", "python", "java")]
    runs = f"median of {found['runs']}, line: min to max" if found["runs"] > 1 else "one run"
    return " · ".join([runs, *(part for part in parts if part)])


def _panel_heads() -> Iterator[str]:
    for place, (_, what) in enumerate(PANELS):
        yield _text(_left(place), _HEAD - 16, what, "strong")


def _rows(programs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    longest = {name: max((one[name]["max"] for one in programs), default=1) for name, _ in PANELS}
    for row, one in enumerate(programs):
        top = _HEAD + row * _ROW
        ours = one["name"].startswith("deskpulse")
        yield _text(_MARGIN, top + 10, one["label"], "strong" if ours else "")
        yield _text(_MARGIN, top + 25, _durability(one, programs), "quiet")
        for place, (name, _) in enumerate(PANELS):
            yield from _bar(_left(place), top, one[name], longest[name], "ours" if ours else "peer")


def _durability(one: Mapping[str, Any], programs: Sequence[Mapping[str, Any]]) -> str:
    """What the program guarantees, and how many events it got if fewer than others."""
    fewer = one["events"] < max(each["events"] for each in programs)
    return f"{one['durability']}, {one['events']:,} events" if fewer else str(one["durability"])


def _bar(
    left: float, top: float, figure: Mapping[str, float], longest: float, kind: str
) -> Iterator[str]:
    scale = (_PANEL - _VALUE) / longest
    width, low, high = (figure[name] * scale for name in ("median", "min", "max"))
    yield (
        f'<rect class="{kind}" x="{left:.1f}" y="{top}" width="{width:.1f}" height="{_BAR}" '
        'rx="2"/>'
    )
    middle = top + _BAR / 2
    if high > low:
        yield (
            f'<line class="spread" x1="{left + low:.1f}" x2="{left + high:.1f}" '
            f'y1="{middle}" y2="{middle}"/>'
        )
    yield _text(left + max(width, high) + 6, middle + 4.5, f"{figure['median']:,.0f}", "")


def _left(place: int) -> float:
    return _MARGIN + _LABEL + place * (_PANEL + _GAP)


def _text(x: float, y: float, text: str, kind: str) -> str:
    style = f' class="{kind}"' if kind else ""
    return f'<text{style} x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
