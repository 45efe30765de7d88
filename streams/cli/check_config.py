"""`deskpulse check-config`: is this folder right, and what does it mean?"""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from streams.cli.console import note, out
from streams.cli.promises import explanation, overview
from streams.clock import wall_ms
from streams.config import Config, duration_text, estimate_series, load
from streams.config.model import Label
from streams.config.problems import likely
from streams.core.events import ATTRIBUTES, CREATED, OTHER, Accepted
from streams.core.instants import format_rfc3339, parse_rfc3339
from streams.core.policies import SOURCE
from streams.core.pursued import as_guard, unkept
from streams.errors import UserError
from streams.metrics.catalogue import CLOSED, families
from streams.metrics.labels import queue_limit
from streams.wire.cloudevents import decode_line
from streams.wire.codec import dumps, loads

_CREATED_AT = "created_at"


def check_config(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder with deskpulse.yml and sla.yml.")
    ],
    ticket: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Attributes of a ticket as a JSON object, also source and created_at; - is "
            "standard input. Tells which policy governs it, why, and its deadlines.",
            show_default=False,
        ),
    ] = None,
) -> int:
    """Check a configuration folder; every mistake is told at once, with file and line.

    Exit code 0 when it can be used, 2 when not.

    Example: deskpulse check-config conf
    """
    config = load(folder)
    now = wall_ms()
    if ticket is not None:
        _say(*explanation(config, *_ticket(ticket, now)))
        return 0
    queues = queue_limit(config)
    named = replace(config, labels=replace(config.labels, queue=Label(queues)))
    series = estimate_series(named, families(config), CLOSED)
    windows = ", ".join(duration_text(window) for window in config.windows)
    _say(
        f"{folder}: ok",
        f"  broker     {config.kafka.bootstrap} ({config.kafka.security or 'plaintext'})",
        f"  source     {config.topics.source}, group {config.app}",
        f"  delivery   {config.delivery}, time {config.time}",
        f"  windows    {windows}",
        f"  series     at most {series} a worker, max_series {config.max_series}",
        *overview(config, now),
        *_scorecards(config),
    )
    wanted = config.labels.queue.max
    if queues < wanted:
        full = estimate_series(config, families(config), CLOSED)
        note(
            f"max_series has room for the names of {queues} queues, the others are `other` in "
            f"metrics (reports have all); max_series: {full} has room for {wanted}"
        )
    return 0


def _scorecards(config: Config) -> Iterator[str]:
    """Each scorecard with how many goals it has, and what of them no worker can judge, and why."""
    for card in config.engine.scorecards:
        apart: dict[str, list[str]] = {}
        for goal in card.goals:
            why = unkept(goal, config.engine)
            if goal.comparator is None:
                apart.setdefault("only watched", []).append(goal.title)
            elif why:
                apart.setdefault(f"in reports only, {why}", []).append(goal.title)
            for name in goal.guard if goal.comparator is not None and not why else ():
                blind = unkept(as_guard(goal, name), config.engine)
                if blind:
                    said = f"guarded in reports only, {blind}"
                    apart.setdefault(said, []).append(f"{goal.title} ({name})")
        parts = (f"; {why}: {', '.join(titles)}" for why, titles in apart.items())
        yield f"  scorecard  {card.name}: goals {len(card.goals)}{''.join(parts)}"


def _say(*lines: str) -> None:
    for line in lines:
        out.print(line, markup=False, soft_wrap=True)


# -- a ticket that does not exist ---------------------------------------------------------


def _ticket(path: Path, now: int) -> tuple[dict[str, Any], int]:
    """Its attributes as a source's events would set them, and when it is created."""
    file = "standard input" if str(path) == "-" else str(path)
    given = _object(path, file)
    known = (*ATTRIBUTES, SOURCE, _CREATED_AT)
    for name in given:
        if name not in known:
            raise UserError(f"{file}: unknown attribute {name}, {likely(name, known)}")
    created_at = _created_at(file, given.pop(_CREATED_AT, None), now)
    source = given.pop(SOURCE, None)
    attributes = _as_told(file, given, source, created_at)
    for name, value in attributes.items():
        if value == OTHER != given[name]:
            note(f"{name}: {given[name]} is none of its values, so it counts as {OTHER}")
    return {"status": "new", SOURCE: source, **attributes}, created_at


def _object(path: Path, file: str) -> dict[str, Any]:
    try:
        text = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise UserError(f"{file}: {error.strerror}, expected a file with a JSON object") from None
    try:
        given = loads(text)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise UserError(f'{file}: expected a JSON object such as {{"priority": "high"}}')
    return given


def _created_at(file: str, text: object, now: int) -> int:
    if text is None:
        return now
    try:
        at = parse_rfc3339(str(text))
        format_rfc3339(at)
    except (ValueError, OverflowError):
        example = format_rfc3339(now // 1000 * 1000)
        raise UserError(f"{file}: created_at: expected an instant such as {example}") from None
    return at


def _as_told(
    file: str, attributes: dict[str, Any], source: object, created_at: int
) -> dict[str, Any]:
    """The attributes as a `ticket.created` with them is read; lists as policies compare them."""
    event = {
        "specversion": "1.0",
        "type": CREATED,
        "id": "check-config",
        "source": "check-config" if source is None else source,
        "subject": "check-config",
        "time": format_rfc3339(created_at),
        "data": attributes,
    }
    arrival = decode_line(dumps(event), now_ms=created_at, future_skew_ms=0)
    if not isinstance(arrival, Accepted):
        reason = getattr(arrival, "reason", "")
        raise UserError(f"{file}: such a ticket would be refused ({reason})")
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in arrival.event.data.items()
    }
