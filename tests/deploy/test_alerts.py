"""Every alert: proven loud and quiet, readable at night, with a page that says what to do."""

import re
from typing import Any
from urllib.parse import urldefrag

import pytest

from tests.deploy.dashboards import dashboards
from tests.deploy.monitoring import DEPLOY
from tests.deploy.rules import Rule, alerts, records, rule_tests, selectors, sources

RUNBOOK = (DEPLOY.parent / "docs" / "runbook.md").read_text(encoding="utf-8")
QUIET = 'count_over_time(ALERTS{alertname!="Watchdog", alertstate="firing"}[30d])'
"""Whatever fired at any time of a test."""
HOSTS = {"grafana", "runbook"}
each_alert = pytest.mark.parametrize("alert", alerts().values(), ids=list(alerts()))


def fed(test: dict[str, Any]) -> set[str]:
    """The series that a test feeds in."""
    return {name for each in test["input_series"] for name, _ in selectors(each["series"])}


def asked(test: dict[str, Any], name: str) -> list[bool]:
    """Whether a test expects the alert to fire, each time it asks about it."""
    return [
        bool(case.get("exp_alerts"))
        for case in test.get("alert_rule_test", ())
        if case["alertname"] == name
    ]


def is_quiet(test: dict[str, Any]) -> bool:
    """Whether a test expects no alert at any time, of all there are."""
    return any(
        case["expr"] == QUIET and not case.get("exp_samples")
        for case in test.get("promql_expr_test", ())
    )


@each_alert
def test_it_fires_in_a_test(alert: Rule) -> None:
    assert any(True in asked(test, alert["alert"]) for test in rule_tests())


@pytest.mark.parametrize("name", sorted(alerts().keys() - {"Watchdog"}))
def test_it_stays_quiet_in_a_test_that_feeds_in_all_that_it_is_drawn_from(name: str) -> None:
    """Except the watchdog, which has to fire always."""
    needed = sources(alerts()[name]["expr"])
    quiet = [test["name"] for test in rule_tests() if is_quiet(test) and needed <= fed(test)]
    assert quiet


@each_alert
def test_it_does_not_fire_at_once_or_says_for_how_long_it_waits(alert: Rule) -> None:
    """What has no `for` is drawn from windows or increases of its own."""
    if "for" not in alert and alert["alert"] != "Watchdog":
        text = alert["expr"] + "".join(records()[name]["expr"] for name in named(alert["expr"]))
        assert re.search(r"window=|increase\(", text)


def named(expression: str) -> list[str]:
    return [name for name in re.findall(r"\w+:\w+:\w+", expression) if name in records()]


@each_alert
def test_it_says_how_bad_it_is_and_what_it_is_drawn_from(alert: Rule) -> None:
    assert alert["labels"]["severity"] in {"critical", "warning", "info"}
    assert alert["labels"]["about"] in {"desk", "pipeline"}


@each_alert
def test_it_can_be_read_by_the_person_it_wakes(alert: Rule) -> None:
    annotations = alert["annotations"]
    assert annotations.keys() == {"summary", "description", "runbook_url", "dashboard_url"}
    summary = re.sub(r"\{\{.*?\}\}", "x" * 12, annotations["summary"])
    assert len(summary) <= 80, summary
    assert not summary.endswith(".")
    assert annotations["description"].endswith(".")


@each_alert
def test_what_it_says_holds_no_free_text_but_names_of_the_configuration(alert: Rule) -> None:
    text = " ".join(alert["annotations"].values())
    shown = re.findall(r"\$labels\.(\w+)", text)
    names = {"policy", "clock", "queue", "instance", "scorecard", "goal", "comparator"}
    names |= {"signal", "direction"}
    assert set(shown) <= names
    assert set(re.findall(r"\$externalLabels\.(\w+)", text)) == HOSTS


@each_alert
def test_its_links_lead_somewhere(alert: Rule) -> None:
    page, anchor = urldefrag(alert["annotations"]["runbook_url"])
    assert page == "{{ $externalLabels.runbook }}"
    assert anchor == alert["alert"].lower()
    uids = {dashboard["uid"] for dashboard in dashboards().values()}
    host, _, uid = alert["annotations"]["dashboard_url"].rpartition("/d/")
    assert (host, uid in uids) == ("{{ $externalLabels.grafana }}", True)


def sections() -> dict[str, str]:
    """The runbook by its headings of the second level."""
    parts = re.split(r"^## (.+)$", RUNBOOK, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


@each_alert
def test_the_runbook_has_a_section_on_it(alert: Rule) -> None:
    """Markdown makes the anchor of a heading by writing it in lower case."""
    section = sections()[alert["alert"]]
    for part in ("For customers", "First look", "Likely causes", "What to do"):
        assert f"**{part}.**" in section, part


def test_the_runbook_has_no_section_on_an_alert_that_there_is_not() -> None:
    """What the direct notifier posts has sections too."""
    about = {heading for heading in sections() if re.fullmatch(r"\w+", heading)}
    assert about == alerts().keys() | {"TicketBreached", "TicketAtRisk"}
