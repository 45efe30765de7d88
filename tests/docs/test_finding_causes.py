"""What the page on causes shows is in the reports on the scenarios."""

import json
import re
from typing import Any, Final

import pytest

from streams.cli import run
from tests.brokers import ROOT
from tests.scenario_reports import recorded, report_on

PAGE: Final = (ROOT / "docs" / "finding-causes.md").read_text(encoding="utf-8")
EXCERPTS: Final = re.findall(r"^```json (\S+) (\S+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def at(report: Any, path: str) -> Any:
    """What stands in a report under names and places."""
    for name in path.split("."):
        report = report[int(name)] if isinstance(report, list) else report[name]
    return report


def within(excerpt: Any, found: Any) -> None:
    """Every value that is shown is there."""
    if isinstance(excerpt, dict):
        for name, value in excerpt.items():
            within(value, found[name])
    else:
        assert found == pytest.approx(excerpt) if isinstance(excerpt, float) else found == excerpt


def test_every_scenario_is_shown() -> None:
    assert {name for name, _, _ in EXCERPTS} == {"phone-peak", "slow-channel", "release"}


@pytest.mark.parametrize(("name", "path", "text"), EXCERPTS, ids=[path for _, path, _ in EXCERPTS])
def test_an_excerpt_is_what_the_report_says(name: str, path: str, text: str) -> None:
    within(json.loads(text), at(report_on(name), path))


def test_what_the_page_says_of_the_figures_beside_them() -> None:
    peak = report_on("phone-peak")
    hours = [one["hour"] for one in peak["customers"]["contacts"]["by_hour"][:4]]
    assert sorted(hours) == ["10", "11", "14", "15"]
    criteria = peak["kpis"]["quality_score"]["by_criterion"]
    of_payments = {name: part["by_queue"]["payments"]["mean"] for name, part in criteria.items()}
    assert min(of_payments, key=of_payments.__getitem__) == "product_knowledge"
    by_queue = criteria["product_knowledge"]["by_queue"]
    assert min(by_queue, key=lambda queue: by_queue[queue]["mean"]) == "payments"
    by = report_on("slow-channel")["by"]["channel"]
    assert by["web"]["kpis"]["csat"]["value"] < by["email"]["kpis"]["csat"]["value"] - 0.1
    (told,) = report_on("release")["annotations"]
    low, high = told["volume_per_day"]["interval"]
    assert low < 0 < high
    low, high = told["movers"][0]["interval"]
    assert (round(low), round(high)) == (5, 19)


def test_its_command_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (command,) = re.findall(r"^deskpulse (compare .*) --config conf$", PAGE, re.MULTILINE)
    of = recorded("release")
    assert run([*command.split(), *of.config, "--replay", of.file("source")]) == 0
    assert "volume" in capsys.readouterr().out
