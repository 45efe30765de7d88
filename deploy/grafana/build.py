#!/usr/bin/env python3
"""Writes the dashboards of `boards/` as Grafana's JSON. Run it after an edit; CI compares.

Without an argument into `dashboards/`, else into the folder named.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from string import ascii_uppercase

from boards import Board, Panel, Row, flow, now, people, pipeline, promises, quality
from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import (
    BigValueGraphMode,
    DataSourceRef,
    TooltipDisplayMode,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    FieldColorModeId,
    Threshold,
    ThresholdsMode,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

OUTPUT = Path(__file__).with_name("dashboards")
BOARDS = (now.BOARD, promises.BOARD, flow.BOARD, quality.BOARD, people.BOARD, pipeline.BOARD)
DATASOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
TAG = "deskpulse"
COLUMNS = 24
"""The width of Grafana's grid."""

WORKERS = 'deskpulse_state_ready{job=~"$job"}'
CHOICES = {
    "job": ("label_values(deskpulse_state_ready, job)", ".+"),
    "instance": (f"label_values({WORKERS}, instance)", ".+"),
    "policy": ('label_values(deskpulse_sla_clocks{job=~"$job"}, policy)', ".+"),
    "clock": ('label_values(deskpulse_sla_clocks{job=~"$job"}, clock)', ".+"),
    # `.*` and not `.+`: a ticket may have no queue.
    "queue": ('label_values(deskpulse_tickets_active{job=~"$job"}, queue)', ".*"),
}
"""Variables with the values that a label has now: where to look, and what stands for all."""
KPI_WINDOWS = 'label_values(deskpulse_window_outcome{job=~"$job"}, window)'
"""Of which windows there are KPIs: `metrics.kpi_windows`."""

HAPPENED = (
    "1000 * max by (text) "
    '(deskpulse_annotation_timestamp_seconds{job=~"$job", instance=~"$instance"})'
)
"""Releases and actions of `scorecards.yml`, marked on every panel; Grafana wants milliseconds."""

Drawn = stat.Panel | timeseries.Panel


def render(board: Board) -> str:
    """The text of the dashboard's file."""
    return JSONEncoder(indent=2, sort_keys=True).encode(_build(board).build()) + "\n"


def _build(board: Board) -> dashboard.Dashboard:
    """The dashboard with the variables that its queries use, and links to the others."""
    built = (
        dashboard.Dashboard(board.title)
        .uid(board.uid)
        .description(board.description)
        .tags([TAG])
        .readonly()
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .refresh("10s")
        .time("now-6h", "now")
        .timezone("browser")
        .annotation(
            dashboard.AnnotationQuery()
            .name("What happened")
            .datasource(DATASOURCE)
            .icon_color("blue")
            .expr(HAPPENED)
            .use_value_for_time(True)
            .text_format("{{text}}")
        )
        .link(
            dashboard.DashboardLink("Deskpulse")
            .type(DashboardLinkType.DASHBOARDS)
            .tags([TAG])
            .include_vars(True)
            .keep_time(True)
            .placement("")  # by default it hides in a menu
        )
    )
    for variable in _variables(board):
        built.with_variable(variable)
    number = 0
    for row in board.rows:
        number += 1
        built.with_row(dashboard.Row(row.title).id(number))
        for panel in row.panels:
            number += 1
            built.with_panel(_panel(panel, row).id(number))
    return built


def _panel(panel: Panel, row: Row) -> Drawn:
    drawn = _number(panel) if row.numbers else _course(panel)
    drawn.title(panel.title).description(panel.description).unit(panel.unit)
    drawn.datasource(DATASOURCE).height(4 if row.numbers else 8).span(COLUMNS // len(row.panels))
    if panel.steps:
        # The lowest colour also holds for what is below its value.
        (_, lowest), *others = panel.steps
        steps = [Threshold(value=None, color=lowest)]
        steps += [Threshold(value=at, color=colour) for at, colour in others]
        drawn.thresholds(dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps))
    else:
        drawn.color_scheme(dashboard.FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC))
    return drawn


def _number(panel: Panel) -> stat.Panel:
    """Asks for this instant: it never shows old values."""
    drawn = stat.Panel().graph_mode(BigValueGraphMode.NONE)
    drawn.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    for query in _queries(panel):
        drawn.with_target(query.instant())
    return drawn


def _course(panel: Panel) -> timeseries.Panel:
    drawn = timeseries.Panel()
    drawn.tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
    for query in _queries(panel):
        drawn.with_target(query.range())
    return drawn


def _queries(panel: Panel) -> Iterator[prometheus.Dataquery]:
    for letter, (legend, expression) in zip(ascii_uppercase, panel.targets.items(), strict=False):
        query = prometheus.Dataquery().ref_id(letter).datasource(DATASOURCE)
        yield query.expr(expression).legend_format(legend)


def _variables(
    board: Board,
) -> Iterator[dashboard.DatasourceVariable | dashboard.QueryVariable | dashboard.CustomVariable]:
    """The data source, what the queries choose from (all at first), and how long windows are."""
    used = set(re.findall(r"\$(\w+)", str(board.rows)))
    yield dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus")
    for name, (query, every) in CHOICES.items():
        if name in used:
            yield (
                dashboard.QueryVariable(name)
                .label(name.capitalize())
                .datasource(DATASOURCE)
                .query({"query": query, "refId": name})
                .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
                .sort(VariableSort.ALPHABETICAL_ASC)
                .multi(True)
                .include_all(True)
                .all_value(every)
                .current(VariableOption(text=["All"], value=["$__all"]))
            )
    if "window" in used:
        yield (
            dashboard.CustomVariable("window")
            .label("Window")
            .values("5m,1h,24h,7d")
            .current(VariableOption(text="1h", value="1h"))
        )
    if "kpi_window" in used:
        yield (
            dashboard.QueryVariable("kpi_window")
            .label("Window")
            .datasource(DATASOURCE)
            .query({"query": KPI_WINDOWS, "refId": "kpi_window"})
            .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
            .current(VariableOption(text="7d", value="7d"))
        )


def main() -> None:
    """Write every dashboard."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else OUTPUT
    for board in BOARDS:
        name = board.uid.removeprefix("deskpulse-")
        (folder / f"{name}.json").write_text(render(board), encoding="utf-8")


if __name__ == "__main__":
    main()
