"""The command line: `deskpulse COMMAND`, one module per command.

A user's mistake ends in one line on standard error that says what to do next, never in a
traceback. Exit codes: 0 done; 1 it ran and found or met a problem; 2 unusable input or
configuration.
"""

import sys

from click.exceptions import Abort, ClickException

from streams.cli.commands import app
from streams.cli.console import complain
from streams.config import ConfigError
from streams.errors import UserError

UNUSABLE = 2


def main() -> None:
    """Run the command named on the command line, then end the process."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command; returns its exit code."""
    try:
        code = app(arguments, prog_name="deskpulse", standalone_mode=False)
    except ClickException as error:
        error.show()
        return error.exit_code
    except (ConfigError, UserError) as error:
        complain(str(error))
        return UNUSABLE
    except (KeyboardInterrupt, Abort):
        return 130
    except BrokenPipeError:
        # Whoever read our output has seen enough (`deskpulse ... | head`).
        sys.stderr.close()
        return 0
    return code if isinstance(code, int) else 0
