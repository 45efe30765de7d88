"""Dashboards, rules and the rules' tests know only series and labels that there are."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from streams.metrics.catalogue import CATALOGUE, Kind
from tests.deploy.dashboards import dashboards, expressions
from tests.deploy.monitoring import DEPLOY

SUFFIXES = {
    Kind.COUNTER: ("",),
    Kind.GAUGE: ("",),
    Kind.HISTOGRAM: ("_bucket", "_count", "_sum"),
    Kind.GAUGE_HISTOGRAM: ("_bucket", "_gcount", "_gsum"),
}
SCRAPED = {"job", "instance"}
"""The labels that Prometheus adds to every series."""
SERIES = {
    metric.exported + suffix: SCRAPED
    | set(metric.labels)
    | ({"le"} if suffix == "_bucket" else set())
    for metric in CATALOGUE
    for suffix in SUFFIXES[metric.kind]
} | {"up": SCRAPED}
"""Every series there is, and all of its labels."""

Source = Callable[[], Iterator[str]]

SELECTOR = re.compile(r"\b([a-z_:]\w*)\s*\{([^}]*)\}")
LABEL = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")


def selectors(expression: str) -> Iterator[tuple[str, set[str]]]:
    """Every `name{labels}` of an expression."""
    for name, inside in SELECTOR.findall(expression):
        yield name, set(LABEL.findall(inside))


def rules() -> Iterator[str]:
    """The expression of every rule."""
    for path in sorted((DEPLOY / "prometheus" / "rules").glob("*.yml")):
        for group in read(path)["groups"]:
            yield from (rule["expr"] for rule in group["rules"])


def input_series() -> Iterator[str]:
    """Every series that a test of the rules feeds in."""
    for path in sorted((DEPLOY / "prometheus" / "tests").glob("*.yml")):
        for test in read(path)["tests"]:
            yield from (each["series"] for each in test["input_series"])


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("source", [expressions, rules], ids=["dashboards", "rules"])
def test_every_query_asks_for_series_and_labels_that_there_are(source: Source) -> None:
    asked = [each for expression in source() for each in selectors(expression)]
    assert asked
    assert [name for name, _ in asked if name not in SERIES] == []
    assert [(name, labels) for name, labels in asked if not labels <= SERIES[name]] == []


@pytest.mark.parametrize("source", [expressions, rules], ids=["dashboards", "rules"])
def test_every_query_groups_by_labels_that_its_series_have(source: Source) -> None:
    for expression in source():
        there = set[str]().union(*(SERIES[name] for name, _ in selectors(expression)))
        grouped = re.findall(r"\b(?:by|without|on|ignoring) *\(([^)]*)\)", expression)
        assert set(re.findall(r"\w+", " ".join(grouped))) <= there, expression


def test_no_query_names_a_series_without_choosing_its_job() -> None:
    """So the tests above see every name: what has no braces is a function or a label."""
    for expression in (*expressions(), *rules()):
        named = re.findall(r"\b(?:deskpulse_\w+|up)\b", expression)
        chosen = [name for name, labels in selectors(expression) if "job" in labels]
        assert named == chosen, expression


def test_the_choices_of_the_dashboards_are_labels_that_there_are() -> None:
    queries = [
        variable["query"]["query"]
        for dashboard in dashboards()
        for variable in dashboard["templating"]["list"]
        if variable["type"] == "query"
    ]
    assert queries
    for query in queries:
        name, label = re.findall(r"^label_values\((\w+).*, (\w+)\)$", query)[0]
        assert label in SERIES[name], query


def test_the_tests_of_the_rules_feed_in_what_prometheus_would_have_scraped() -> None:
    series = [each for text in input_series() for each in selectors(text)]
    assert len(series) == len(list(input_series()))
    for name, labels in series:
        assert labels == SERIES[name], name
