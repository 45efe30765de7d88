"""Dashboards, rules and the rules' tests know only series and labels that there are."""

import re
from collections.abc import Callable, Iterator

import pytest

from streams.metrics.catalogue import CATALOGUE, Kind
from tests.deploy.dashboards import expressions, variables
from tests.deploy.rules import RULES, records, rule_tests, rules, selectors

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
"""Every scraped series there is, and all of its labels."""


def levels(record: str) -> set[str]:
    """The labels of a recorded series: `job_queue:tickets:sum` has job and queue."""
    return set(record.partition(":")[0].split("_"))


KNOWN = SERIES | {record: levels(record) for record in records()}
"""The recorded series too."""


def rule_expressions() -> Iterator[str]:
    """The expression of every rule."""
    for path in RULES:
        yield from (rule["expr"] for rule in rules(path))


Source = Callable[[], Iterator[str]]
each_source = pytest.mark.parametrize(
    "source", [expressions, rule_expressions], ids=["dashboards", "rules"]
)


@each_source
def test_every_query_asks_for_series_and_labels_that_there_are(source: Source) -> None:
    asked = [each for expression in source() for each in selectors(expression)]
    assert asked
    assert [name for name, _ in asked if name not in KNOWN] == []
    assert [(name, labels) for name, labels in asked if not labels <= KNOWN[name]] == []


@each_source
def test_every_query_groups_by_labels_that_its_series_have(source: Source) -> None:
    for expression in source():
        named = {name for name, _ in selectors(expression)} | set(recorded(expression))
        there = set[str]().union(*(KNOWN[name] for name in named))
        there |= set(re.findall(r'"(\w+)", "\w+", "", ""', expression))
        grouped = re.findall(r"\b(?:by|without|on|ignoring) *\(([^)]*)\)", expression)
        assert set(re.findall(r"\w+", " ".join(grouped))) <= there, expression


def test_no_query_names_a_scraped_series_without_choosing_its_job() -> None:
    """So the tests above see every name: what has no braces is a function or a label."""
    for expression in (*expressions(), *rule_expressions()):
        named = re.findall(r"(?<!:)\b(?:deskpulse_\w+|up)\b", expression)
        chosen = [name for name, labels in selectors(expression) if "job" in labels]
        chosen = [name for name in chosen if ":" not in name]
        assert named == chosen, expression


def test_every_recorded_series_that_is_asked_for_is_recorded_by_its_labels() -> None:
    """Its name begins with them, and its expression folds by them: workers come and go."""
    asked = [name for expression in rule_expressions() for name in recorded(expression)]
    assert set(asked) == records().keys()
    for name, rule in records().items():
        folds = re.findall(r"\b(?:sum|min|max|count) by \(([^)]*)\)", rule["expr"])
        if folds:
            assert set(re.findall(r"\w+", folds[0])) == levels(name), name
        else:
            assert all(levels(one) == levels(name) for one in recorded(rule["expr"])), name


def recorded(expression: str) -> list[str]:
    """The recorded series an expression names, in braces or not."""
    return re.findall(r"\b\w+:\w+:\w+", expression)


def test_the_choices_of_the_dashboards_are_labels_that_there_are() -> None:
    queries = [each["query"]["query"] for each in variables().values() if each["type"] == "query"]
    assert queries
    for query in queries:
        name, label = re.findall(r"^label_values\((\w+).*, (\w+)\)$", query)[0]
        assert label in SERIES[name], query


def test_the_tests_of_the_rules_feed_in_what_prometheus_would_have_scraped() -> None:
    texts = [each["series"] for test in rule_tests() for each in test["input_series"]]
    series = [each for text in texts for each in selectors(text)]
    assert len(series) == len(texts)
    for name, labels in series:
        # An empty label is none: a ticket without a queue.
        assert labels in (SERIES[name], SERIES[name] - {"queue"}), name
