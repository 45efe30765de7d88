"""The format of what stands in a changelog: each record carries its number.

It is raised when a record of the former format would be read wrongly. Then a worker says so before
it writes anything, and a person decides: state is made of events, so it can be made anew.
"""

from typing import Final

NEWER: Final = (
    "the state was written by a newer version, in format {found}; this one reads format {reads}: "
    "start the newer version again, or rebuild the state from the topics with `deskpulse reset`"
)
OLDER: Final = (
    "the state was written by an older version, in format {found}; this one reads format {reads}: "
    "rebuild the state from the topics with `deskpulse reset`, or start the older version again"
)


class FormatError(ValueError):
    """A changelog of another format."""


def check_format(found: int, reads: int) -> None:
    """Raise `FormatError` unless what was found can be read."""
    if found != reads:
        told = NEWER if found > reads else OLDER
        raise FormatError(told.format(found=found, reads=reads))
