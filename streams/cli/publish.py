"""`deskpulse publish`: events from files to the source topic."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from streams.cli.console import note, progress
from streams.cli.options import ConfigFolder, Files, configuration
from streams.clock import wall_ms
from streams.config import Config
from streams.core.events import Accepted, Refused
from streams.pace import at_once, at_rate
from streams.replay import open_lines
from streams.wire.cloudevents import decode_line
from streams.wire.codec import loads
from streams.wire.reasons import REASONS

SHOWN = 5


def publish(
    files: Files,
    config: ConfigFolder = None,
    rate: Annotated[
        float | None,
        typer.Option(min=0.001, metavar="N", help="Events per second; without it, full speed."),
    ] = None,
) -> int:
    """Publish events to Kafka, keyed by ticket, each validated first.

    Lines that are no valid event are left out, counted, and the first ones shown; then the
    exit code is 1.

    Example: deskpulse publish events.jsonl --config conf --rate 100
    """
    settings = configuration(config)
    refused: Counter[str] = Counter()
    sent = asyncio.run(_send(settings, files, rate, refused))
    note(f"{sent:,} events published to {settings.topics.source}")
    for reason, number in refused.most_common():
        note(f"{number:,} lines left out: {reason} - {REASONS.get(reason, '')}")
    return 1 if refused else 0


async def _send(
    config: Config, files: list[Path], rate: float | None, refused: Counter[str]
) -> int:
    # Only this command talks to Kafka; importing it costs the others nothing.
    from streams.kafka.publish import publish as send

    sent = 0
    messages = _messages(config, files, refused)
    paced = at_once(messages) if rate is None else at_rate(messages, rate)
    with progress("publish") as meter:
        async for sent in send(config, paced):
            if sent % 100 == 0:
                meter.at(sent)
    return sent


def _messages(
    config: Config, files: list[Path], refused: Counter[str]
) -> Iterator[tuple[bytes, bytes, tuple[()]]]:
    skew = config.lateness.future_skew
    for path in files:
        with open_lines(path) as lines:
            for number, line in enumerate(lines, start=1):
                arrival = decode_line(line, now_ms=wall_ms(), future_skew_ms=skew)
                if isinstance(arrival, Accepted):
                    yield arrival.ticket.encode(), line.rstrip(b"\r\n"), ()
                elif isinstance(arrival, Refused):
                    refused[arrival.reason] += 1
                    if refused.total() <= SHOWN:
                        note(f"{path}:{number}: {arrival.reason}")
                else:
                    # A type this engine does not know may matter to another reader.
                    yield str(loads(line).get("subject", "")).encode(), line.rstrip(b"\r\n"), ()
