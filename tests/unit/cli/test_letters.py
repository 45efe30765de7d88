"""Letters on a terminal: which are meant, how many there are, and nothing that moves the cursor."""

from zoneinfo import ZoneInfo

import pytest

from streams.cli import run
from streams.cli.letter_counts import Choice, Overview, Plan, counted, listed, planned
from streams.cli.letters import aligned, escaped, letter_lines
from streams.core.instants import parse_rfc3339
from streams.wire.deadletters import Origin, letter
from streams.wire.reasons import MAX_VALUE_BYTES
from streams.wire.replaying import Place, Stored, found

BERLIN = ZoneInfo("Europe/Berlin")
AT = parse_rfc3339("2026-03-02T09:00:00Z")
ALL = Choice(frozenset(), None, None, None)

Captured = pytest.CaptureFixture[str]


def stored(
    offset: int = 0,
    reason: str = "json",
    *,
    key: bytes | None = b"T-1",
    value: bytes | None = b"{",
    at: int = AT,
    fault: str = "",
) -> Stored:
    made = letter(
        *(key, value, [("trace\x1b", b"\x00\xff"), ("none", None)]),
        reason=reason,
        origin=Origin("ticket-events", 3, 1_000 + offset),
        seen_ms=AT,
        engine="1.2",
        fault=fault,
    )
    one = found(Place(2, offset), at, made)
    assert isinstance(one, Stored)
    return one


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (ALL, [0, 1, 2]),
        (Choice(frozenset({"json"}), None, None, None), [0]),
        (Choice(frozenset({"missing"}), None, None, None), [1, 2]),
        (Choice(frozenset({"missing:id", "json"}), None, None, None), [0, 1]),
        (Choice(frozenset(), 3, None, None), [0, 1, 2]),
        (Choice(frozenset(), 2, None, None), []),
        (Choice(frozenset(), None, AT + 1, None), [1, 2]),
        (Choice(frozenset(), None, None, AT + 1), [0]),
        (Choice(frozenset(), None, AT + 1, AT + 2), [1]),
    ],
)
def test_a_choice_takes_by_reason_source_partition_and_time(
    choice: Choice, expected: list[int]
) -> None:
    """Since is inclusive, until is not."""
    every = [stored(0), stored(1, "missing:id", at=AT + 1), stored(2, "missing:time", at=AT + 2)]
    assert [one.place.offset for one in every if choice.takes(one)] == expected


def test_letters_are_counted_by_reason_and_the_latest_are_listed() -> None:
    overview = Overview(2)
    for one in (
        stored(4, at=AT + 60_000),
        stored(1),
        stored(2, "future", at=AT + 120_000),
        stored(3, key=None),
    ):
        overview.add(one)
    overview.mark(Place(2, 1))
    overview.mark(Place(2, 1))
    overview.mark(Place(7, 7))
    head, first, second = counted(overview, BERLIN)
    assert head.split() == ["reason", "letters", "went", "back", "first", "last", "meaning"]
    assert first.split()[:9] == [
        *("json", "3", "1"),
        *("Mon", "2026-03-02", "10:00:00"),
        *("Mon", "2026-03-02", "10:01:00"),
    ]
    assert first.endswith("The value is not JSON.")
    assert second.split()[:3] == ["future", "1", "0"]
    _, *rows = listed(overview, BERLIN)
    assert [row.split()[0] for row in rows] == ["2/4", "2/2"]
    assert rows[0].split()[4:] == ["json", "3/1004", "T-1", "no"]


def test_none_is_listed_where_only_counts_are_wanted() -> None:
    overview = Overview(0)
    overview.add(stored())
    assert listed(overview, BERLIN) == []


def test_a_plan_says_what_goes_what_stays_and_why() -> None:
    plan = Plan(
        {
            Place(0, 1): ("version", ""),
            Place(0, 2): ("version", ""),
            Place(0, 3): ("handler", ""),
            Place(0, 4): ("json", "json"),
            Place(0, 5): ("oversize", "cut"),
            Place(0, 6): ("handler", ""),
        }
    )
    plan.mark(Place(0, 6))
    plan.mark(Place(0, 7))
    assert planned(plan, "ticket-events") == [
        "3 letters to put back on ticket-events: 2 version, 1 handler",
        "1 stay, they would be refused again: 1 json",
        "1 stay, only its beginning was kept",
        "1 went back before",
    ]


def test_one_letter_is_shown_whole() -> None:
    lines = letter_lines(stored(7, value=b'{"a":\n\t1\x1b[2J'), "dead", BERLIN, went_back=False)
    assert lines == [
        "letter      dead 2/7, written Mon 2026-03-02 10:00:00",
        "reason      json: The value is not JSON.",
        "read from   ticket-events, partition 3, offset 1007",
        "first seen  Mon 2026-03-02 10:00:00",
        "refused by  version 1.2",
        "went back   no",
        "key         T-1",
        r"header      trace\x1b: \x00\xff",
        "header      none: null",
        "value       12 bytes",
        '{"a":',
        r"\t1\x1b[2J",
    ]


def test_a_fault_of_ours_is_told_with_its_letter() -> None:
    lines = letter_lines(stored(fault="KeyError in a.b:1"), "dead", BERLIN, went_back=True)
    assert "fault       KeyError in a.b:1" in lines
    assert "went back   yes" in lines


def test_what_is_no_text_is_shown_in_hexadecimal() -> None:
    lines = letter_lines(
        stored(value=bytes(range(0x60, 0x80)) + b"\xff"), "d", BERLIN, went_back=False
    )
    assert lines[-3:] == [
        "00000000  60 61 62 63 64 65 66 67 68 69 6a 6b 6c 6d 6e 6f  |`abcdefghijklmno|",
        "00000010  70 71 72 73 74 75 76 77 78 79 7a 7b 7c 7d 7e 7f  |pqrstuvwxyz{|}~.|",
        "00000020  ff                                               |.|",
    ]


def test_a_long_one_is_cut_and_says_how_to_get_the_rest() -> None:
    lines = letter_lines(stored(value=b"\xff" * 5_000), "d", BERLIN, went_back=False)
    assert lines[-1] == "and 904 bytes more; --raw writes all of them"


@pytest.mark.parametrize(
    ("one", "told"),
    [
        (stored(value=b""), "value       0 bytes"),
        (stored(value=None), "value       null"),
        (stored(key=None, value=None), "value       null"),
    ],
)
def test_nothing_is_told_apart_from_null(one: Stored, told: str) -> None:
    assert letter_lines(one, "d", BERLIN, went_back=False)[-1] == told


def test_of_a_value_that_was_cut_the_size_and_the_hash_are_told() -> None:
    one = stored(value=b" " * (MAX_VALUE_BYTES + 1))
    lines = letter_lines(one, "d", BERLIN, went_back=False)
    assert "value       the first 4,096 of 1000001 bytes, with SHA-256 " in "\n".join(lines)


def test_a_record_that_is_no_letter_of_ours_is_shown_too() -> None:
    one = Stored(Place(0, 0), AT, stored().letter._replace(headers=[]), {})
    assert "reason      -: No reason of this version." in letter_lines(
        one, "d", BERLIN, went_back=False
    )


def test_columns_are_as_wide_as_their_widest_cell_in_any_script() -> None:
    assert aligned([("ab", "x"), ("語", "y")]) == ["ab  x", "語  y"]
    assert escaped("Büro\u202e".encode()) == r"Büro\u202e"


MISTAKES = {
    "a reason": (["list", "--reason", "mood"], "--reason mood: no such reason; expected json,"),
    "an instant": (["list", "--since", "monday"], "--since 'monday' is no instant with a zone"),
    "another": (["replay", "--until", "1"], "--until '1' is no instant with a zone"),
    "a place": (["show", "1234"], "'1234' is no letter; write PARTITION/OFFSET, such as 2/1234"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_in_one_line(name: str, capsys: Captured) -> None:
    arguments, told = MISTAKES[name]
    assert run(["dead-letters", *arguments]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert said[0].startswith(f"deskpulse: {told}")
