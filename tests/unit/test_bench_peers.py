"""The comparison with the peers: what is right is computed without them, and shown as it is."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from streams.core.events import Accepted
from streams.wire.cloudevents import decode
from tests.bench.engine import NOW
from tests.bench.peers import chart, kpi, programs, reference, results
from tests.bench.peers.results import Entry, Restore
from tests.bench.peers.workload import Row, events

DAY_S = 86_400
START_S = 1_456_700_000


def row(ticket: str, place: int, status: str, *, sequence: int | None = None, at: int = 0) -> Row:
    data = {"status": status, "priority": "high", "queue": "a", "assignee": None, "channel": "ivr"}
    number = ord(ticket) * 10 + place
    return Row(START_S + at, ticket, place, place if sequence is None else sequence, number, data)


LOG = sorted(
    [
        row("A", 0, "new"),
        row("A", 1, "open", at=60),
        row("A", 2, "resolved", at=2 * DAY_S),
        row("A", 3, "open", at=3 * DAY_S),
        row("A", 4, "closed", at=4 * DAY_S),
        row("B", 0, "open", at=10),
        row("B", 1, "resolved", sequence=0, at=20),
    ]
)
"""A is answered, resolved, reopened and closed; B's resolution repeats a sequence."""


def folded(log: list[Row], total: int) -> Iterator[dict[str, Any]]:
    """The events as the Python peers read them."""
    for _, value in islice(events(log, total), total):
        yield json.loads(value)


def test_the_workload_is_copies_of_the_log_each_a_little_later_and_in_order() -> None:
    total = 2 * len(LOG) + 3
    read = list(folded(LOG, total))
    assert len(read) == total
    assert [e["time"] for e in read] == sorted(e["time"] for e in read)
    assert len({e["id"] for e in read}) == total
    assert {e["subject"] for e in read} == {"A-0", "B-0", "A-1", "B-1", "A-2", "B-2"}
    assert [e["type"] for e in read if e["subject"] == "A-2"] == ["ticket.created"]


def test_every_event_of_the_workload_is_one_that_deskpulse_accepts_unflagged() -> None:
    for key, value in events(LOG, len(LOG)):
        arrival = decode(key, value, (), now_ms=NOW, future_skew_ms=0)
        assert isinstance(arrival, Accepted)
        assert arrival.flags == ()


def test_the_right_answer_of_the_peers_leaves_out_a_repeated_sequence() -> None:
    assert reference.expected(LOG, len(LOG), reference.of_peers) == {
        "events": 7,
        "created": 2,
        "responded": 1,
        "resolved": 2,
        "reopened": 1,
        "skipped": 1,
        "open_sum": 1,
        "open": {"a": 1},
        "fr": {"high": [1] + [0] * 12},
        "res": {"high": [0] * 9 + [1, 1] + [0] * 2},
    }


def test_the_right_answer_of_deskpulse_keeps_it_and_counts_who_never_was_new_as_answered() -> None:
    assert reference.expected(LOG, len(LOG), reference.of_deskpulse) == {
        "applied": 7,
        "tickets": 2,
        "created": 2,
        "responded": 2,
        "resolved": 3,
        "reopened": 1,
        "open": {},
    }


@pytest.mark.parametrize("total", [3, 7, 25])
def test_the_logic_of_the_peers_comes_to_the_right_answer(total: int) -> None:
    kpis, tickets = kpi.Aggregates(total), dict[str, kpi.Ticket]()
    for event in folded(LOG, total):
        kpis.tick()
        ticket = kpi.update(tickets.get(event["subject"]), event, kpis)
        if ticket is not None:
            tickets[event["subject"]] = ticket
    right = reference.expected(LOG, total, reference.of_peers)
    assert reference.differences(right, kpis.answer()) == ""


def test_a_wrong_answer_is_told_field_by_field() -> None:
    found = reference.differences({"created": 2, "open": {"a": 1}}, {"created": 3})
    assert found == "created: expected 2, found 3; open: expected {'a': 1}, found None"


def test_what_a_program_reports_is_found_wherever_it_is_printed() -> None:
    said = (
        'import sys; print("log: RESULT", end=" ", file=sys.stderr); print("{}", file=sys.stderr)'
    )
    assert programs.report(["python3", "-c", said], 0) == {}


def test_a_program_that_reports_nothing_failed_with_what_it_said_last() -> None:
    with pytest.raises(AssertionError, match="no broker"):
        programs.report(["python3", "-c", "print('no broker')"], 0)


def entries() -> list[Entry]:
    def entry(name: str, *speeds: float) -> Entry:
        runs: list[dict[str, Any]] = [
            {"events_per_s": s, "events_per_cpu_s": s / 2, "rss_mb": 100.0} for s in speeds
        ]
        return Entry(name, f"<{name}> 1.0", "changelog", 1_000, runs)

    return [
        entry("kstreams", 100, 300, 200),
        entry("kstreams-eos", 100),
        entry("faust"),
        entry("deskpulse-basic", 400),
    ]


def test_the_table_has_the_fastest_program_first_and_ratios_of_medians() -> None:
    head, *lines = results.table(entries(), [Restore("plain", 5, [{"seconds": 2, "rss_mb": 3}])])
    assert head.endswith("x kstreams  x kstreams-eos")
    assert [line.split()[0] for line in lines[:3]] == [
        "<deskpulse-basic>",
        "<kstreams>",
        "<kstreams-eos>",
    ]
    assert lines[0].split()[-6:] == ["2.00", "/", "2.00", "4.00", "/", "4.00"]
    assert "200 (100-300)" in lines[1]
    assert lines[-1].split() == ["plain", "5", "2.0", "(2.0-2.0)", "3"]


def test_without_a_rival_there_is_nothing_to_compare_with() -> None:
    _, line = results.table(entries()[3:], [])
    assert line.split()[-2:] == ["-", "-"]


def found() -> dict[str, Any]:
    about = {"machine": {"cpu": "2 x <fast>"}, "events": 1_000, "runs": 3}
    return about | results.as_json(entries(), [])


def test_the_json_has_every_run_and_leaves_out_who_has_none() -> None:
    names = {one["name"]: one for one in json.loads(json.dumps(found()))["programs"]}
    assert set(names) == {"kstreams", "kstreams-eos", "deskpulse-basic"}
    assert names["kstreams"]["events_per_s"]["values"] == [100, 300, 200]
    assert names["deskpulse-basic"]["ratios"]["kstreams"]["events_per_s"] == 2.0


def drawn(tmp_path: Path) -> ET.Element:
    source, target = tmp_path / "found.json", tmp_path / "chart.svg"
    source.write_text(json.dumps(found()))
    chart.main(source, target)
    return ET.fromstring(target.read_text())  # noqa: S314 - our own


def of(root: ET.Element, tag: str) -> list[ET.Element]:
    return root.findall(f"{{http://www.w3.org/2000/svg}}{tag}")


def test_the_chart_has_a_bar_in_each_panel_in_proportion_to_the_median(tmp_path: Path) -> None:
    bars = of(drawn(tmp_path), "rect")
    assert [bar.get("class") for bar in bars] == ["ours"] * 2 + ["peer"] * 4
    widths = [float(bar.get("width", 0)) for bar in bars[::2]]
    assert [round(widths[0] / width) for width in widths] == [1, 2, 4]


def test_the_chart_names_each_program_with_its_version_and_needs_nothing_from_outside(
    tmp_path: Path,
) -> None:
    root = drawn(tmp_path)
    texts = [text.text for text in of(root, "text")]
    assert {"<deskpulse-basic> 1.0", "<kstreams> 1.0", "400", "200"} <= set(texts)
    assert "median of 3, line: min to max · 2 x <fast>" in texts
    links = [name for each in root.iter() for name in each.attrib if name.endswith("href")]
    assert links == []


def test_the_times_of_the_workload_are_those_of_the_log() -> None:
    _, value = next(events(LOG, 1))
    at = datetime.fromtimestamp(START_S, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert json.loads(value)["time"] == at
