"""What a row of a table becomes, one rule of the mapping at a time."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.importers import Reason, UnusableInputError
from streams.importers.translate import event_id
from tests.unit.importers.reading import Read


def told(summary_first: list[tuple[int, str]]) -> list[int]:
    return [line for line, _ in summary_first]


def test_without_created_every_row_is_an_update(read: Read) -> None:
    log, _ = read("ticket,at\nT1,2021-01-01\nT1,2021-01-02\n")
    assert [event["type"] for event in log] == ["ticket.updated"] * 2


def test_created_by_activity_takes_every_row_with_that_activity(read: Read) -> None:
    table = "ticket,at,do\nT1,2021-01-02,Take\nT1,2021-01-01,Open\nT1,2021-01-03,Open\n"
    log, _ = read(
        table, "created: {by: activity, activities: [Open]}", "activity: {column: do, values: {}}"
    )
    assert [event["type"][7:] for event in log] == ["updated", "created", "created"]


def test_the_first_row_of_a_ticket_is_found_in_a_table_that_is_not_grouped(read: Read) -> None:
    table = "ticket,at\nT1,2021-01-01\nT2,2021-01-01\nT1,2021-01-02\nT2,2021-01-02\n"
    log, _ = read(table, "created: {by: first_row}")
    assert [event["type"][7:] for event in log] == ["created", "created", "updated", "updated"]


@pytest.mark.parametrize(
    ("missing", "data"),
    [("cleared", {"status": None, "queue": None}), ("unchanged", {})],
)
def test_a_missing_value_clears_or_says_nothing(
    read: Read, missing: str, data: dict[str, Any]
) -> None:
    log, _ = read(
        "ticket,at,s,q\nT1,2021-01-01,?,\n",
        f"missing: {missing}",
        'missing_markers: ["?"]',
        "attributes: {status: {column: s}, queue: {column: q}}",
    )
    assert log[0]["data"] == data


def test_a_creation_clears_nothing(read: Read) -> None:
    log, _ = read(
        "ticket,at,q\nT1,2021-01-01,\n",
        "created: {by: first_row}",
        "attributes: {queue: {column: q}}",
    )
    assert log[0]["data"] == {}


@pytest.mark.parametrize(
    ("cell", "values", "expected"),
    [
        ("Active", "{Active: open}", "open"),
        ("Waiting for A", "{'Waiting *': pending, Waiting for A: on_hold}", "on_hold"),
        ("Waiting for B", "{'Waiting *': pending, Waiting for A: on_hold}", "pending"),
        ("waiting for B", "{'Waiting *': pending}", "other"),
        ("a.c", "{'a.*': open}", "open"),
        ("abc", "{'a.*': open}", "other"),
        ("On  Hold", "{}", "on_hold"),
        (" RESOLVED ", "{}", "resolved"),
        ("Molten", "{}", "other"),
    ],
)
def test_a_status_is_mapped_by_its_exact_key_then_a_pattern_then_its_own_name(
    read: Read, cell: str, values: str, expected: str
) -> None:
    log, summary = read(
        f"ticket,at,s\nT1,2021-01-01,{cell}\n",
        f"attributes: {{status: {{column: s, values: {values}}}}}",
    )
    assert log[0]["data"] == {"status": expected}
    assert ("status" in summary.others) == (expected == "other")


def test_the_default_is_for_every_value_outside_the_map(read: Read) -> None:
    log, summary = read(
        "ticket,at,s\nT1,2021-01-01,New\n",
        "attributes: {status: {column: s, values: {Done: closed}, default: open}}",
    )
    assert log[0]["data"] == {"status": "open"}
    assert summary.others == {}


def test_an_open_list_keeps_the_value_and_a_channel_is_folded(read: Read) -> None:
    log, _ = read(
        "ticket,at,q,c\nT1,2021-01-01,Team  North,Self Service\n",
        "attributes: {queue: {column: q}, channel: {column: c}}",
    )
    assert log[0]["data"] == {"queue": "Team  North", "channel": "self_service"}


def test_an_activity_is_stronger_than_the_attributes_of_every_row(read: Read) -> None:
    log, _ = read(
        "ticket,at,do,s,who\nT1,2021-01-01,Take on,new,Ann\n",
        "attributes: {status: {column: s}}",
        "activity: {column: do, values: {Take *: {status: open, assignee: {column: who}}}}",
    )
    assert log[0]["data"] == {"status": "open", "assignee": "Ann"}


def test_a_message_takes_the_place_of_an_update_that_sets_nothing(read: Read) -> None:
    log, _ = read(
        "ticket,at,do,who,as\nT1,2021-01-01,Mail,Cleo,customer\n",
        "activity:",
        "  column: do",
        "  values:",
        "    Mail:",
        "      reply:",
        "        author: {column: who}",
        "        role: {column: as, values: {customer: requester}}",
        "        visibility: private",
    )
    assert [event["type"] for event in log] == ["ticket.replied"]
    assert log[0]["data"] == {
        "author": {"id": "Cleo", "role": "requester"},
        "visibility": "private",
    }


def test_a_role_that_the_contract_does_not_know_refuses_the_row(read: Read) -> None:
    log, summary = read(
        "ticket,at,as\nT1,2021-01-01,cat\n",
        "activity: {column: as, values: {'*': {reply: {author: me, role: {column: as}}}}}",
    )
    assert log == []
    assert summary.refused[Reason.REPLY].first == [(2, "role 'cat' is unknown")]


def test_an_id_of_the_source_is_kept(read: Read) -> None:
    table = f"ticket,at,nr\nT1,2021-01-01,e-1\nT1,2021-01-01,\nT1,2021-01-01,{'x' * 129}\n"
    log, summary = read(table, "id: nr")
    assert [event["id"] for event in log] == ["e-1"]
    assert told(summary.refused[Reason.ID].first) == [3, 4]


def test_an_id_is_the_hash_of_the_named_columns_as_a_json_array(read: Read) -> None:
    log, _ = read("ticket,at,x\nT1,2021-01-01,a\n", "hash: [x, ticket]")
    assert log[0]["id"] == hashlib.sha256(b'["a","T1"]').hexdigest()[:32]


def test_without_a_choice_an_id_is_the_hash_of_all_columns_that_are_read(read: Read) -> None:
    table = "ticket,at,q,unread\nT1,2021-01-01,a,1\nT1,2021-01-01,a,2\nT1,2021-01-01,b,1\n"
    log, _ = read(table, "attributes: {queue: {column: q}}")
    first, same, other = (event["id"] for event in log)
    assert first == same
    assert first != other


def test_the_events_of_one_row_never_share_an_id(read: Read) -> None:
    log, _ = read(
        "ticket,at,do\nT1,2021-01-01,Mail\n",
        "hash: [ticket, at]",
        "created: {by: column, column: at}",
        "activity: {column: do, values: {Mail: {status: open, reply: {author: me}}}}",
    )
    assert [event["type"][7:] for event in log] == ["created", "updated", "replied"]
    assert len({event["id"] for event in log}) == 3


def test_a_creation_at_another_instant_is_another_event(read: Read) -> None:
    first, second = (
        read(f"ticket,at,opened\nT1,2021-01-03,{day}\n", "created: {by: column, column: opened}")[0]
        for day in ("2021-01-01", "2021-01-02")
    )
    assert first[0]["id"] != second[0]["id"]
    assert first[1]["id"] == second[1]["id"]


@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_only_equal_parts_are_one_id(left: list[str], right: list[str]) -> None:
    assert (event_id(left) == event_id(right)) == (json.dumps(left) == json.dumps(right))


def test_a_ticket_id_of_128_characters_is_the_longest(read: Read) -> None:
    log, summary = read(f"ticket,at\n{'x' * 128},2021-01-01\n{'x' * 129},2021-01-01\n")
    assert len(log) == 1
    assert told(summary.refused[Reason.TICKET].first) == [3]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_utf_8_is_read_with_or_without_a_byte_order_mark(read: Read, encoding: str) -> None:
    log, _ = read('"ticket",at\nÄ1,2021-01-01\n'.encode(encoding))
    assert log[0]["subject"] == "Ä1"


def test_another_encoding_and_delimiter_can_be_named(read: Read) -> None:
    log, _ = read(
        "ticket;at\nÄ1;2021-01-01\n".encode("cp1252"), 'csv: {delimiter: ";", encoding: cp1252}'
    )
    assert log[0]["subject"] == "Ä1"


def test_bytes_that_are_no_text_cost_a_row_only_where_they_are_read(read: Read) -> None:
    log, summary = read(
        b"ticket,at,unread\nT1,2021-01-01,\xff\nT\xff,2021-01-01,\nT2,2021-01-01,\n"
    )
    assert [event["subject"] for event in log] == ["T1", "T2"]
    assert told(summary.refused[Reason.ENCODING].first) == [3]


def test_a_quote_out_of_place_costs_its_row_only(read: Read) -> None:
    log, summary = read('ticket,at,x\nT1,2021-01-01,"a"b\nT2,2021-01-01,c\n')
    assert [event["subject"] for event in log] == ["T2"]
    assert told(summary.refused[Reason.FIELDS].first) == [2]


def test_a_header_without_the_columns_is_refused_with_all_that_are_missing(read: Read) -> None:
    with pytest.raises(UnusableInputError) as refused:
        read("Ticket,at,at\nT1,2021-01-01,2021-01-01\n")
    assert [problem.partition("log.csv: ")[2] for problem in refused.value.problems] == [
        "line 1: expected one column 'ticket', found 0",
        "line 1: expected one column 'at', found 2",
        "line 1: the file has 'Ticket', 'at', 'at'; mend the mapping",
    ]


def test_a_header_or_an_encoding_that_cannot_be_read_stops_the_import(read: Read) -> None:
    with pytest.raises(UnusableInputError, match="line 1: expected the names of columns"):
        read('ticket,"at"x\nT1,2021-01-01\n')
    with pytest.raises(UnusableInputError, match=r"is not utf-16; mend csv\.encoding"):
        read("ticket,at\n".encode("utf-16") + b"x", "csv: {encoding: utf-16}")


def test_an_empty_file_has_no_columns(read: Read) -> None:
    with pytest.raises(UnusableInputError, match="the file has nothing"):
        read("")
