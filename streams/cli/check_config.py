"""`deskpulse check-config`: is this folder right, and what does it mean?"""

from pathlib import Path
from typing import Annotated

import typer

from streams.cli.console import complain, note, out
from streams.config import Config, duration_text, estimate_series, load
from streams.config.model import NOT_USED_YET
from streams.metrics.catalogue import CLOSED, families


def check_config(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder with deskpulse.yml.")],
) -> int:
    """Check a configuration folder; every mistake is told at once, with file and line.

    Exit code 0 when it can be used, 2 when not.

    Example: deskpulse check-config conf
    """
    config = load(folder)
    series = estimate_series(config, families(config), CLOSED)
    windows = ", ".join(duration_text(window) for window in config.windows)
    out.print(f"{folder}: ok")
    out.print(f"  broker     {config.kafka.bootstrap} ({config.kafka.security})", markup=False)
    out.print(f"  source     {config.topics.source}, group {config.app}", markup=False)
    out.print(f"  delivery   {config.delivery}, time {config.time}", markup=False)
    out.print(f"  windows    {windows}", markup=False)
    out.print(f"  series     at most {series} a worker, max_series {config.max_series}")
    unused = [name for name in NOT_USED_YET if getattr(config, name) != getattr(Config(), name)]
    if unused:
        note(f"no effect in this version: {', '.join(unused)}")
    if series > config.max_series:
        complain(
            f"max_series: {config.max_series} is less than the {series} series these labels "
            "can make; raise it, or lower labels.*.max"
        )
        return 2
    return 0
