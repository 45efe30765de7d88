"""`deskpulse import`: a recorded helpdesk log becomes ticket events."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from streams.cli.console import note, progress
from streams.errors import UserError
from streams.importers import Summary, UnusableInputError, run_import


class Format(StrEnum):
    """What can be imported."""

    SERVICENOW_AUDIT = "servicenow-audit"
    CSV = "csv"
    XES = "xes"


class Order(StrEnum):
    """In which order the events are written."""

    FILE = "file"
    TIME = "time"


def import_log(
    format_: Annotated[Format, typer.Argument(metavar="FORMAT", help="servicenow-audit|csv|xes")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The log; .gz and .zip are read.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="OUT.jsonl", help="Events go here.")],
    mapping: Annotated[
        Path | None,
        typer.Option(
            "--mapping",
            "-m",
            metavar="M.yml",
            help="What the columns mean (csv and xes).",
            show_default=False,
        ),
    ] = None,
    order: Annotated[
        Order, typer.Option(help="file: as it stands there; time: as it happened.")
    ] = Order.FILE,
) -> int:
    """Turn a recorded log, or a table of open tickets, into ticket events.

    Rows that cannot be read are counted by reason; the rest is written.

    Example: deskpulse import csv log.csv.gz --mapping log.yml --out events.jsonl
    """
    with progress(f"import {file.name}") as meter:

        def show(summary: Summary) -> None:
            meter.at(summary.rows)

        try:
            summary = run_import(
                format_.value, file, out, mapping, order=order.value, progress=show
            )
        except UnusableInputError as error:
            raise UserError(str(error)) from None
    for line in summary.lines():
        note(line)
    return 0
