"""The reference model reproduces every published figure of the two real logs.

The figures were counted by another program; the logs stand beside the repository, and a test
fails when they are missing.
"""

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.reference import logs
from tests.reference.clocks import STATES
from tests.reference.events import Event, parse_time
from tests.reference.judging import judge
from tests.reference.model import report
from tests.reference.settings import Settings
from tests.reference.ticket import reopens, walk

pytestmark = pytest.mark.shared

LEFT_NEW = {"sources": [("*", {"response_signal": "left_new"})]}

HERE = Path(__file__).parent
ROUND_THE_CLOCK, OFFICE_HOURS = (
    yaml.safe_load((HERE / name).read_text())
    for name in ("round-the-clock.yml", "office-hours.yml")
)

Events = list[dict[str, Any]]
Report = dict[str, Any]


@pytest.fixture(scope="module")
def servicenow() -> Events:
    return list(logs.servicenow())


@pytest.fixture(scope="module")
def servicenow_report(servicenow: Events) -> Report:
    return report(servicenow, settings=LEFT_NEW)


@pytest.fixture(scope="module")
def servicenow_in_may(servicenow: Events) -> Report:
    """In office hours, at an instant at which many tickets are open."""
    return report(
        servicenow, settings=LEFT_NEW, sla=OFFICE_HOURS, as_of=parse_time("2016-05-04T10:00:00Z")
    )


@pytest.fixture(scope="module")
def servicenow_kept(servicenow: Events) -> list[list[Event]]:
    """The events of each ticket in file order."""
    return list(judge(servicenow, Settings()).kept.values())


@pytest.fixture(scope="module")
def helpdesk() -> Events:
    return list(logs.helpdesk())


@pytest.fixture(scope="module")
def helpdesk_report(helpdesk: Events) -> Report:
    return report(helpdesk, settings=LEFT_NEW)


def percentiles(found: Report, name: str) -> tuple[int, float, float]:
    """(count, p50, p90) of a duration, in seconds."""
    spans = found["durations"][name]
    return (spans["count"], spans["p50_s"], spans["p90_s"])


class TestServiceNow:
    def test_all_166_630_events_are_applied_and_none_is_a_duplicate(
        self, servicenow_report: Report
    ) -> None:
        events = servicenow_report["events"]
        assert (events["read"], events["applied"]) == (166_630, 166_630)
        assert (events["duplicate"], events["late"]) == (0, 0)
        assert (events["ignored"], events["rejected"]) == ({}, {})

    def test_the_five_rows_in_state_minus_100_have_an_unknown_status(
        self, servicenow_report: Report
    ) -> None:
        assert servicenow_report["events"]["flags"]["unknown_enum"] == 5

    def test_tickets(self, servicenow_report: Report) -> None:
        tickets = servicenow_report["tickets"]
        assert [tickets[name] for name in ("created", "resolved", "closed")] == [24_918] * 3
        assert [tickets[name] for name in ("active", "orphan", "deleted", "merged")] == [0] * 4

    def test_counts(self, servicenow_report: Report) -> None:
        assert servicenow_report["counts"] == {
            "reopens": 332,
            "transfers": 17_914,
            "assignments": 29_459,
            "priority_changes": 436,
            "agent_replies": 0,
            "requester_messages": 0,
            "resolutions": 25_250,
        }

    def test_durations(self, servicenow_report: Report) -> None:
        durations = servicenow_report["durations"]
        assert percentiles(servicenow_report, "first_response") == (24_918, 1_260, 336_300)
        assert percentiles(servicenow_report, "pickup") == (24_260, 360, 33_300)
        assert percentiles(servicenow_report, "first_resolution") == (24_918, 49_740, 1_262_340)
        assert percentiles(servicenow_report, "full_resolution") == (24_918, 54_420, 1_287_120)
        assert durations["full_resolution_working"] == durations["full_resolution"]

    def test_queue_depth(self, servicenow_report: Report) -> None:
        depth = servicenow_report["queue_depth"]
        assert depth["peak"] == {"value": 1_882, "at": "2016-03-17T09:19:00Z"}
        assert (depth["now"], depth["by_queue"], depth["by_status"]) == (0, {}, {})

    def test_final_priorities_and_channels(self, servicenow_report: Report) -> None:
        by = servicenow_report["by"]
        closed = {value: part["tickets"]["closed"] for value, part in by["priority"].items()}
        assert +Counter(closed) == {"urgent": 270, "high": 408, "normal": 23_466, "low": 774}
        created = {value: part["tickets"]["created"] for value, part in by["channel"].items()}
        assert +Counter(created) == {
            "Phone": 24_684,
            "Self service": 161,
            "Email": 61,
            "IVR": 9,
            "Direct opening": 3,
        }

    def test_clocks_round_the_clock(self, servicenow: Events) -> None:
        rows = report(servicenow, settings=LEFT_NEW, sla=ROUND_THE_CLOCK)["sla"]
        ended = {row["clock"]: (row["met"], row["breached_closed"]) for row in rows}
        assert ended == {
            "first_response": (14_805, 10_113),
            "resolution": (19_037, 5_881),
            "next_reply": (11_160, 13_758),
            "ownership": (29_197, 12_449),
        }
        assert all(row["started"] == sum(ended[row["clock"]]) for row in rows)

    def test_states_partition_what_started_in_office_hours(self, servicenow_in_may: Report) -> None:
        rows = servicenow_in_may["sla"]
        assert all(row["started"] == sum(row[state] for state in STATES) for row in rows)
        states = Counter({state: sum(row[state] for row in rows) for state in STATES})
        assert set(+states) == set(STATES)

    def test_no_duration_is_longer_in_working_time(self, servicenow_in_may: Report) -> None:
        durations = servicenow_in_may["durations"]
        for name in ("first_response", "pickup", "first_resolution", "full_resolution"):
            wall, working = durations[name], durations[f"{name}_working"]
            assert wall["count"] == working["count"] > 10_000
            assert 0 < working["sum_s"] < wall["sum_s"] / 2

    def test_in_file_order_there_are_331_reopens(self, servicenow_kept: list[list[Event]]) -> None:
        """One ticket's rows stand against their times: the order key makes it 332."""
        assert sum(len(reopens(walk(events))) for events in servicenow_kept) == 331

    def test_with_a_cleared_group_in_between_there_would_be_19_087_transfers(
        self, servicenow_kept: list[list[Event]]
    ) -> None:
        transfers = 0
        for events in servicenow_kept:
            groups = [event.data["queue"] for event in sorted(events) if event.data.get("queue")]
            transfers += sum(a != b for a, b in pairwise(groups))
        assert transfers == 19_087


class TestHelpdesk:
    def test_127_of_21_348_events_are_duplicates(self, helpdesk_report: Report) -> None:
        assert helpdesk_report["events"] == {
            "read": 21_348,
            "applied": 21_221,
            "duplicate": 127,
            "late": 0,
            "ignored": {},
            "rejected": {},
            "flags": {"orphan": 78},
        }

    def test_tickets(self, helpdesk_report: Report) -> None:
        assert helpdesk_report["tickets"] == {
            "created": 4_502,
            "active": 12,
            "resolved": 4_569,
            "closed": 4_558,
            "deleted": 0,
            "merged": 0,
            "orphan": 78,
        }

    def test_counts(self, helpdesk_report: Report) -> None:
        assert helpdesk_report["counts"] == {
            "reopens": 161,
            "transfers": 11,
            "assignments": 4_606,
            "priority_changes": 0,
            "agent_replies": 0,
            "requester_messages": 0,
            "resolutions": 4_729,
        }

    def test_durations(self, helpdesk_report: Report) -> None:
        durations = helpdesk_report["durations"]
        assert percentiles(helpdesk_report, "first_response") == (4_502, 59_420, 1_285_262)
        assert percentiles(helpdesk_report, "pickup")[:2] == (4_210, 62_207)
        assert percentiles(helpdesk_report, "first_resolution")[:2] == (4_490, 515_223)
        assert durations["full_resolution"]["p50_s"] == 540_494

    def test_queue_depth(self, helpdesk_report: Report) -> None:
        depth = helpdesk_report["queue_depth"]
        assert depth["peak"] == {"value": 90, "at": "2013-02-12T16:42:07Z"}
        assert (depth["now"], sum(depth["by_status"].values())) == (12, 12)

    def test_arriving_backwards_changes_nothing_where_nothing_is_late(
        self, helpdesk: Events, helpdesk_report: Report
    ) -> None:
        backwards = report(
            reversed(helpdesk), settings={**LEFT_NEW, "apply_within_ms": Settings().forgotten_ms}
        )
        assert backwards == helpdesk_report
