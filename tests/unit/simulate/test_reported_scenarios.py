"""The report points to what is wrong in each named scenario; in a usual week to nothing of it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from streams.cli import run
from streams.simulate import AGENTS, TICKETS
from tests.contract.schema_files import validator
from tests.scenario_reports import recorded, report_on

PEAK = {"10", "11", "14", "15"}
"""The local hours at which the simulated company is busiest."""


@pytest.mark.parametrize("name", ["usual", "phone-peak", "slow-channel", "release"])
def test_the_report_is_valid(name: str) -> None:
    validator("report.json").validate(report_on(name))


class TestPhonePeak:
    """Customers stuck on the phone of payments at peak time, with agents who lack knowledge."""

    def test_most_give_up_on_the_phone_of_payments_at_peak_hours(self) -> None:
        worst = report_on("phone-peak")["customers"]["contacts"]["by_hour"][:4]
        assert {(one["channel"], one["queue"]) for one in worst} == {("phone", "payments")}
        assert {one["hour"] for one in worst} == PEAK
        assert all(one["abandonment"] > 0.3 for one in worst)
        assert sum(one["abandoned"] for one in worst) > 3 * sum(
            one["abandoned"] for one in report_on("usual")["customers"]["contacts"]["by_hour"][:4]
        )

    def test_the_phone_and_payments_are_rated_lowest(self) -> None:
        for dimension, worst in (("channel", "phone"), ("queue", "payments")):
            rated = {
                value: part["kpis"]["csat"]["value"]
                for value, part in report_on("phone-peak")["by"][dimension].items()
                if part["kpis"].get("csat", {}).get("responses", 0) >= 20
            }
            assert min(rated, key=rated.__getitem__) == worst
            usual = report_on("usual")["by"][dimension][worst]["kpis"]["csat"]["value"]
            assert rated[worst] < usual - 0.2

    def test_what_its_agents_lack_is_product_knowledge(self) -> None:
        criteria = report_on("phone-peak")["kpis"]["quality_score"]["by_criterion"]
        payments = {name: part["by_queue"]["payments"] for name, part in criteria.items()}
        assert min(payments, key=lambda name: payments[name]["mean"]) == "product_knowledge"
        reviewed = criteria["product_knowledge"]["by_agent"]
        by_agent = {agent: part["mean"] for agent, part in reviewed.items() if part["count"] >= 5}
        lowest, *others = sorted(by_agent, key=by_agent.__getitem__)
        assert teams()[lowest] == "payments"
        assert by_agent[lowest] < 0.5
        assert min(by_agent[agent] for agent in others) > 0.6

    def test_customers_say_that_they_waited_and_were_not_helped(self) -> None:
        def share(name: str, reason: str) -> float:
            csat = report_on(name)["kpis"]["csat"]
            found: int = csat["reasons"].get(reason, {"count": 0})["count"]
            whole: int = csat["responses"]
            return found / whole

        for reason in ("long wait", "did not know"):
            assert share("phone-peak", reason) > 1.5 * share("usual", reason)


def far(change: dict[str, Any]) -> float:
    """How far something moved, in half-widths of its own interval."""
    low, high = change["interval"]
    found: float = 2 * abs(change["difference"]) / (high - low)
    return found


def teams() -> dict[str, str]:
    """The queue that each agent is scheduled for."""
    return {
        event["subject"]: event["data"]["queue"]
        for event in events(Path(recorded("phone-peak").file(AGENTS)))
        if event["type"] == "agent.scheduled"
    }


def events(path: Path) -> Iterator[dict[str, Any]]:
    """What can be read; the simulator sends some garbage, too."""
    for line in path.read_bytes().splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and isinstance(event.get("data"), dict):
            yield event


class TestSlowChannel:
    """What comes in by web is fetched twice a working day, so it waits and is rated low."""

    def test_only_the_web_waits(self) -> None:
        for channel, drivers in report_on("slow-channel")["drivers"]["by_channel"].items():
            waited = drivers.get("first_response", {})
            tickets = sum(band["tickets"] for band in waited.values())
            if tickets >= 50:
                soon = waited.get("<= 1h", {"tickets": 0})["tickets"] / tickets
                assert (soon < 0.2) == (channel == "web"), channel
                assert (soon > 0.7) == (channel != "web"), channel

    def test_its_low_ratings_come_with_the_wait(self) -> None:
        report = report_on("slow-channel")
        web = report["drivers"]["by_channel"]["web"]["first_response"]
        assert web["<= 1d"]["responses"] >= 20
        assert web["<= 1d"]["csat"] < 0.5
        assert web["<= 4h"]["csat"] > 0.8
        rated = report["by"]["channel"]
        assert rated["web"]["kpis"]["csat"]["value"] < rated["email"]["kpis"]["csat"]["value"] - 0.1

    def test_it_has_nothing_to_do_with_how_tickets_are_worked_on(self) -> None:
        """Neither handling nor transfers of web tickets differ from those by mail."""
        by = report_on("slow-channel")["by"]["channel"]
        web, email = by["web"]["kpis"], by["email"]["kpis"]
        assert web["handle_time"]["value"] == pytest.approx(email["handle_time"]["value"], rel=0.25)
        assert web["transfer_rate"]["value"] == pytest.approx(
            email["transfer_rate"]["value"], abs=0.07
        )


class TestRelease:
    """A release makes twice as many customers ask about login."""

    def test_the_annotation_names_the_question_that_came_with_it(self) -> None:
        (told,) = report_on("release")["annotations"]
        first, *others = told["movers"]
        assert (first["label"], first["value"]) == ("category", "login")
        assert first["after"]["value"] > 1.7 * first["before"]["value"]
        assert first["interval"][0] > 0, "no chance"
        assert all(far(one) < 0.75 * far(first) for one in others)

    def test_in_a_usual_week_it_names_none_that_is_not_chance(self) -> None:
        (told,) = report_on("usual")["annotations"]
        assert ("category", "login") not in [(m["label"], m["value"]) for m in told["movers"]]
        assert all(low <= 0 <= high for low, high in (m["interval"] for m in told["movers"]))

    def test_it_is_the_question_that_is_asked_most(self) -> None:
        asked = report_on("release")["customers"]["repeated_questions"]
        assert asked[0]["category"] == "login"

    def test_compare_says_how_sure_that_is(
        self, capsysbinary: pytest.CaptureFixture[bytes]
    ) -> None:
        """Of the question; the whole volume alone tells nothing."""
        of = recorded("release")
        days = ["--before", "2026-02-20..2026-03-01", "--after", "2026-03-03..2026-03-12"]
        found = []
        for slice_ in (["--slice", "category=login"], []):
            command = ["compare", *days, "--kpi", "volume", *slice_, "--json", *of.config]
            capsysbinary.readouterr()
            assert run([*command, "--replay", of.file(TICKETS)]) == 0
            found += json.loads(capsysbinary.readouterr().out)["rows"]
        (told,) = report_on("release")["annotations"]
        login, whole = found
        assert login["difference"] == pytest.approx(told["movers"][0]["difference"])
        assert whole["difference"] == pytest.approx(told["volume_per_day"]["difference"])
        assert login["interval"][0] > 0
        assert whole["interval"][0] < 0 < whole["interval"][1]
