"""Options that several commands share, each described once."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from streams.config import Config, load
from streams.core.instants import format_rfc3339, parse_rfc3339
from streams.errors import UserError

ConfigFolder = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        metavar="DIR",
        help="Folder with deskpulse.yml. Without it all defaults apply.",
        show_default=False,
    ),
]
AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="TIME",
        help="RFC 3339 instant (2026-03-01T18:00:00Z) the report looks back from.",
        show_default=False,
    ),
]
Files = Annotated[
    list[Path],
    typer.Argument(metavar="FILE", help="JSON Lines, plain or .gz; - is standard input."),
]


def configuration(folder: Path | None) -> Config:
    """The configuration of a folder, or the defaults."""
    return load(folder)


def instant(text: str, option: str = "--as-of") -> int:
    """Epoch milliseconds of an option whose value is an instant."""
    try:
        at = parse_rfc3339(text)
        format_rfc3339(at)
    except (ValueError, OverflowError):
        example = datetime(2026, 3, 1, 18, tzinfo=UTC).isoformat().replace("+00:00", "Z")
        raise UserError(
            f"{option} {text!r} is no instant with a zone; write it like {example}"
        ) from None
    return at
