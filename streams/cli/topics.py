"""`deskpulse topics`: the Kafka topics, created or checked from one data file."""

import asyncio
from typing import Annotated

import typer

from streams.cli.console import complain, note, out
from streams.cli.options import ConfigFolder, configuration
from streams.kafka.topics_file import Use


def ensure(config: ConfigFolder = None) -> int:
    """Create the topics that are missing; existing ones are only checked.

    Example: deskpulse topics ensure --config conf
    """
    from streams.kafka.topics import ensure as create

    settings = configuration(config)
    created = asyncio.run(create(settings))
    note(f"created: {', '.join(created)}" if created else "all topics exist")
    return check(config)


def check(config: ConfigFolder = None) -> int:
    """Compare the topics on the broker with what they should be; exit code 1 if they differ.

    Example: deskpulse topics check --config conf
    """
    from streams.kafka.topics import check as compare

    found = asyncio.run(compare(configuration(config)))
    for line in found.notes:
        note(line)
    for problem in found.problems:
        complain(problem)
    if not found.problems:
        note("all topics are as they should be")
    return 1 if found.problems else 0


def acls(
    principal: Annotated[
        str, typer.Option(metavar="NAME", help="Who is allowed, such as User:deskpulse.")
    ],
    config: ConfigFolder = None,
    uses: Annotated[
        list[Use] | None,
        typer.Option(
            "--for",
            help="What for; may be repeated. report is also explain and due, topics is also reset.",
            show_default="all but topics",
        ),
    ] = None,
) -> int:
    """Print the least rights on the broker, as commands of Kafka's own kafka-acls.sh.

    Asks no broker. Behind TLS the commands get in as admin.properties says.

    Example: deskpulse topics acls --principal User:helpdesk --for publish | sh -e
    """
    from streams.kafka.rights import commands

    wanted = uses or [each for each in Use if each is not Use.TOPICS]
    for line in commands(configuration(config), principal, wanted):
        out.print(line, markup=False, soft_wrap=True)
    return 0
