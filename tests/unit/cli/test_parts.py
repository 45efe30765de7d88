"""`deskpulse top --by`: the figures are those of the report, of the last days only."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from streams.cli import run
from streams.cli.parts import LAST, Parts, pictured, summary
from streams.cli.people import PeopleReplay, whose
from streams.cli.replay import feed
from streams.config import Config, load
from streams.core import measures as me
from streams.core.contrast import Days
from streams.core.customers_report import CustomerBooks
from streams.core.entities import EntityBooks
from streams.core.instants import DAY, local_day
from streams.core.measures import MEASURES
from streams.core.recount import Books, Recount
from streams.core.sums import SLICED
from streams.replay import Replay
from streams.simulate import AGENTS, CUSTOMERS, TICKETS, Scenario, generate
from streams.wire import packing

MONDAY_MS = 1_772_434_800_000
"""2026-03-02T07:00:00Z."""
NAMES = (TICKETS, AGENTS, CUSTOMERS)
Look = Callable[[str, int, int], str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three days of the simulated company, within the days that are shown."""
    made = tmp_path_factory.mktemp("parts")
    files = {name: (made / name).open("wb") for name in NAMES}
    for one in generate(Scenario(MONDAY_MS, seed=3, days=2, scale=80, warm_up_days=1)):
        files[one.topic].write(one.value + b"\n")
    for file in files.values():
        file.close()
    conf = made / "conf"
    conf.mkdir()
    (conf / "deskpulse.yml").write_text("timezone: Europe/Berlin\ncustomer_attributes: [region]\n")
    return made


@pytest.fixture(scope="module")
def config(folder: Path) -> Config:
    return load(folder / "conf")


@pytest.fixture(scope="module")
def report(folder: Path) -> dict[str, Any]:
    out = folder / "report.json"
    command = ["replay", str(folder / TICKETS), "--config", str(folder / "conf")]
    people = ["--agents", str(folder / AGENTS), "--customers", str(folder / CUSTOMERS)]
    assert run([*command, *people, "--report", str(out)]) == 0
    found: dict[str, Any] = json.loads(out.read_text())
    return found


@pytest.fixture(scope="module")
def known(folder: Path, config: Config) -> tuple[Books, tuple[EntityBooks, CustomerBooks]]:
    tickets = Replay(config.engine, telling=True)
    feed(tickets, folder / TICKETS)
    people = PeopleReplay(config, lambda _line, _verdict: None, None)
    people.feed([folder / AGENTS], [folder / CUSTOMERS])
    return tickets.books(), people.books(tickets)


def newest(books: Books) -> int:
    assert books.newest is not None
    return books.newest


@pytest.fixture(scope="module")
def look(config: Config, known: tuple[Books, Any]) -> Look:
    """What is shown by a label so many days after the newest event."""
    books, people = known

    def shown(by: str, width: int = 200, later: int = 0) -> str:
        console = Console(file=io.StringIO(), width=width, color_system=None)
        with console.capture() as capture:
            at = newest(books) + later * DAY
            for part in pictured(by, books, people, config, at, width):
                console.print(part)
        return capture.get()

    return shown


@pytest.mark.parametrize("by", [*SLICED, "customer_region"])
def test_the_kpis_by_any_label_are_those_of_the_report(
    by: str, config: Config, known: tuple[Books, Any], report: dict[str, Any]
) -> None:
    books, people = known
    today = local_day(newest(books), config.timezone)
    parts = Parts(by, Days(today - LAST + 1, today))
    customers = whose(config, people[1], newest(books))
    Recount(books, config.engine, packing, newest(books), each=parts.add, clientele=customers)
    compared = 0
    for name, figures in report["by"][by].items():
        for kpi, figure in figures["kpis"].items():
            kept = MEASURES[kpi].kpi
            assert kept is not None
            if not MEASURES[kpi].whole:
                found = me.read_kpi(kept, parts.sums[name]).value
                assert found == pytest.approx(figure["value"]), (name, kpi)
                compared += figure["value"] is not None
        times = me.read_times(MEASURES["first_response"].times, "mean", None, parts.sums[name])
        reported = figures["durations"]["first_response"]
        assert times.sample == reported["count"]
        assert (times.value or 0) == pytest.approx(reported["mean_s"])
    assert compared > 50


def test_agents_have_a_line_each_with_their_hours(look: Look, report: dict[str, Any]) -> None:
    lines = {line.split()[0]: line for line in look("agent", 200, 0).splitlines() if line.strip()}
    for name, figures in report["people"]["agents"].items():
        assert f"{figures['adherence']:.0%}" in lines[name]
    assert "created" not in look("agent", 200, 0), "whom a new ticket belongs to is nobody's credit"
    assert lines["people,"].startswith(f"people, {LAST} days: present ")
    assert "gave up" in lines["customers:"]


def test_what_lies_further_back_is_left_out(look: Look) -> None:
    """Agents, their work and their hours alike; shifts are planned for a week ahead."""
    later = look("agent", 200, LAST + 14).splitlines()
    assert later[2].split() == ["total", "0", *["-"] * (len(later[2].split()) - 2)]
    assert any("present 0s, 0s lost of 0s scheduled, adherence -" in line for line in later)
    assert "people" not in "".join(summary({}))


@pytest.mark.parametrize("width", [80, 100, 160])
def test_a_narrow_terminal_leaves_out_the_least_important(look: Look, width: int) -> None:
    lines = look("category", width, 0).splitlines()
    table = lines[: next(i for i, line in enumerate(lines) if line.startswith("total"))]
    assert max(map(len, table)) <= width
    assert "CSAT" in "".join(table)


def test_an_unknown_label_is_told_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["top", "--by", "agnet"]) == 2
    assert "agent" in capsys.readouterr().err
