"""What is wrong with a configuration, one line each, never with a traceback or a secret."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, NamedTuple, NoReturn

from pydantic_core import ErrorDetails, PydanticCustomError

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


class Contradiction(NamedTuple):
    """Values that are each valid and cannot stand together."""

    reads: tuple[Path, ...]
    """The keys it rests on, the one to blame first; void if one of them is itself refused."""
    message: str


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


def refuse(text: str) -> NoReturn:
    """For a validator that knows better than "found, expected" what to say."""
    raise PydanticCustomError(UNSHOWN, "{text}", {"text": text})


def likely(value: object, choices: Iterable[str], expected: str = "") -> str:
    """What the user may have meant by a name that does not exist, else what exists.

    `expected` stands for choices that are too many to be listed.
    """
    names = list(choices)
    close = get_close_matches(str(value), names, n=1)
    return f"did you mean {close[0]}?" if close else f"expected {expected or listed(names)}"


def listed(names: Iterable[str]) -> str:
    """Names as a reader writes them: `a, b or c`."""
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last


def message(error: ErrorDetails) -> str:
    """What was found and what was expected, from pydantic's account of one mistake."""
    if error["type"] == "missing":
        return "missing, and it has no default"
    template = _EXPECTED.get(error["type"])
    if template is None:
        return error["msg"]
    expected = template.format(**error.get("ctx", {})).replace("'", "")
    return f"found {found_text(error['input'])}, expected {expected}"
