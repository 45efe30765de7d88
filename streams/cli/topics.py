"""`deskpulse topics`: the Kafka topics, created or checked from one data file."""

import asyncio

from streams.cli.console import complain, note
from streams.cli.options import ConfigFolder, configuration


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
