"""The curve of what the catalogue costs: what is published is what was measured."""

import json
from typing import Any
from xml.etree import ElementTree as ET

from streams.core.kpis import DURATIONS, KPIS
from tests.bench.catalogue import MOST, STEPS, WHOLE, chart, ratio, verdict
from tests.brokers import ROOT

DOCS = ROOT / "docs"
PUBLISHED: dict[str, Any] = json.loads((DOCS / "catalogue-cost.json").read_text())


def test_the_sets_grow_from_basic_to_everything() -> None:
    counts = [step.kpis for step in STEPS[: WHOLE + 1]]
    assert counts == sorted(set(counts)), "each part adds some"
    assert counts[-1] == len(KPIS) + len(DURATIONS)
    assert not STEPS[0].settings.catalogue
    assert STEPS[-1].settings.scorecards


def test_what_is_published_has_every_set_and_the_chart_shows_its_medians() -> None:
    """If not: python -m tests.bench.catalogue docs/catalogue-cost.json docs/catalogue-cost.svg."""
    assert [step["name"] for step in PUBLISHED["steps"]] == [step.name for step in STEPS]
    for step in PUBLISHED["steps"]:
        assert len(step["values"]) == PUBLISHED["runs"] >= 3
        assert step["min"] <= step["median"] <= step["max"]
    drawn = (DOCS / "catalogue-cost.svg").read_text()
    assert drawn == chart(PUBLISHED)
    shown = "".join(ET.fromstring(drawn).itertext())  # noqa: S314 - our own
    assert all(f"{step['median']:.1f}" in shown for step in PUBLISHED["steps"])


def test_the_page_says_what_the_figures_say() -> None:
    page = " ".join((DOCS / "performance.md").read_text().split())
    assert "](catalogue-cost.svg)" in page
    assert verdict(PUBLISHED) in page
    for step in PUBLISHED["steps"]:
        assert f"| {step['name']} | {step['kpis']} | {step['median']:.1f} |" in page


def test_a_catalogue_that_costs_as_much_again_halves_the_throughput() -> None:
    steps = [{"values": [10.0, 11.0, 9.0]}] + [{"values": [19.0, 30.0, 20.0]}] * len(STEPS[1:])
    assert ratio({"steps": steps}) == MOST
    assert ": it halves the throughput" in verdict({"steps": steps})
    steps[WHOLE] = {"values": [19.0, 30.0, 19.9]}
    assert ": it does not halve the throughput" in verdict({"steps": steps})
