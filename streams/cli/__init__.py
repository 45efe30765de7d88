"""The command line: `deskpulse COMMAND`, one module per command.

A user's mistake ends in one line on standard error that says what to do next, never in a
traceback. Exit codes: 0 done; 1 it ran and found or met a problem; 2 unusable input or
configuration.
"""

import logging
import sys
from typing import Final

from typer import Abort, TyperException

from streams.cli.commands import app
from streams.cli.console import complain
from streams.config import ConfigError
from streams.errors import UserError

UNUSABLE: Final = 2
INTERRUPTED: Final = 130


def main() -> None:
    """Run the command named on the command line, then end the process."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command; returns its exit code."""
    # What it says of a broker that does not answer is said by us, in one line.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        code = app(arguments, prog_name="deskpulse", standalone_mode=False)
    except TyperException as error:
        # Without any word the help is shown, and nothing is left to say.
        said = " ".join(error.format_message().split()).rstrip(".")
        if said:
            complain(f"{said}; see {_command(arguments)} --help")
        return UNUSABLE
    except (ConfigError, UserError) as error:
        complain(str(error))
        return UNUSABLE
    except (KeyboardInterrupt, Abort):
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough (`deskpulse ... | head`).
        sys.stderr.close()
        return 0
    return code if isinstance(code, int) else 0


def _command(arguments: list[str]) -> str:
    """The command that was meant, as far as the words are commands."""
    names = {command.name for command in app.registered_commands}
    names |= {group.name for group in app.registered_groups}
    return " ".join(["deskpulse", *(word for word in arguments[:1] if word in names)])
