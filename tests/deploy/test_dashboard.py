"""The dashboard of now: complete, generated, and right when several workers share the tickets."""

import json
import re
import runpy
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.dashboards import FOLDER, dashboards, expressions, filled, panels

GRAFANA = FOLDER.parent


def test_the_file_is_what_its_generator_writes() -> None:
    build = runpy.run_path(str(GRAFANA / "build.py"))
    assert (FOLDER / "now.json").read_text(encoding="utf-8") == build["render"]()


def test_every_panel_says_what_it_shows_and_in_which_unit() -> None:
    for panel in panels():
        assert panel["title"]
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["targets"], panel["title"]


def test_every_query_goes_to_the_chosen_data_source() -> None:
    for panel in panels():
        asked = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
        assert {source["uid"] for source in asked} == {"${datasource}"}, panel["title"]


def test_every_query_keeps_to_the_chosen_workers() -> None:
    for expression in expressions():
        selectors = re.findall(r"\{[^}]*\}", expression)
        assert selectors
        for selector in selectors:
            assert 'job=~"$job"' in selector
            assert 'instance=~"$instance"' in selector


def test_every_variable_used_is_defined() -> None:
    for dashboard in dashboards():
        defined = {variable["name"] for variable in dashboard["templating"]["list"]}
        used = set(re.findall(r"\$\{?(\w+)", json.dumps(dashboard))) - {"__rate_interval", "__all"}
        assert used == defined


def test_panels_have_their_own_ids_and_places() -> None:
    for dashboard in dashboards():
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
        "Active tickets": {"{}": 6},
        "Active tickets by queue": {'{queue="pay"}': 5, '{queue="(no queue)"}': 1},
        "Oldest unanswered by queue": {'{queue="pay"}': 3000},
        "Inflow and outflow": {"{}": 8},
        "Net flow by queue": {'{queue="pay"}': 4},
        "Reopen rate by queue": {'{queue="pay"}': 0.25},
        "First response time": {"{}": 60},
        "Partitions ready": {"{}": 0.5},
        "Age of the numbers": {"{}": 120},
        "Dead letters by reason": {'{reason="json"}': 2},
    }
    first_query = {panel["title"]: panel["targets"][0]["expr"] for panel in panels()}
    test = {
        "interval": "1m",
        "input_series": [
            {"series": f"deskpulse_{name}".replace("{", '{job="deskpulse", '), "values": values}
            for name, values in series.items()
        ],
        "promql_expr_test": [
            {
                "expr": filled(first_query[title]),
                "eval_time": "1h",
                "exp_samples": [{"labels": k, "value": v} for k, v in samples.items()],
            }
            for title, samples in shown.items()
        ],
    }
    path = tmp_path / "panels_test.yml"
    path.write_text(yaml.safe_dump({"rule_files": [], "tests": [test]}))
    promtool("test", "rules", path)


def promtool(*arguments: Any) -> None:
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
