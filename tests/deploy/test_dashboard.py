"""The dashboards: complete, generated, and right when several workers share the tickets."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.dashboards import FOLDER, dashboards, expressions, filled, panel, panels

GRAFANA = FOLDER.parent


def test_the_files_are_what_their_generator_writes(tmp_path: Path) -> None:
    """After an edit of deploy/grafana: python deploy/grafana/build.py."""
    subprocess.run([sys.executable, GRAFANA / "build.py", tmp_path], check=True)
    written = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert {path.name: path.read_text() for path in FOLDER.iterdir()} == written


def test_every_dashboard_has_an_address_that_stays_and_leads_to_the_others() -> None:
    found = dashboards()
    assert found.keys() == {"now", "promises", "flow", "quality", "people", "pipeline"}
    for name, dashboard in found.items():
        assert dashboard["uid"] == f"deskpulse-{name}"
        (link,) = dashboard["links"]
        assert (link["type"], link["tags"]) == ("dashboards", dashboard["tags"])
        assert link["includeVars"]
        assert link["keepTime"]


def test_every_panel_says_what_it_shows_and_in_which_unit() -> None:
    for shown in panels():
        assert shown.panel["title"]
        assert shown.panel["description"].endswith("."), shown.name
        assert shown.panel["fieldConfig"]["defaults"]["unit"], shown.name
        assert shown.panel["targets"], shown.name


def test_every_panel_has_a_name_of_its_own() -> None:
    names = [shown.name for shown in panels()]
    assert len(set(names)) == len(names)


def test_every_query_goes_to_the_chosen_data_source() -> None:
    for shown in panels():
        asked = [each["datasource"] for each in (shown.panel, *shown.panel["targets"])]
        assert {source["uid"] for source in asked} == {"${datasource}"}, shown.name


def test_every_dashboard_marks_what_happened_at_the_time_it_happened() -> None:
    for dashboard in dashboards().values():
        (marks,) = dashboard["annotations"]["list"]
        assert "1000 * max by (text) (deskpulse_annotation_timestamp_seconds" in marks["expr"]
        assert marks["useValueForTime"]
        assert marks["textFormat"] == "{{text}}"


def test_no_query_shows_a_worker_by_itself() -> None:
    """Every series passes through a fold of its own, by labels that are not the worker's."""
    for expression in expressions():
        folds = re.findall(r"\b(?:sum|min|max|avg|count)(?: by \((.*?)\))? ?\(", expression)
        assert len(folds) >= expression.count("{"), expression
        assert not {"job", "instance"} & set(re.findall(r"\w+", " ".join(folds))), expression


def test_every_query_keeps_to_the_chosen_workers() -> None:
    for expression in expressions():
        selectors = re.findall(r"\{[^}]*\}", expression)
        assert selectors
        for selector in selectors:
            assert 'job=~"$job"' in selector
            # What a rule has recorded is of all workers together.
            assert 'instance=~"$instance"' in selector or "job_signal" in expression


def test_every_variable_used_is_defined() -> None:
    for dashboard in dashboards().values():
        defined = {variable["name"] for variable in dashboard["templating"]["list"]}
        used = set(re.findall(r"\$\{?(\w+)", json.dumps(dashboard))) - {"__rate_interval", "__all"}
        assert used == defined


def test_panels_have_their_own_ids_and_places() -> None:
    for dashboard in dashboards().values():
        all_panels = dashboard["panels"]
        ids = [panel["id"] for panel in all_panels]
        assert len(set(ids)) == len(ids)
        cells = [cell for panel in all_panels for cell in cells_of(panel["gridPos"])]
        assert len(set(cells)) == len(cells), "panels overlap"
        assert max(x for x, _ in cells) < 24, "Grafana's grid has 24 columns"


def cells_of(grid: dict[str, int]) -> list[tuple[int, int]]:
    columns = range(grid["x"], grid["x"] + grid["w"])
    lines = range(grid["y"], grid["y"] + grid["h"])
    return [(x, y) for x in columns for y in lines]


@pytest.mark.prometheus
def test_prometheus_understands_every_expression(tmp_path: Path) -> None:
    rules = [
        {"record": f"panel:{i}", "expr": filled(expression)}
        for i, expression in enumerate(expressions())
    ]
    path = tmp_path / "rules.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    promtool("check", "rules", path)


@pytest.mark.prometheus
def test_two_workers_are_shown_as_one_helpdesk(tmp_path: Path) -> None:
    """Worker `a` owns partition 0, worker `b` partition 1; `b` also has a ticket without queue."""
    series = {
        'tickets_active{instance="a", queue="pay", priority="high", status="open"}': "2x60",
        'tickets_active{instance="b", queue="pay", priority="low", status="new"}': "3x60",
        'tickets_active{instance="b", priority="low", status="new"}': "1x60",
        'oldest_unanswered_timestamp_seconds{instance="a", queue="pay"}': "900x60",
        'oldest_unanswered_timestamp_seconds{instance="b", queue="pay"}': "600x60",
        'sla_clocks{instance="a", POLICY, queue="pay", state="breached_open"}': "2x60",
        'sla_clocks{instance="b", POLICY, queue="pay", state="breached_open"}': "1x60",
        'sla_clocks{instance="b", POLICY, queue="pay", state="running"}': "9x60",
        'sla_objective_ratio{instance="a", POLICY}': "0.875x60",
        'sla_objective_ratio{instance="b", POLICY}': "0.875x60",
        'sla_window{instance="a", POLICY, WINDOW, outcome="met"}': "8x60",
        'sla_window{instance="a", POLICY, WINDOW, outcome="breached_closed"}': "1x60",
        'sla_window{instance="b", POLICY, WINDOW, outcome="met"}': "4x60",
        'sla_window{instance="b", POLICY, WINDOW, outcome="breached_open"}': "3x60",
        'window_created{instance="a", queue="pay", window="1h"}': "7x60",
        'window_created{instance="a", queue="pay", window="24h"}': "90x60",
        'window_created{instance="b", queue="pay", window="1h"}': "1x60",
        'window_resolved{instance="a", queue="pay", window="1h"}': "3x60",
        'window_resolved{instance="b", queue="pay", window="1h"}': "1x60",
        'window_reopened{instance="a", queue="pay", window="1h"}': "0x60",
        'window_reopened{instance="b", queue="pay", window="1h"}': "1x60",
        # All of a's answers take at most a minute, all of b's between one and five.
        'first_response_seconds_bucket{instance="a", queue="pay", le="60"}': "0+1x60",
        'first_response_seconds_bucket{instance="a", queue="pay", le="300"}': "0+1x60",
        'first_response_seconds_bucket{instance="a", queue="pay", le="+Inf"}': "0+1x60",
        'first_response_seconds_bucket{instance="b", queue="pay", le="60"}': "0x60",
        'first_response_seconds_bucket{instance="b", queue="pay", le="300"}': "0+1x60",
        'first_response_seconds_bucket{instance="b", queue="pay", le="+Inf"}': "0+1x60",
        'agents{instance="a", queue="pay", state="online"}': "1x60",
        'agents{instance="b", queue="pay", state="break"}': "1x60",
        'agents_scheduled{instance="b", queue="pay"}': "2x60",
        'cover_min_staff{instance="a"}': "3x60",
        'cover_min_staff{instance="b"}': "3x60",
        'window_scheduled_seconds{instance="a", queue="pay", window="7d"}': "6000x60",
        'window_scheduled_seconds{instance="b", queue="pay", window="7d"}': "2000x60",
        'window_within_shift_seconds{instance="a", queue="pay", window="7d"}': "6000x60",
        'window_within_shift_seconds{instance="b", queue="pay", window="7d"}': "0x60",
        'state_ready{instance="a", partition="0"}': "1x60",
        'state_ready{instance="b", partition="1"}': "0x60",
        # Partition 1 was a's until just now: b, which still restores it, tells the truth.
        'state_ready{instance="a", partition="1"}': "1x60",
        'watermark_timestamp_seconds{instance="a", partition="0"}': "3600x60",
        'watermark_timestamp_seconds{instance="b", partition="1"}': "3480x60",
        'dead_letters_total{instance="a", reason="json"}': "0+60x60",
        'dead_letters_total{instance="b", reason="json"}': "0+60x60",
    }
    shown: dict[str, dict[str, float]] = {
        "now: Active tickets": {"{}": 6},
        "now: Active tickets by queue": {'{queue="pay"}': 5, '{queue="(no queue)"}': 1},
        "now: Oldest unanswered by queue": {'{queue="pay"}': 3000},
        "now: Breached and open by queue": {'{queue="pay"}': 3},
        "flow: Inflow and outflow": {"{}": 8},
        "flow: Net flow by queue": {'{queue="pay"}': 4},
        "flow: Reopen rate by queue": {'{queue="pay"}': 0.25},
        "flow: First response time": {"{}": 60},
        # 12 of 16 were met, where 2 of 16 may be missed.
        "promises: Attainment": {'{policy="gold", clock="resolution"}': 0.75},
        "promises: Burn rate": {'{policy="gold", clock="resolution"}': 2},
        "people: Present by queue": {'{queue="pay"}': 1},
        "people: Without cover by queue": {'{queue="pay"}': 2},
        "people: Adherence and occupancy": {"{}": 0.75},
        "pipeline: Partitions ready": {"{}": 0.5},
        "pipeline: Age of the numbers": {"{}": 120},
        "pipeline: Dead letters by reason": {'{reason="json"}': 2},
    }
    test = {
        "interval": "1m",
        "input_series": [
            {"series": f"deskpulse_{abbreviated(name)}", "values": values}
            for name, values in series.items()
        ],
        "promql_expr_test": [
            {
                "expr": filled(panel(name).expressions()[0]),
                "eval_time": "1h",
                "exp_samples": [{"labels": k, "value": v} for k, v in samples.items()],
            }
            for name, samples in shown.items()
        ],
    }
    path = tmp_path / "panels_test.yml"
    path.write_text(yaml.safe_dump({"rule_files": [], "tests": [test]}))
    promtool("test", "rules", path)


def abbreviated(series: str) -> str:
    """The series with what is written short in full."""
    long = {
        "{": '{job="deskpulse", ',
        "POLICY": 'policy="gold", clock="resolution"',
        "WINDOW": 'window="1h", time="working"',
    }
    for short, text in long.items():
        series = series.replace(short, text)
    return series


def promtool(*arguments: Any) -> None:
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
