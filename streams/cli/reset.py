"""`deskpulse reset`: forget the state, rebuild it from the source topic."""

import asyncio
from typing import Annotated

import typer

from streams.cli.console import note
from streams.cli.options import ConfigFolder, configuration


def reset(
    config: ConfigFolder = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> int:
    """Drop the state of all tickets, so that workers rebuild it from the source topic.

    Stop all workers of the application first. Nothing is lost that the source topic still
    holds; what its retention has removed is gone from the numbers.

    Example: deskpulse reset --config conf --yes
    """
    from streams.kafka.reset import reset as start_over

    settings = configuration(config)
    if not yes:
        typer.confirm(
            f"Empty {settings.changelog} at {settings.kafka.bootstrap} and read "
            f"{settings.topics.source} again?",
            abort=True,
        )
    partitions = asyncio.run(start_over(settings))
    note(f"done: {partitions} partitions will be read from their beginning")
    return 0
