"""Scorecards as one HTML page that needs nothing else: no script, no font, no address.

It follows the reader's light or dark scheme, prints, and says in text what its charts show.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import tzinfo
from html import escape
from typing import Final

from streams.scorecards.charts import trend
from streams.scorecards.markdown import CHANGES, HEAD, Rows, changes, methods
from streams.scorecards.words import PROMISES, Row, cells, promise, value

STYLE: Final = """
:root { color-scheme: light dark; --ink: #1d2433; --quiet: #596275; --line: #d8dce4; --paper: #fff;
  --good: #1a7f37; --bad: #b3261e; --mind: #8a5a00; --series: #2f5fd0; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaf0; --quiet: #a3abbc; --line: #383e4c;
  --paper: #14171f; --good: #5dca7d; --bad: #ff8a80; --mind: #f0b95a; --series: #8fb0ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem; max-width: 70rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p { margin: 0 0 1rem; color: var(--quiet); }
section + section { margin-top: 3rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; color: var(--quiet); padding-bottom: .5rem; }
th, td { text-align: left; vertical-align: top; padding: .6rem .75rem .6rem 0;
  border-bottom: 1px solid var(--line); }
thead th { font-size: .8rem; color: var(--quiet); font-weight: 600; }
tbody th { font-weight: 600; min-width: 13rem; }
td { font-variant-numeric: tabular-nums; } td.number { white-space: nowrap; }
small { display: block; color: var(--quiet); font-weight: 400; }
.status { font-weight: 600; white-space: nowrap; }
.met { color: var(--good); } .missed { color: var(--bad); }
.at-risk, .met-at-a-cost { color: var(--mind); }
.too-few, .unavailable, .watched { color: var(--quiet); }
svg { display: block; overflow: visible; }
.line { fill: none; stroke: var(--series); stroke-width: 2; stroke-linejoin: round; }
.point { fill: var(--series); } .target { stroke: var(--quiet); stroke-dasharray: 3 3; }
""".strip()

SIGNS: Final = {
    "met": "✓",
    "missed": "✗",
    "at risk": "!",
    "met at a cost": "!",
    "too few": "?",
    "unavailable": "-",
    "watched": "·",
}
"""A status is never told by its colour alone."""


def page(cards: Mapping[str, Rows], as_of: str, zone: tzinfo, sla: Rows = ()) -> str:
    """Scorecards as a page of HTML, with times of a zone; and what SLA clocks promised."""
    title = escape(f"Scorecard {', '.join(cards)}" if cards else "Scorecards")
    sections = [_card(name, rows, as_of, zone) for name, rows in cards.items()]
    body = "\n".join([*sections, *([_promises(sla)] if sla else [])])
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>\n{STYLE}\n</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _card(name: str, rows: Rows, as_of: str, zone: tzinfo) -> str:
    parts = [
        "<section>",
        f"<h1>Scorecard {escape(name)}</h1>",
        f"<p>As of {escape(as_of)}. * fewer than it takes to judge.</p>",
        _table("Goals, each over its last period", HEAD, map(_row, rows)),
    ]
    changed = list(changes(rows, zone))
    if changed:
        parts.append("<h2>Before and after</h2>")
        parts.append(_table("As many days before as after", CHANGES, map(_change, changed)))
        parts += [f"<p>{escape(text)}</p>" for text in methods(rows)]
    return "\n".join([*parts, "</section>"])


def _promises(sla: Rows) -> str:
    table = _table(
        "Instances of SLA clocks by their deadline, and the misses their objective allows",
        PROMISES,
        (_change(promise(row)) for row in sla),
    )
    return f"<section>\n<h2>Promises</h2>\n{table}\n</section>"


def _table(caption: str, head: Sequence[str], rows: Iterable[str]) -> str:
    titles = "".join(f'<th scope="col">{escape(title)}</th>' for title in head)
    return (
        f'<div class="wide"><table>\n<caption>{escape(caption)}</caption>\n'
        f"<thead><tr>{titles}</tr></thead>\n<tbody>\n{chr(10).join(rows)}\n</tbody>\n</table></div>"
    )


def _row(row: Row) -> str:
    words = cells(row)
    status = row["status"]
    # With improves, the goal is the period before.
    target = row["target"] if row["comparator"] != "improves" else row["previous"]["value"]
    chart = trend(row["trend"], target, _says(row))
    reason = f"<small>{escape(row['reason'])}</small>" if row["reason"] else ""
    sign = f'<span aria-hidden="true">{SIGNS[status]}</span> {escape(status)}'
    return (
        f'<tr><th scope="row">{escape(words.goal)}{_small(_details(row))}</th>'
        f'<td class="number">{escape(words.actual)}</td><td>{chart}</td>'
        f'<td><span class="status {status.replace(" ", "-")}">{sign}</span>{reason}</td>'
        f"<td>{escape(words.action)}{_small(_hopes(row))}</td></tr>"
    )


def _small(parts: Iterable[str]) -> str:
    return "".join(f"<small>{escape(part)}</small>" for part in parts)


def _details(row: Row) -> Iterator[str]:
    """What the goal means, and what others reach."""
    yield f"{row['meaning']}; {row['from']} to {row['to']}"
    if row["benchmark"]:
        yield f"benchmark: {row['benchmark']}"


def _hopes(row: Row) -> Iterator[str]:
    if row["expected"]:
        yield f"expected: {row['expected']}"


def _says(row: Row) -> str:
    shown = ", ".join("none" if one is None else value(row, one) for one in row["trend"])
    return f"Trend by {row['period']}, oldest first: {shown}"


def _change(texts: Sequence[str]) -> str:
    first, *others = texts
    return (
        f'<tr><th scope="row">{escape(first)}</th>'
        + "".join(f"<td>{escape(text)}</td>" for text in others)
        + "</tr>"
    )
