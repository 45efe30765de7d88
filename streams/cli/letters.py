"""Letters as text: a table of them, and one as a whole, whatever its bytes are."""

from collections.abc import Sequence
from datetime import tzinfo
from typing import Final

from rich.cells import cell_len, set_cell_size

from streams.cli.moments import moment
from streams.wire.deadletters import LATE, PREFIX, Letter
from streams.wire.reasons import REASONS
from streams.wire.replaying import Stored

_GAP: Final = "  "
_BYTES_A_LINE: Final = 16
_DUMPED: Final = 4_096
"""Bytes shown of a value that is no text; `--raw` writes all of them."""


def meaning(reason: str) -> str:
    """What a reason means, in one sentence."""
    late = "Older than the newest event of its ticket by more than lateness.apply_within."
    return late if reason == LATE else REASONS.get(reason, "No reason of this version.")


def escaped(content: bytes | None) -> str:
    r"""Bytes as a line of text; what is no text, or would move the cursor, as `\x1b`."""
    if content is None:
        return "null"
    return "".join(map(_visible, content.decode(errors="backslashreplace")))


def _visible(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode()


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """The rows as lines, in columns as wide as their widest cell."""
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    return [
        _GAP.join(set_cell_size(*cell) for cell in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def letter_lines(stored: Stored, topic: str, zone: tzinfo, *, went_back: bool) -> list[str]:
    """Everything about one letter; its value comes last, as it is."""
    said, letter = stored.said, stored.letter
    origin = f"{said.get('topic', '-')}, partition {said.get('partition', '-')}"
    facts = [
        ("letter", f"{topic} {stored.place}, written {told(stored.at, zone)}"),
        ("reason", f"{stored.reason or '-'}: {meaning(stored.reason)}"),
        ("read from", f"{origin}, offset {said.get('offset', '-')}"),
        ("first seen", _instant(said.get("first_seen", ""), zone)),
        ("refused by", f"version {said.get('engine', '-')}"),
        *([("fault", said["fault"])] if "fault" in said else ()),
        ("went back", "yes" if went_back else "no"),
        ("key", escaped(letter.key)),
        *(("header", each) for each in _headers(letter)),
        ("value", _size(stored)),
    ]
    lines = aligned([(name, "".join(map(_visible, text))) for name, text in facts])
    return [*lines, *_value(letter.value)]


def told(at_ms: int, zone: tzinfo) -> str:
    """When a letter was written, to the second."""
    return moment(at_ms // 1000 * 1000, zone)


def _headers(letter: Letter) -> list[str]:
    own = [(name, content) for name, content in letter.headers if not name.startswith(PREFIX)]
    return [f"{name}: {escaped(content)}" for name, content in own]


def _instant(epoch_ms: str, zone: tzinfo) -> str:
    return told(int(epoch_ms), zone) if epoch_ms.isdecimal() and len(epoch_ms) < 15 else "-"


def _size(stored: Stored) -> str:
    value, said = stored.letter.value, stored.said
    if value is None or said.get("null") == "value":
        return "null"
    if "sha256" not in said:
        return f"{len(value):,} bytes"
    return f"the first {len(value):,} of {said.get('size')} bytes, with SHA-256 {said['sha256']}"


def _value(value: bytes | None) -> list[str]:
    """The lines of a value: as text where it is one, else in hexadecimal."""
    try:
        text = (value or b"").decode()
    except UnicodeDecodeError:
        return _dump(value or b"")
    return ["".join(map(_visible, line)) for line in text.split("\n")] if text else []


def _dump(value: bytes) -> list[str]:
    lines = []
    for at in range(0, min(len(value), _DUMPED), _BYTES_A_LINE):
        part = value[at : at + _BYTES_A_LINE]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        lines.append(f"{at:08x}  {part.hex(' '):<{3 * _BYTES_A_LINE}} |{text}|")
    if len(value) > _DUMPED:
        lines.append(f"and {len(value) - _DUMPED:,} bytes more; --raw writes all of them")
    return lines
