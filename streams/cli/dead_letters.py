"""`deskpulse dead-letters`: what was refused or late, looked at and put back."""

import asyncio
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Final

import typer

from streams.cli.console import note, out, progress, write_result
from streams.cli.letter_counts import Choice, Overview, Plan, counted, listed, planned
from streams.cli.letters import letter_lines
from streams.cli.options import ConfigFolder, configuration, instant
from streams.clock import wall_ms
from streams.config import Config
from streams.errors import UserError
from streams.wire.deadletters import LATE
from streams.wire.reasons import REASONS
from streams.wire.replaying import Marked, Place, Stored, obstacle

SHOWN: Final = 20
_EVERY: Final = 500
"""Letters between two moves of the progress bar."""
MISSING: Final = "missing"
"""Stands for all reasons of that kind."""


class Kind(StrEnum):
    """Which topic to look into."""

    DEAD = "dead"
    LATE = "late"


Reasons = Annotated[
    list[str] | None,
    typer.Option(
        "--reason",
        metavar="REASON",
        help="Only letters with this reason; may be given several times. `missing` is any "
        "missing field.",
        show_default=False,
    ),
]
Partition = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=0,
        help="Only what was read from this partition of the source topic.",
        show_default=False,
    ),
]
Since = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="Only letters written at or after it.", show_default=False),
]
Until = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="Only letters written before it.", show_default=False),
]
Topic = Annotated[Kind, typer.Option("--topic", help="Dead letters, or late events.")]


def _choice(
    reasons: list[str] | None, partition: int | None, since: str | None, until: str | None
) -> Choice:
    for reason in reasons or ():
        if reason not in {*REASONS, MISSING, LATE}:
            known = ", ".join(name for name in REASONS if ":" not in name)
            raise UserError(f"--reason {reason}: no such reason; expected {known} or missing:FIELD")
    return Choice(
        frozenset(reasons or ()),
        partition,
        None if since is None else instant(since, "--since"),
        None if until is None else instant(until, "--until"),
    )


def list_letters(
    reason: Reasons = None,
    partition: Partition = None,
    since: Since = None,
    until: Until = None,
    topic: Topic = Kind.DEAD,
    last: Annotated[
        int, typer.Option(metavar="N", min=0, help="How many of the latest are listed.")
    ] = SHOWN,
    config: ConfigFolder = None,
) -> int:
    """Count letters by reason, and list the latest ones.

    A letter is called by its place, PARTITION/OFFSET of the topic it is in.

    Example: deskpulse dead-letters list --reason timestamp --since 2026-03-02T00:00:00Z
    """
    settings = configuration(config)
    choice = _choice(reason, partition, since, until)
    overview, name = Overview(last), _name(settings, topic)

    def look(one: Stored | Marked) -> None:
        if isinstance(one, Marked):
            overview.mark(one.place)
        elif choice.takes(one):
            overview.add(one)

    asyncio.run(_read(settings, name, look))
    if not overview.lines:
        note(f"no such letters in {name}")
        return 0
    for line in (*counted(overview, settings.timezone), "", *listed(overview, settings.timezone)):
        out.print(line, markup=False, soft_wrap=True)
    return 0


def _name(config: Config, kind: Kind) -> str:
    return config.topics.dead_letters if kind is Kind.DEAD else config.topics.late


async def _read(config: Config, topic: str, look: Callable[[Stored | Marked], None]) -> None:
    from streams.kafka.letters import read_letters

    with progress(f"read {topic}") as meter:
        read = 0
        async for one in read_letters(config, topic):
            look(one)
            read += 1
            if read % _EVERY == 0:
                meter.at(read)


# -- show -------------------------------------------------------------------------------------


def show(
    letter: Annotated[
        str, typer.Argument(metavar="LETTER", help="Its place, as `list` shows it: 2/1234.")
    ],
    topic: Topic = Kind.DEAD,
    raw: Annotated[
        bool, typer.Option("--raw", help="Only the value, byte for byte, for another program.")
    ] = False,
    config: ConfigFolder = None,
) -> int:
    """Show one letter: why it is here, where it was read, its key, headers and value.

    What is no text is shown in hexadecimal; nothing of it reaches the terminal as it is.

    Example: deskpulse dead-letters show 2/1234 --raw | jq .
    """
    settings = configuration(config)
    name = _name(settings, topic)
    try:
        place = Place.read(letter)
    except ValueError:
        raise UserError(
            f"{letter!r} is no letter; write PARTITION/OFFSET, such as 2/1234"
        ) from None
    about: list[Stored | Marked] = []

    def look(one: Stored | Marked) -> None:
        if one.place == place:
            about.append(one)

    asyncio.run(_read(settings, name, look))
    stored = next((one for one in about if isinstance(one, Stored)), None)
    if stored is None:
        raise UserError(f"there is no letter {place} in {name}; see deskpulse dead-letters list")
    if raw:
        write_result(stored.letter.value or b"", None)
        return 0
    for line in letter_lines(stored, name, settings.timezone, went_back=len(about) > 1):
        out.print(line, markup=False, soft_wrap=True)
    return 0


# -- replay -----------------------------------------------------------------------------------


def replay(
    reason: Reasons = None,
    partition: Partition = None,
    since: Since = None,
    until: Until = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what would go back and what would stay.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    config: ConfigFolder = None,
) -> int:
    """Put dead letters back on the topic they were read from, after the cause is mended.

    Each goes to its partition with its own key, value and headers, and once only: a mark in the
    dead letters remembers it. What this version would refuse again stays, and is counted.

    Example: deskpulse dead-letters replay --reason version --dry-run
    """
    settings = configuration(config)
    choice = _choice(reason, partition, since, until)
    skew, source = settings.lateness.future_skew, settings.topics.source
    plan = Plan()

    def kept(stored: Stored) -> str:
        return obstacle(stored, source, now_ms=wall_ms(), future_skew_ms=skew)

    def look(one: Stored | Marked) -> None:
        if isinstance(one, Marked):
            plan.mark(one.place)
        elif choice.takes(one):
            plan.letters[one.place] = (one.reason, kept(one))

    asyncio.run(_read(settings, settings.topics.dead_letters, look))
    for line in planned(plan, source):
        note(line)
    if dry_run or not plan.going:
        return 0
    if not yes:
        typer.confirm(f"Put them back to {source} at {settings.kafka.bootstrap}?", abort=True)
    sent = asyncio.run(_put_back(settings, lambda one: choice.takes(one) and not kept(one)))
    note(f"done: {sent:,} letters are on {source} again")
    return 0


async def _put_back(config: Config, wanted: Callable[[Stored], bool]) -> int:
    from streams.kafka.delivery import exactly_once
    from streams.kafka.letters import LETTERS, put_back

    sent = 0
    transactions = await exactly_once(config, LETTERS)
    with progress("put back") as meter:
        async for sent in put_back(config, wanted, transactional=transactions):
            meter.at(sent)
    return sent
