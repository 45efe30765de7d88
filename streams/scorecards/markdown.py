"""A scorecard as Markdown tables."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import tzinfo

from streams.scorecards.words import (
    PROMISES,
    Row,
    cells,
    change,
    counted,
    daily,
    interval,
    promise,
    subject,
    when,
)

HEAD = ("Goal", "Actual", "Trend", "Status", "Action")
CHANGES = ("What happened", "Since", "KPI", "Before", "After", "Difference", "95 % interval")
Rows = Sequence[Row]


def markdown(cards: Mapping[str, Rows], as_of: str, zone: tzinfo, sla: Rows = ()) -> str:
    """Scorecards as a page, with times of a zone; and what SLA clocks promised, where any did."""
    parts = [part for name, rows in cards.items() for part in _card(name, rows, as_of, zone)]
    if sla:
        parts += ["## Promises\n", _table(PROMISES, map(promise, sla))]
    return "\n".join(parts) + "\n"


def _card(name: str, rows: Rows, as_of: str, zone: tzinfo) -> Iterator[str]:
    yield f"# Scorecard {name}\n\nAs of {as_of}; \\* fewer than it takes to judge.\n"
    yield _table(HEAD, (cells(row) for row in rows))
    changed = list(changes(rows, zone))
    if changed:
        yield "## Before and after\n"
        yield _table(CHANGES, changed)
        yield from (f"- {line}" for line in methods(rows))


def changes(rows: Rows, zone: tzinfo) -> Iterator[tuple[str, ...]]:
    """What came of actions and annotations, goal by goal."""
    for row in rows:
        for one in row["changes"]:
            yield (
                one["text"],
                when(one["at"], zone),
                subject(row),
                counted(daily(row), one["before"]),
                counted(daily(row), one["after"]),
                change(row, one["difference"]),
                interval(row, one["interval"]),
            )


def methods(rows: Rows) -> list[str]:
    """Where the intervals come from, each said once."""
    told = (one["method"] for row in rows for one in row["changes"])
    return [text for text in dict.fromkeys(told) if text]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (head, ["---"] * len(head), *rows)
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    """Text that stays in its cell, whatever a queue is called."""
    for character in ("\\", "|", "<", "*", "_", "`", "["):
        text = text.replace(character, f"\\{character}")
    return " ".join(text.split())
