"""How a value is written: durations, times of the day, addresses, names, secrets.

Each is text with one pattern; the pattern also goes into the JSON Schema, so an editor
refuses what the loader refuses.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from ipaddress import ip_address
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    Field,
    PlainSerializer,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from streams.config import environment
from streams.config.problems import UNSHOWN, ConfigError, Problem, found_text, likely, refuse

_UNITS: Final[Mapping[str, int]] = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""Weekdays as they are written, Monday first."""

PERCENT: Final = r"([0-9]{1,3}(?:\.[0-9]{1,3})?)%"
"""The number is its first group."""
_CLOCK: Final = "([01][0-9]|2[0-3]):([0-5][0-9])|(24):(00)"
_WHOLE: Final = "a duration such as 90s, 15m, 4h or 7d"
_ADDRESS: Final = r"([^\s:,\[\]]+|\[[0-9A-Fa-f:]+\]):[0-9]{1,5}"
_REFERENCE: Final = "env:[A-Za-z_][A-Za-z0-9_]*|file:.+"
_ZONES: Final = "the name of a time zone such as Europe/Berlin or UTC"
_MAX_PORT: Final = 65_535

Name = Annotated[str, Field(min_length=1)]

_Value = TypeVar("_Value")
ByName = Annotated[Mapping[Name, _Value], AfterValidator(MappingProxyType), PlainSerializer(dict)]
"""A map from names the user chose, read-only, in file order."""


def matched(
    pattern: str, expected: str, build: Callable[[re.Match[str]], object]
) -> PlainValidator:
    """A value written as text that matches `pattern` as a whole; `build` may still refuse it."""

    def parse(value: object) -> object:
        match = re.fullmatch(pattern, value) if isinstance(value, str) else None
        if match is None:
            raise ValueError(expected)
        return build(match)

    return PlainValidator(parse, json_schema_input_type=Annotated[str, _schema(pattern)])


def _schema(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^({pattern})$"})


def _milliseconds(match: re.Match[str]) -> int:
    return int(match[1]) * _UNITS[match[2]]


def duration_text(duration_ms: int) -> str:
    """A whole number of seconds as the shortest text a file may hold: `5m`, `24h`, `7d`.

    One day stays `24h`, the name its window has in the metrics. Raises `ValueError` for a
    duration that no file can hold (a fraction of a second, or less than none).
    """
    if duration_ms < 0 or duration_ms % _UNITS["s"]:
        raise ValueError(f"{duration_ms} ms is not a whole number of seconds")
    for unit, size in reversed(tuple(_UNITS.items())):
        least = 2 if unit == "d" else 1
        if duration_ms >= least * size and duration_ms % size == 0:
            return f"{duration_ms // size}{unit}"
    return "0s"


def time_text(duration_ms: int) -> str:
    """A length as a reader says it, down to the second: `9h12m`, `30h`, `45s`."""
    seconds = duration_ms // 1_000
    parts = ((seconds // 3_600, "h"), (seconds // 60 % 60, "m"), (seconds % 60, "s"))
    return "".join(f"{count}{unit}" for count, unit in parts if count) or "0s"


Duration = Annotated[
    int,
    matched("([0-9]{1,9})([smhd])", _WHOLE, _milliseconds),
    PlainSerializer(duration_text),
]
"""Milliseconds, 0 included; `1d` is 24 hours of wall time."""

PositiveDuration = Annotated[
    int,
    matched("(0*[1-9][0-9]{0,8})([smhd])", f"{_WHOLE}, longer than 0", _milliseconds),
    PlainSerializer(duration_text),
]
"""Milliseconds, at least one second."""


def _share(match: re.Match[str]) -> float:
    share = Fraction(match[1]) / 100
    if not 0 < share <= 1:
        raise ValueError("more than 0% and at most 100%")
    return float(share)


Share = Annotated[
    float,
    matched(PERCENT, "a percentage such as 99%", _share),
    PlainSerializer(lambda share: f"{100 * share:g}%"),
]
"""More than 0, up to 1."""


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant that comes back every day, or every week, by the local clock."""

    minute: int
    """Minutes after local midnight, 0 to 1440; 1440 is the midnight that ends the day."""
    weekday: int | None = None
    """0 is Monday; None means every day."""

    def __str__(self) -> str:
        clock = f"{self.minute // 60:02}:{self.minute % 60:02}"
        return clock if self.weekday is None else f"{DAYS[self.weekday]} {clock}"


def _moment(match: re.Match[str]) -> Moment:
    day, _, clock = match[0].rpartition(" ")
    hour, minute = clock.split(":")
    return Moment(int(hour) * 60 + int(minute), DAYS.index(day) if day else None)


Daily = Annotated[Moment, matched(_CLOCK, 'a time such as "18:00"', _moment), PlainSerializer(str)]
Weekly = Annotated[
    Moment,
    matched(f"({'|'.join(DAYS)}) ({_CLOCK})", 'a day and a time such as "fri 18:00"', _moment),
    PlainSerializer(str),
]


def _bootstrap(match: re.Match[str]) -> str:
    addresses = [address.strip() for address in match[0].split(",")]
    for address in addresses:
        if not 1 <= int(address.rpartition(":")[2]) <= _MAX_PORT:
            raise ValueError("a port from 1 to 65535")
    return ",".join(addresses)


Bootstrap = Annotated[
    str,
    matched(f"({_ADDRESS})(, *({_ADDRESS}))*", "HOST:PORT, or several with commas", _bootstrap),
]
"""`host:port` or several joined by commas, without spaces."""

TopicName = Annotated[
    str,
    matched(
        "[A-Za-z0-9._-]{0,248}[A-Za-z0-9_-]",
        "1 to 249 letters, digits, dots, dashes or underscores, not ending in a dot",
        re.Match.group,
    ),
]
Attribute = Annotated[
    str,
    matched(
        "[A-Za-z][A-Za-z0-9_]{0,63}",
        "1 to 64 letters, digits or underscores, a letter first",
        re.Match.group,
    ),
]
"""Behind `customer_` it is the name of a dimension."""
AppName = Annotated[
    str,
    matched(
        "[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}",
        "1 to 100 letters, digits, dots, dashes or underscores, not starting with a dot",
        re.Match.group,
    ),
]
"""Short enough that `<app>-<processor>-changelog` is a topic's name."""

Host = Annotated[
    str, matched(r"[^\s/]+", "an address such as 127.0.0.1 or 0.0.0.0", re.Match.group)
]


def is_loopback(host: str) -> bool:
    """Whether an address stays on this machine, by its own words: names are not looked up."""
    host = host.removeprefix("[").removesuffix("]")
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a credential is kept. It holds the place, never the secret, so it may be logged."""

    text: str
    """`env:NAME`, `file:PATH`, or for a user name the name itself."""
    folder: Path
    """A relative PATH starts here: the configuration's folder."""

    def read(self) -> str:
        """The credential now; raises `ConfigError` if the place does not hold one."""
        kind, _, name = self.text.partition(":")
        if kind == "env":
            found, missing = environment.variable(name), "the environment variable is not set"
        elif kind == "file":
            found, missing = _first_line(self.folder / name), "the file cannot be read or is empty"
        else:
            found, missing = self.text, ""
        if not found:
            raise ConfigError((Problem(self.text, None, "", missing),))
        return found


def _first_line(path: Path) -> str | None:
    # Editors and `kubectl create secret --from-file` leave a final newline.
    try:
        return path.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
    except (OSError, UnicodeDecodeError):
        return None


def folder_of(info: ValidationInfo) -> Path:
    """Where relative paths start: the folder that is being loaded."""
    return Path((info.context or {}).get("folder", "."))


def _secret(value: object, info: ValidationInfo) -> Reference:
    if not isinstance(value, str) or not re.fullmatch(_REFERENCE, value):
        raise PydanticCustomError(
            UNSHOWN, "expected env:NAME or file:PATH, as a secret never stands in the file"
        )
    return Reference(value, folder_of(info))


def _credential(value: object, info: ValidationInfo) -> Reference:
    if not isinstance(value, str) or not value:
        raise ValueError("a name, env:NAME or file:PATH")
    return Reference(value, folder_of(info))


def _path(value: object, info: ValidationInfo) -> Path:
    if not isinstance(value, str) or not value:
        raise ValueError("the path of a file")
    return folder_of(info) / value


Secret = Annotated[
    Reference,
    PlainValidator(_secret, json_schema_input_type=Annotated[str, _schema(_REFERENCE)]),
]
Credential = Annotated[
    Reference, PlainValidator(_credential, json_schema_input_type=Annotated[str, _schema(".+")])
]
FilePath = Annotated[
    Path, PlainValidator(_path, json_schema_input_type=Annotated[str, _schema(".+")])
]
"""Relative to the configuration's folder; not opened here."""


_AMOUNT: Final = r"[0-9]{1,12}(\.[0-9]{1,6})?"


def _money(value: object) -> Fraction:
    text = str(value) if isinstance(value, (int, float, str)) else ""
    if isinstance(value, bool) or not re.fullmatch(_AMOUNT, text):
        raise ValueError('an amount such as 30 or "42.50", with six decimal places at most')
    return Fraction(text)


def _amount_text(amount: Fraction) -> str:
    micros = round(amount * 1_000_000)
    return f"{micros // 1_000_000}.{micros % 1_000_000:06}".rstrip("0").rstrip(".")


Money = Annotated[
    Fraction,
    PlainValidator(
        _money,
        json_schema_input_type=Annotated[
            str,
            WithJsonSchema(
                {
                    "anyOf": [
                        {"type": "number", "minimum": 0},
                        {"type": "string", "pattern": f"^({_AMOUNT})$"},
                    ]
                }
            ),
        ],
    ),
    PlainSerializer(_amount_text),
]
"""An exact amount of money, or a rate."""

Currency = Annotated[str, matched("[A-Z]{3}", "a currency such as EUR", re.Match.group)]
"""ISO 4217, by its form only."""


def _zone(value: object) -> ZoneInfo:
    try:
        return ZoneInfo(value if isinstance(value, str) else "")
    except (KeyError, ValueError, OSError):  # OSError: a folder of zones, such as Europe
        refuse(f"found {found_text(value)}, {likely(value, available_timezones(), _ZONES)}")


Zone = Annotated[
    ZoneInfo,
    PlainValidator(
        _zone,
        json_schema_input_type=Annotated[
            str, WithJsonSchema({"type": "string", "format": "zoneinfo"})
        ],
    ),
    PlainSerializer(str),
]
"""A zone of the IANA database."""
