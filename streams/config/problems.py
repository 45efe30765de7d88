"""What is wrong with a configuration, one line each, never with a traceback or a secret."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic_core import ErrorDetails

Path = tuple[str | int, ...]
"""Where a value stands: keys and list positions from the top, `("windows", 1)`."""

UNSHOWN: Final = "unshown"
"""An error type outside `_EXPECTED`: only its own text is told, never the value."""

_EXPECTED: Final[Mapping[str, str]] = {
    "bool_type": "true or false",
    "dataclass_type": "a map of settings",
    "dict_type": "a map",
    "enum": "{expected}",
    "greater_than_equal": "at least {ge}",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "less_than_equal": "at most {le}",
    "literal_error": "{expected}",
    "string_too_short": "text that is not empty",
    "string_type": "text",
    "tuple_type": "a list",
    "value_error": "{error}",
    "zoneinfo_str": "the name of a time zone such as Europe/Berlin or UTC",
}
"""What was expected, by pydantic's type of error, filled from the error's context."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake of the user's; `str()` is the line to show."""

    file: str
    """The file's name in the folder, or what else was read."""
    line: int | None
    """From 1; None where the mistake stands on no line (a missing file)."""
    path: str
    """The key, `lateness.apply_within`; empty for a whole file."""
    message: str
    """What was found and what was expected."""

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return ": ".join(part for part in (place, self.path, self.message) if part)


class ConfigError(Exception):
    """The configuration cannot be used; `problems` has every mistake found, in file order."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


def path_text(path: Path) -> str:
    """`("windows", 1)` as a reader writes it: `windows[1]`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def found_text(value: object) -> str:
    """A value as the user would recognise it, at most 60 characters of it."""
    match value:
        case None:
            return "nothing"
        case dict():
            return "a map"
        case list():
            return "a list"
        case _:
            text = json.dumps(value, ensure_ascii=False)
            return text if len(text) <= 60 else f"{text[:57]}..."


def message(error: ErrorDetails) -> str:
    """What was found and what was expected, from pydantic's account of one mistake."""
    template = _EXPECTED.get(error["type"])
    if template is None:
        return error["msg"]
    expected = template.format(**error.get("ctx", {})).replace("'", "")
    return f"found {found_text(error['input'])}, expected {expected}"
