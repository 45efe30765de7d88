"""The calculation of scale: from figures to needs, and onto the page."""

from pathlib import Path

from streams.config import Config
from tests.bench.scale import Inputs, curve, fill, measured, needs, sizes

GIVEN = Inputs(
    per_core=40_000,
    ticket_bytes=1_000,
    restore_us=50,
    event_bytes=300,
    record_bytes=1_200,
    partitions=1_000,
    workers=100,
    tickets=10_000_000,
    events=1_000_000,
)


def test_what_a_worker_needs_is_its_even_share() -> None:
    found = {need.what: need.value for need in needs(GIVEN, Config())}
    assert found["partitions of a worker"] == "10"
    assert found["RSS of a worker's tickets"] == "100.0 MB"
    assert found["cores at the given load"] == "25"
    assert found["restore"] == "5 s"
    assert found["state in the changelog"] == "12.0 GB"
    assert found["transactions/s, at most"] == "1,000"
    # In 5 s come 5 million events, and 3 of 4 million a second are left for them.
    assert found["to catch up after a restore"] == "1.7 s"


def test_a_figure_is_taken_by_its_name_and_unit() -> None:
    figures = [
        {"name": "worker", "unit": "events/s", "median": 1},
        {"name": "worker", "unit": "events/CPU s", "median": 2},
        {"name": "workers.2", "unit": "events/s, all together", "median": 3},
    ]
    assert measured({"figures": figures}) == {"per_core": 2}
    assert curve({"figures": figures})[-1] == "| workers.2 | 3 | events/s, all together |"


def test_sizes_are_those_of_tickets_with_their_whole_history() -> None:
    found = sizes()
    assert found["record_bytes"] > found["event_bytes"] > 200


def test_the_page_has_the_tables_in_the_place_of_the_former_ones(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- tables -->\nold\n<!-- end -->\nafter\n")
    fill(page, ["| a |"])
    assert page.read_text() == "before\n<!-- tables -->\n\n| a |\n\n<!-- end -->\nafter\n"
