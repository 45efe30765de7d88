"""A KPI is declared once: what is computed, exported, drawn and documented agrees."""

import re
import subprocess
import sys
from textwrap import indent
from typing import Any, Final

import pytest

from streams.core import facts
from streams.core.customers import Customers
from streams.core.customers_report import CustomerBooks, customers_report
from streams.core.entities import EntityBooks
from streams.core.formula import COUNT
from streams.core.kpis import BY_NAME, DURATIONS, KPIS
from streams.core.people import Agents
from streams.core.people_report import people_report
from streams.core.report import Books, report
from streams.core.requesters import Requesters
from streams.core.settings import Settings
from streams.kpi_page import GROUPS
from streams.kpis import ROWS, STATED, panel_of
from streams.metrics.catalogue import CATALOGUE, Origin
from streams.metrics.terms import metric_of, terms_of
from streams.wire import packing
from tests.brokers import ROOT
from tests.conftest import SHARED
from tests.deploy.dashboards import panel, panels

FAMILIES: Final = {metric.name: metric for metric in CATALOGUE}
SETTINGS: Final = Settings()


def written() -> dict[str, Any]:
    """A report of nothing: it has every key."""
    return {
        **report(Books(), SETTINGS, packing, 0),
        "people": people_report(EntityBooks(), Agents(SETTINGS.zone), SETTINGS, packing, 0),
        "customers": customers_report(
            CustomerBooks(),
            Customers(SETTINGS.zone),
            Requesters(SETTINGS.zone),
            SETTINGS,
            packing,
            0,
        ),
    }


# -- documented ---------------------------------------------------------------------------


def printed(*arguments: str) -> str:
    command = [sys.executable, "-m", "streams.kpi_page", *arguments]
    return subprocess.run(command, capture_output=True, check=True, cwd=ROOT, text=True).stdout


def test_the_published_page_is_what_the_program_prints() -> None:
    """If not: python -m streams.kpi_page > docs/kpis.md."""
    assert (ROOT / "docs" / "kpis.md").read_text() == printed()


def test_the_readme_has_the_overview() -> None:
    """If not: put what `python -m streams.kpi_page overview` prints between its marks."""
    readme = (ROOT / "README.md").read_text()
    marked = re.search(r"<!-- kpis:.*?-->\n(.*?)<!-- end of kpis -->", readme, re.DOTALL)
    assert marked is not None
    assert marked[1] == printed("overview")


def test_every_row_has_a_name_of_its_own_a_heading_and_a_meaning() -> None:
    names = [row.name for row in ROWS]
    assert len(set(names)) == len(names)
    assert {row.group for row in ROWS} == GROUPS.keys()
    for row in ROWS:
        assert row.meaning, row.name
        assert row.unit, row.name
        assert row.better in {"higher", "lower", "neither"}, row.name
        assert row.report or row.metrics, row.name


# -- reported -----------------------------------------------------------------------------


def test_every_key_of_the_rows_is_in_the_report() -> None:
    found = written()
    for row in ROWS:
        for path in row.report:
            value: Any = found
            for key in path.split("."):
                assert key in value, f"{row.name}: the report has no {path}"
                value = value[key]


def test_every_kpi_and_duration_of_the_report_has_its_row() -> None:
    found = written()
    for part in ("kpis", "durations"):
        explained = {
            path.split(".")[1] for row in ROWS for path in row.report if f"{part}." in path
        }
        assert found[part].keys() == explained


# -- exported -----------------------------------------------------------------------------


def test_every_metric_of_the_rows_is_exported() -> None:
    for row in ROWS:
        assert set(row.metrics) <= FAMILIES.keys(), row.name


def test_every_metric_that_is_not_about_the_worker_is_explained_by_a_row() -> None:
    explained = {name for row in ROWS for name in row.metrics}
    about_tickets = {name for name, one in FAMILIES.items() if one.origin is not Origin.TRUST}
    judged = {"events_flagged"}
    assert about_tickets - judged <= explained


def test_the_sums_behind_a_kpi_are_exported_each_under_one_name() -> None:
    named: dict[str, tuple[str, str]] = {}
    for kpi in KPIS:
        for term in terms_of(kpi):
            assert named.setdefault(metric_of(term), (term.kind, term.of)) == (term.kind, term.of)
    for name, (kind, of) in named.items():
        assert (FAMILIES[name].fact, FAMILIES[name].amounts) == (kind, of != COUNT)


def test_what_is_read_by_queue_is_exported_by_queue() -> None:
    by_queue = {metric_of(term) for kpi in KPIS if kpi.by_queue for term in terms_of(kpi)}
    assert by_queue
    for name in by_queue:
        assert "queue" in FAMILIES[name].labels


def test_only_what_several_tickets_tell_is_no_metric() -> None:
    """Depth is of no window; repeats are told by all tickets of a requester."""
    unknown = {kpi.name for kpi in KPIS if not terms_of(kpi)}
    assert unknown == {"resolved_of_all", "repeat_contacts"}
    left_out = {kpi.name for kpi in KPIS if 0 < len(terms_of(kpi)) < len({*kpi.top, *kpi.bottom})}
    assert left_out == {"fcr"}


def test_every_fact_of_the_catalogue_is_part_of_a_kpi_or_says_what_for() -> None:
    used = {term.kind for kpi in KPIS for term in (*kpi.top, *kpi.bottom)}
    used |= {duration.kind for duration in DURATIONS}
    otherwise = {
        # What costs are divided by, and part of them.
        facts.CONTACT,
        facts.LABOUR,
        # The scores behind `quality_score`, each by its name.
        facts.CRITERION,
    }
    assert facts.CATALOGUED - used == otherwise


# -- drawn --------------------------------------------------------------------------------


def test_every_kpi_in_metrics_is_drawn_by_the_panel_its_row_names() -> None:
    for row in ROWS:
        if not row.panel:
            continue
        shown = " ".join(panel(f"quality: {row.panel}").expressions())
        missing = [name for name in row.metrics if f"deskpulse_{name}{{" not in shown]
        # What is shown beside a value, and never divided.
        assert set(missing) <= {"window_complexity_estimated"}, row.name


@pytest.mark.parametrize("title", ["FCR", "FCR in the last $kpi_window", "FCR by queue"])
def test_what_windows_cannot_subtract_is_drawn_as_a_bound(title: str) -> None:
    shown = panel(f"quality: {title}").panel
    assert "At most so much" in shown["description"]
    names = [target["legendFormat"] for target in shown["targets"]]
    assert title.endswith("queue") or names == ["FCR, at most"]


def test_no_other_panel_says_so() -> None:
    said = {
        each.panel["title"].partition(" ")[0]
        for each in panels()
        if "At most so much" in each.panel.get("description", "")
    }
    assert said == {"FCR"}


def test_no_panel_is_left_over() -> None:
    """Those of single KPIs and of queues name a KPI, the others count, or are early warning's."""
    titles = {*map(panel_of, KPIS), *map(panel_of, DURATIONS)}
    for shown in panels():
        if shown.dashboard == "quality":
            title = shown.panel["title"]
            title = re.sub(r" (by queue|in the last \$kpi_window)$", "", title)
            counts = title.endswith(": how many") or title in {"Conflicts", "CSAT responses"}
            if title.endswith(" against its band"):
                continue
            names = {panel_of(kpi._replace(panel="")) for kpi in KPIS}
            assert title in titles | names or counts, title


def test_lines_of_one_panel_have_one_unit() -> None:
    units: dict[tuple[str, str], str] = {}
    for kpi in KPIS:
        assert units.setdefault((kpi.group, panel_of(kpi)), kpi.unit) == kpi.unit, kpi.name


# -- complete -----------------------------------------------------------------------------

CATALOGUE_ROWS: Final = {
    "first response time, pickup time": ("first_response", "pickup"),
    "next reply time, requester wait, agent work, ownership time": (
        *("next_reply", "requester_wait", "agent_work", "ownership", "SLA clocks"),
    ),
    "first / full resolution time": ("first_resolution", "full_resolution"),
    "resolved share": ("resolved_share", "clearance_ratio", "resolved_of_all"),
    "same-day share": ("same_day_share",),
    "queue depth, unassigned, unanswered, unattended": (
        *("queue depth", "unassigned", "unanswered", "unattended"),
    ),
    "oldest unanswered, longest wait now": ("unanswered", "unattended"),
    "inflow, outflow, net flow, clearance ratio": (
        *("inflow, outflow, net flow", "clearance_ratio"),
    ),
    "ticket volume": ("volume",),
    "reopen rate": ("reopen_rate", "reopens"),
    "transfer rate": (
        *("transfer_rate", "transfers_per_ticket", "transfers", "escalation_rate"),
        "first_queue_share",
    ),
    "zero-, one-, two-, multi-touch": ("zero_touch", "one_touch", "two_touch", "multi_touch"),
    "first-contact resolution (FCR)": ("fcr", "fcr_coverage"),
    "repeat contacts, repeated questions": (
        *("repeat_contacts", "repeat requesters, repeated questions"),
    ),
    "handle time (AHT), interaction time": (
        *("handle_time", "handle_time_estimated", "interaction_time"),
    ),
    "replies to resolution, assignee and queue stations, unique assignees, complexity": (
        *("replies_to_resolution", "assignee_stations", "queue_stations", "unique_assignees"),
        "complexity",
    ),
    "speed of answer, abandonment": ("speed of answer, abandonment",),
    "automation": ("bot_containment", "handover", "self-service"),
    "proactive share": ("proactive_share",),
    "CSAT": (
        *("csat", "csat_mean", "csat_index", "csat_response_rate"),
        *("aspects, reasons, criteria", "what scores depend on"),
    ),
    "NPS": ("nps", "nps_passives", "nps_response_rate"),
    "CES": ("ces", "ces_response_rate"),
    "low-score follow-up": ("low_score_follow_up", "follow_up"),
    "reviews, sentiment": ("reviews and sentiment",),
    "agent quality": ("quality_score", "review_rate", "error_rate", "staff satisfaction"),
    "cost per contact, per resolution": ("cost",),
    "lost service hours": ("lost service hours, adherence",),
    "cover": ("cover",),
    "occupancy, tickets per agent and day": ("occupancy, tickets per day",),
    "conflict KPIs": (
        *("conflict_rate", "turned_into_conflict", "conflict_wait", "conflict_reaction"),
        *("conflict_resolution", "conflict_resolved_share", "conflict_csat"),
        "conflict_csat_mean",
    ),
    "customer retention": ("retention", "purchases, churn"),
    "peak-hour slow-down": ("peak-hour slow-down",),
    "segments": ("volume",),
    "SLA attainment, error budget, burn": (
        *("SLA clocks", "attainment, error budget, burn", "budget attribution"),
        "breach detection",
    ),
}
"""Every row of the catalogue that is to be kept (KPIS.md), by the names of ours."""
WORDS_OF_OUTSIDE: Final = ("Web behaviour", "Personas", "Computing sentiment")


@pytest.mark.parametrize("row", CATALOGUE_ROWS)
def test_every_row_of_the_catalogue_is_kept(row: str) -> None:
    assert set(CATALOGUE_ROWS[row]) <= {one.name for one in ROWS}


@pytest.mark.shared
def test_the_catalogue_is_listed_as_it_stands() -> None:
    table = (
        (SHARED / "KPIS.md")
        .read_text()
        .partition("\n## Catalogue\n")[2]
        .partition("\nLow counts")[0]
    )
    rows = re.findall(r"^\| (.*?) \|", table, re.MULTILINE)
    assert rows[1:] == [*CATALOGUE_ROWS]


def test_the_page_says_what_stays_outside_and_where_no_log_has_a_signal() -> None:
    text = (ROOT / "docs" / "kpis.md").read_text()
    outside = text.partition("## What stays outside")[2]
    assert all(word in outside for word in WORDS_OF_OUTSIDE)
    no_signal = text.partition("## Where no real log has a signal")[2]
    assert all(word in no_signal for word in ("surveys", "presence", "handling times"))


def test_a_stated_row_repeats_no_kpi() -> None:
    assert not {row.name for row in STATED} & {*BY_NAME, *(one.name for one in DURATIONS)}


def test_the_how_to_shows_a_declaration_that_there_is() -> None:
    text = (ROOT / "docs" / "adding-a-kpi.md").read_text()
    (shown,) = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert indent(shown.rstrip(), "    ") in (ROOT / "streams" / "core" / "kpis.py").read_text()
