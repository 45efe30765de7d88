"""The one place that reads the environment of the process."""

import os


def variable(name: str) -> str | None:
    """The value of an environment variable; None if it is not set or empty.

    Compose writes an empty text where the operator set nothing, so both mean the same.
    """
    return os.environ.get(name) or None
