"""What a record of `ticket-events` is: modes, keys, the order of refusals, what is mended."""

import json
import re
from dataclasses import replace
from typing import Any, cast

import pytest

from streams.core.events import Accepted, Event, Ignored, Redaction, Refused
from streams.core.instants import parse_rfc3339
from streams.wire.cloudevents import UNKNOWN_TYPE, decode, decode_line
from streams.wire.payloads import PAYLOADS as KINDS
from streams.wire.payloads import WITHOUT_DATA
from tests.unit.wire.samples import (
    FUTURE_SKEW,
    NOW,
    PAYLOADS,
    accepted,
    arrival,
    event,
    reason,
)

STRUCTURED = ("content-type", b"application/cloudevents+json; charset=UTF-8")


def binary(**changes: str | None) -> list[tuple[str, bytes | None]]:
    attributes = {
        "specversion": "1.0",
        "id": "e-1",
        "source": "desk/acme",
        "type": "ticket.updated",
        "subject": "T-1",
        "time": "2026-03-02T09:00:00Z",
    } | changes
    return [(f"ce_{n}", None if v is None else v.encode()) for n, v in attributes.items()]


class TestModes:
    def test_an_event_has_its_order_key_type_data_and_packed_bytes(self) -> None:
        found = accepted(event(sequence="12", data={"queue": "payments", "assignee": None}))
        assert found == Accepted(
            "T-1",
            Event(
                parse_rfc3339("2026-03-02T09:00:00Z"),
                12,
                "desk/acme",
                "e-1",
                "ticket.updated",
                {"queue": "payments", "assignee": None},
            ),
            b'[1772442000000,12,"desk/acme","e-1","ticket.updated",'
            b'{"assignee":null,"queue":"payments"}]',
            b',"desk/acme","e-1",',
        )

    @pytest.mark.parametrize("event_type", sorted(PAYLOADS))
    def test_every_type_is_read_whole(self, event_type: str) -> None:
        found = accepted(event(event_type))
        assert found.event.data == PAYLOADS[event_type]
        assert found.flags == ()

    def test_both_modes_give_the_same_arrival(self) -> None:
        whole = event(sequence="7")
        data = json.dumps(whole["data"]).encode()
        assert arrival(data, headers=binary(sequence="7")) == arrival(whole)

    def test_the_content_type_decides_against_other_headers(self) -> None:
        mixed = [("ce_id", b"other"), STRUCTURED]
        assert accepted(event(), headers=mixed).event.id == "e-1"

    def test_a_binary_event_without_data_is_no_tombstone(self) -> None:
        found = arrival(None, headers=binary(type="ticket.restored"))
        assert isinstance(found, Accepted)
        assert found.event.data == {}

    def test_data_cannot_come_from_a_header(self) -> None:
        assert accepted(b'{"queue":"q"}', headers=[*binary(), ("ce_data", b"x")]).event.data == {
            "queue": "q"
        }

    def test_a_header_without_a_value_is_absent(self) -> None:
        assert reason(b"{}", headers=binary(id=None)) == "missing:id"

    def test_a_null_value_without_attributes_erases_the_ticket_of_the_key(self) -> None:
        assert arrival(None) == Redaction("T-1")

    @pytest.mark.parametrize("key", [None, b"", b"\xff", b"x" * 129])
    def test_a_tombstone_needs_a_key_that_can_be_a_ticket(self, key: bytes | None) -> None:
        assert arrival(None, key=key) == Refused("key")

    def test_the_longest_ticket_id_can_be_erased(self) -> None:
        assert arrival(None, key="ü".encode() * 128) == Redaction("ü" * 128)


class TestLines:
    def _line(self, line: bytes) -> Any:
        return decode_line(line, now_ms=NOW, future_skew_ms=FUTURE_SKEW)

    def test_a_line_is_a_structured_event_whatever_its_subject(self) -> None:
        line = json.dumps(event(subject="T-9")).encode() + b"\r\n"
        assert self._line(line) == arrival(event(subject="T-9"), key=b"T-9")

    @pytest.mark.parametrize("line", [b"", b"\n", b" \t\r\n"])
    def test_a_blank_line_is_refused_as_empty(self, line: bytes) -> None:
        assert self._line(line) == Refused("empty")

    def test_a_mended_event_needs_no_key_either(self) -> None:
        assert self._line(json.dumps(event(subject=7)).encode()).ticket == "7"

    def test_a_longer_line_than_a_value_may_be_is_refused(self) -> None:
        assert self._line(json.dumps(event()).encode() + b" " * 1_000_000) == Refused("oversize")


class TestTypes:
    @pytest.mark.parametrize("event_type", ["ticket.viewed", "TICKET.CREATED"])
    def test_another_type_is_ignored_whatever_its_data(self, event_type: str) -> None:
        assert arrival(event(event_type, data=3)) == Ignored(UNKNOWN_TYPE)

    @pytest.mark.parametrize("event_type", ["agent.presence", "customer.active", "contact.queued"])
    def test_what_belongs_to_another_topic_is_ignored_on_this_one(self, event_type: str) -> None:
        raw = json.dumps(event(event_type, data=3)).encode()
        found = decode(b"T-1", raw, (), now_ms=NOW, future_skew_ms=FUTURE_SKEW)
        assert found == Ignored(UNKNOWN_TYPE)

    def test_of_an_unknown_type_only_the_version_matters(self) -> None:
        unknown = event("ticket.viewed", id=None, time="soon")
        assert arrival(unknown, key=None) == Ignored(UNKNOWN_TYPE)
        assert reason(unknown | {"dataschema": "urn:deskpulse:event:2"}) == "version"

    @pytest.mark.parametrize("data", [{}, None])
    def test_restored_needs_no_data(self, data: Any) -> None:
        assert accepted(event("ticket.restored", data=data)).event.data == {}

    @pytest.mark.parametrize("event_type", sorted(set(PAYLOADS) - WITHOUT_DATA))
    def test_every_other_type_does(self, event_type: str) -> None:
        assert reason(event(event_type, data=None)) == "missing:data"


class TestSpans:
    """start [------------ a year at most ------------) end."""

    @pytest.mark.parametrize(
        ("start", "end", "expected"),
        [
            ("2026-03-02T08:00:00Z", "2026-03-02T08:00:00.001Z", None),
            ("2026-03-02T08:00:00Z", "2026-03-02T09:00:00+01:00", "value"),
            ("2026-03-02T08:00:00Z", "2027-03-03T08:00:00Z", None),
            ("2026-03-02T08:00:00Z", "2027-03-03T08:00:00.001Z", "value"),
            ("2000-01-01T00:00:00+00:01", "2000-01-02T00:00:00Z", "ancient"),
            ("monday", "2026-03-02T08:00:00Z", "timestamp"),
            ("2026-03-02T08:00:00Z", "2026-03-02", "timestamp"),
        ],
    )
    @pytest.mark.parametrize("event_type", ["agent.scheduled", "agent.absent"])
    def test_bounds(self, event_type: str, start: str, end: str, expected: str | None) -> None:
        data = PAYLOADS[event_type] | {"start": start, "end": end}
        found = arrival(event(event_type, data=data))
        assert (found.reason if isinstance(found, Refused) else None) == expected


class TestCustomerAttributes:
    """Whatever a source declares is kept, as long as it is a text."""

    def test_of_any_name(self) -> None:
        found = accepted(event("customer.updated", data={"plan": "gold", "seats": 7, "vip": None}))
        assert found.event.data == {"plan": "gold", "seats": "7", "vip": None}
        assert found.flags == ("normalised",)

    @pytest.mark.parametrize("value", [True, ["x"], {"a": "b"}])
    def test_what_is_no_text_is_left_out_or_refused_where_the_name_is_known(
        self, value: Any
    ) -> None:
        found = accepted(event("customer.updated", data={"plan": value}))
        assert (found.event.data, found.flags) == ({}, ("unknown_attribute",))
        assert reason(event("customer.updated", data={"region": value})) == "type"


class TestVersions:
    @pytest.mark.parametrize("urn", ["urn:deskpulse:event:1", "urn:deskpulse:event:1.12"])
    def test_a_newer_minor_is_read(self, urn: str) -> None:
        assert accepted(event(dataschema=urn)) == accepted(event())

    @pytest.mark.parametrize(
        "urn",
        [
            "urn:deskpulse:event:2",
            "urn:deskpulse:event:2.1",
            "urn:deskpulse:event:10",
            "urn:deskpulse:event:1.",
            "urn:deskpulse:event:1\n",
            "https://example.com/ticket.json",
            "",
            1,
        ],
    )
    def test_any_other_dataschema_is_refused(self, urn: Any) -> None:
        assert reason(event(dataschema=urn)) == "version"

    @pytest.mark.parametrize("version", ["1.0.2", "0.3", "2.0", "", 1.0, 1])
    def test_another_specversion_is_refused(self, version: Any) -> None:
        assert reason(event(specversion=version)) == "version"


class TestSequence:
    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            (0, 0),
            (-5, -5),
            (5.0, 5),
            ("42", 42),
            ("007", 7),
            ("-0", 0),
            (2**63 - 1, 2**63 - 1),
            (str(-(2**63)), -(2**63)),
            ("0" * 999 + "1", 1),
        ],
    )
    def test_is_an_integer_or_its_digits(self, given: Any, expected: int) -> None:
        assert accepted(event(sequence=given)).event.sequence == expected

    def test_absent_or_null_is_zero(self) -> None:
        null = json.dumps(event(sequence="N")).replace('"N"', "null").encode()
        assert accepted(null).event.sequence == 0
        assert accepted(event(sequence=None)).event.sequence == 0

    @pytest.mark.parametrize("given", [2**63, str(2**63), -(2**63) - 1, 10**30, "9" * 5000])
    def test_beyond_64_bit_is_refused(self, given: Any) -> None:
        assert reason(event(sequence=given)) == "number"

    @pytest.mark.parametrize("given", ["", "1.0", "+1", " 1", "1_000", "٣", "0x1"])
    def test_other_text_is_refused(self, given: str) -> None:
        assert reason(event(sequence=given)) == "value"

    @pytest.mark.parametrize("given", [1.5, True, [], {}])
    def test_other_values_are_refused(self, given: Any) -> None:
        assert reason(event(sequence=given)) == "type"


class TestTime:
    """ancient ----)[2000-01-01Z ---- accepted ---- now ---- now + future_skew](---- future."""

    @pytest.mark.parametrize(
        ("time", "expected"),
        [
            ("1999-12-31T23:59:59.999Z", "ancient"),
            ("2000-01-01T00:00:00Z", None),
            ("2000-01-01T00:59:59+01:00", "ancient"),
            ("2026-03-02T12:05:00Z", None),
            ("2026-03-02T12:05:00.0009Z", None),
            ("2026-03-02T12:05:00.001Z", "future"),
        ],
    )
    def test_both_bounds_are_inclusive(self, time: str, expected: str | None) -> None:
        if expected is None:
            assert accepted(event(time=time)).event.at == parse_rfc3339(time)
        else:
            assert reason(event(time=time)) == expected

    def test_nanoseconds_are_cut_to_milliseconds(self) -> None:
        found = accepted(event(time="2026-03-02T09:00:00.123999999Z"))
        assert found.event.at == parse_rfc3339("2026-03-02T09:00:00.123Z")

    def test_a_leap_second_is_mended_and_flagged(self) -> None:
        found = accepted(event(time="2016-12-31T23:59:60Z"))
        assert found.event.at == parse_rfc3339("2016-12-31T23:59:59.999Z")
        assert found.flags == ("leap_second",)


class TestKeys:
    def test_an_event_needs_a_key(self) -> None:
        assert reason(event(), key=None) == "key"

    @pytest.mark.parametrize("key", [b"T-2", b"", b"t-1", b"T-1 ", b"\xff"])
    def test_the_key_is_the_subject_byte_for_byte(self, key: bytes) -> None:
        assert reason(event(), key=key) == "key_mismatch"

    def test_a_key_in_another_script_is_compared_as_utf_8(self) -> None:
        assert accepted(event(subject="Bürö"), key="Bürö".encode()).ticket == "Bürö"

    def test_a_number_as_subject_agrees_with_its_digits(self) -> None:
        assert accepted(event(subject=42), key=b"42").ticket == "42"
        assert reason(event(subject=42), key=b"43") == "key_mismatch"


FAULTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("version", {"specversion": "2.0"}),
    ("key_mismatch", {"subject": "T-2"}),
    ("missing:id", {"id": None}),
    ("missing:author", {"data": {"visibility": "public"}}),
    ("type", {"source": 1.5}),
    ("timestamp", {"time": "soon"}),
)


@pytest.mark.parametrize("first", range(len(FAULTS)))
def test_of_several_faults_the_first_in_order_is_the_reason(first: int) -> None:
    changes: dict[str, Any] = {}
    for _, change in FAULTS[first:]:
        changes |= change
    assert reason(event("ticket.replied", **changes)) == FAULTS[first][0]


def test_what_cannot_be_parsed_is_refused_for_that_before_all_else() -> None:
    assert reason(b'{"specversion":"2.0"', key=None) == "json"
    assert reason(b"{", key=None, headers=binary(specversion="2.0")) == "json"


class TestMending:
    @pytest.mark.parametrize("name", ["queue", "assignee", "complexity", "requester"])
    def test_an_integer_for_a_text_becomes_its_digits(self, name: str) -> None:
        found = accepted(event(data={name: 10**18}))
        assert found.event.data == {name: str(10**18)}
        assert found.flags == ("normalised",)

    @pytest.mark.parametrize("given", [2**64, -(2**63) - 1, 10**30, 1e300])
    def test_an_integer_that_lost_digits_is_refused(self, given: float) -> None:
        assert reason(event(id=given)) == "number"

    def test_an_id_that_is_a_number_becomes_its_digits(self) -> None:
        found = accepted(event(id=7, source=3))
        assert (found.event.id, found.event.source) == ("7", "3")

    @pytest.mark.parametrize("name", ["status", "priority", "kind"])
    def test_an_unknown_value_of_a_closed_list_becomes_other(self, name: str) -> None:
        found = accepted(event(data={name: "Unheard of"}))
        assert found.event.data == {name: "other"}
        assert found.flags == ("unknown_enum",)

    def test_an_open_list_is_taken_as_given(self) -> None:
        found = accepted(event(data={"channel": "fax", "queue": "\u202e\x00 q\n"}))
        assert found.event.data == {"channel": "fax", "queue": "\u202e\x00 q\n"}
        assert found.flags == ()

    def test_unknown_fields_are_left_out_at_every_level(self) -> None:
        data = {
            "author": {"id": "a", "role": "agent", "mail": "a@example.com"},
            "visibility": "public",
            "body": [[[]]],
        }
        found = accepted(event("ticket.replied", data=data))
        assert found.event.data == {
            "author": {"id": "a", "role": "agent"},
            "visibility": "public",
        }
        assert found.flags == ("unknown_attribute",)

    def test_unknown_attributes_of_the_envelope_are_nobodys_business(self) -> None:
        assert accepted(event(traceparent="00-1", mood={"a": 1})) == accepted(event())

    @pytest.mark.parametrize("event_type", ["ticket.created", "ticket.updated"])
    def test_null_clears_an_attribute(self, event_type: str) -> None:
        found = accepted(event(event_type, data={"status": None, "tags": None, "actor": None}))
        assert found.event.data == {"status": None, "tags": None}
        assert found.flags == ()

    def test_null_for_any_other_field_is_absent(self) -> None:
        data = {"agent": "a", "seconds": 1, "activity": None, "cost": None}
        assert accepted(event("ticket.worked", data=data)).event.data == {
            "agent": "a",
            "seconds": 1,
        }

    def test_a_whole_number_is_written_as_one_so_equal_content_packs_alike(self) -> None:
        whole, point = (
            accepted(event("ticket.worked", data={"agent": "a", "seconds": seconds}))
            for seconds in (60, 60.0)
        )
        assert whole.packed == point.packed

    def test_keys_pack_in_one_order(self) -> None:
        data = event()["data"]
        backwards = dict(reversed(data.items()))
        assert accepted(event(data=data)).packed == accepted(event(data=backwards)).packed

    def test_flags_come_sorted_and_once_each(self) -> None:
        data = {"status": "x", "kind": "x", "queue": 1, "mood": 1, "weather": 2}
        found = accepted(event(data=data, time="2016-12-31T23:59:60Z"))
        assert found.flags == ("leap_second", "normalised", "unknown_attribute", "unknown_enum")

    @pytest.mark.parametrize("errors", [0, 3, [], ["tone", "facts"]])
    def test_errors_of_a_review_are_a_count_or_a_list(self, errors: Any) -> None:
        data = PAYLOADS["ticket.reviewed"] | {"errors": errors}
        assert accepted(event("ticket.reviewed", data=data)).event.data["errors"] == errors


class TestRepeatedKeys:
    """The last one counts, as in every parser, and the event is flagged."""

    @pytest.mark.parametrize(
        ("written", "again"),
        [
            ('"id": "e-1"', '"id": "e-0", "id": "e-1"'),
            ('"id": "e-1"', '"i\\u0064" : "e-0", "id": "e-1"'),
            ('"sequence": 7', '"sequence": 6, "sequence": 7'),
            ('"status": "open"', '"status": "new", "status": "open"'),
            ('"queue": null', '"queue": null, "queue": null'),
            ('"data": {', '"data": {}, "data": {'),
        ],
    )
    def test_a_key_that_stands_twice_is_flagged(self, written: str, again: str) -> None:
        once = json.dumps(event())
        assert written in once
        found = accepted(once.replace(written, again).encode())
        assert found == accepted(once.encode())._replace(flags=("dup_key",))

    def test_where_nobody_reads_too(self) -> None:
        raw = json.dumps(event(mood="?")).replace('"?"', '[{"a": 1, "a": 1}]').encode()
        assert accepted(raw).flags == ("dup_key",)

    def test_and_in_the_data_of_a_binary_event(self) -> None:
        found = accepted(b'{"queue": "a", "queue": "b"}', headers=binary())
        assert (found.event.data, found.flags) == ({"queue": "b"}, ("dup_key",))

    @pytest.mark.parametrize("queue", ['"queue": "queue",', '\\"', "\\u0022", '"', '\\\\"'])
    def test_quotes_within_a_text_are_no_keys(self, queue: str) -> None:
        found = accepted(event(data={"queue": queue, "status": "open"}))
        assert (found.event.data["queue"], found.flags) == (queue, ())


class TestHeaderNames:
    @pytest.mark.parametrize("headers", [[], [STRUCTURED]])
    def test_a_name_that_is_no_text_is_refused(
        self, headers: list[tuple[str, bytes | None]]
    ) -> None:
        """What stands for bytes that are no UTF-8, wherever it stands."""
        odd = ("tr\udcffce", b"1")
        assert reason(event(), headers=[odd, *headers]) == "encoding"
        assert reason(event(), headers=[*headers, odd]) == "encoding"
        assert reason(None, headers=[odd]) == "encoding"

    def test_a_name_in_another_script_is_fine(self) -> None:
        assert accepted(event(), headers=[("Spur", b"1"), ("след", b"2")])


class TestFaultsOfOurs:
    """Whatever fails while a message is read costs that message, and says where."""

    @pytest.fixture
    def faulty(self, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
        """An event on which a reader fails with what the message says."""

        def fails(value: Any, _: Any) -> Any:
            raise KeyError(value["type"])

        kind = replace(KINDS["ticket.cost"], read=fails)
        monkeypatch.setitem(cast("dict[str, Any]", KINDS), "ticket.cost", kind)
        return event("ticket.cost", data=PAYLOADS["ticket.cost"] | {"note": 1})

    def test_it_is_refused_as_ours(self, faulty: dict[str, Any]) -> None:
        found = arrival(faulty)
        assert isinstance(found, Refused)
        assert found.reason == "handler"
        assert re.fullmatch(rf"KeyError in {__name__}:\d+", found.fault)

    def test_and_so_is_a_line(self, faulty: dict[str, Any]) -> None:
        line = json.dumps(faulty).encode()
        found = decode_line(line, now_ms=NOW, future_skew_ms=FUTURE_SKEW)
        assert isinstance(found, Refused)
        assert found.reason == "handler"


class TestBounds:
    @pytest.mark.parametrize(
        ("inside", "outside", "expected"),
        [
            ({"id": "x" * 128}, {"id": "x" * 129}, "value"),
            ({"source": "x" * 16_384}, {"source": "x" * 16_385}, "value"),
            ({"data": {"queue": "ü" * 16_384}}, {"data": {"queue": "ü" * 16_385}}, "value"),
            ({"data": {"queue": ""}}, {"id": ""}, "value"),
            ({"data": {"tags": ["t"] * 256}}, {"data": {"tags": ["t"] * 257}}, "value"),
            (
                {"data": {f"k{i}": 1 for i in range(256)}},
                {"data": {f"k{i}": 1 for i in range(257)}},
                "depth",
            ),
            (
                {f"k{i}": 1 for i in range(256 - 8)},
                {f"k{i}": 1 for i in range(257 - 8)},
                "depth",
            ),
        ],
    )
    def test_the_last_value_inside_and_the_first_outside(
        self, inside: dict[str, Any], outside: dict[str, Any], expected: str
    ) -> None:
        assert accepted(event(**inside))
        assert reason(event(**outside)) == expected

    @pytest.mark.parametrize(("levels", "expected"), [(31, None), (32, "depth")])
    def test_32_levels_are_read_the_event_being_the_first(
        self, levels: int, expected: str | None
    ) -> None:
        nested: Any = "bottom"
        for _ in range(levels):
            nested = [nested]
        found = arrival(event(extra=nested))
        assert getattr(found, "reason", None) == expected

    def test_brackets_in_a_string_are_no_levels(self) -> None:
        assert accepted(event(data={"queue": "[" * 100 + '\\"' + "{" * 100}))

    @pytest.mark.parametrize("status", ["open", "unheard of"])
    def test_a_value_of_a_megabyte_is_read_and_one_more_byte_is_not(self, status: str) -> None:
        raw = json.dumps(event(data={"status": status})).encode()
        assert accepted(raw + b" " * (1_000_000 - len(raw)))
        assert reason(raw + b" " * (1_000_001 - len(raw))) == "oversize"

    @pytest.mark.parametrize("seconds", [0, 0.25, 2**53])
    def test_work_takes_some_time(self, seconds: float) -> None:
        data = {"agent": "a", "seconds": seconds}
        assert accepted(event("ticket.worked", data=data)).event.data["seconds"] == seconds

    @pytest.mark.parametrize(
        ("score", "low", "high", "expected"),
        [
            (1, 1, 5, None),
            (5, 1, 5, None),
            (4.5, 1, 5, None),
            (0.99, 1, 5, "value"),
            (5.01, 1, 5, "value"),
            (-3, -5, -1, None),
            (3, 3, 3, "value"),
            (True, 0, 1, "type"),
        ],
    )
    def test_a_score_lies_on_its_scale_ends_included(
        self, score: float, low: int, high: int, expected: str | None
    ) -> None:
        changes = {"score": score, "scale": {"min": low, "max": high}, "aspects": None}
        found = arrival(event("survey.responded", data=PAYLOADS["survey.responded"] | changes))
        assert getattr(found, "reason", None) == expected


def test_reasons_and_flags_can_be_keys_of_a_json_object() -> None:
    """An enum member cannot, though it equals its text."""
    flags = accepted(event(data={"status": "x", "queue": 1})).flags
    reasons = (reason(event(id="")), reason(event(id=None)), reason(None, key=None))
    assert {type(each) for each in (*flags, *reasons)} == {str}


class TestRefusedSource:
    def test_a_refusal_names_the_source_where_it_can_be_read(self) -> None:
        assert arrival(event(id=None)) == Refused("missing:id", "desk/acme")
        assert arrival(b"{}", headers=binary(id=None)) == Refused("missing:id", "desk/acme")

    @pytest.mark.parametrize("source", [7, None, ["a"], "x" * 16_385])
    def test_and_nothing_where_it_cannot(self, source: Any) -> None:
        assert arrival(event(id="", source=source)) in (
            Refused("value", ""),
            Refused("missing:source", ""),
            Refused("type", ""),
        )


def test_the_skew_is_an_argument() -> None:
    raw = json.dumps(event(time="2026-03-02T12:00:00.001Z")).encode()
    assert decode(b"T-1", raw, [], now_ms=NOW, future_skew_ms=0) == Refused("future", "desk/acme")
    assert isinstance(decode(b"T-1", raw, [], now_ms=NOW, future_skew_ms=1), Accepted)
