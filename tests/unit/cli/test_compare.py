"""`deskpulse compare`: days, slices, what is shown, and what is said of what cannot be."""

import json
from datetime import UTC, date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from streams.cli import run
from streams.cli.ranges import days
from streams.errors import UserError
from streams.scorecards.words import MINUS
from tests.tickets_told import Event, at, created, csat, event, reply, resolved, worked

Captured = pytest.CaptureFixture[str]
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def log(tmp_path: Path) -> str:
    """Two weeks: in the second one billing answers later and pleases less."""
    events: list[Event] = []
    for day in range(14):
        late = day >= 7
        for n in range(6):
            queue = ("billing", "payments")[n % 2]
            slow = late and queue == "billing"
            ticket = f"T-{day}-{n}"
            events += [
                created(ticket, at(day, 9), queue=queue, channel="email"),
                reply(ticket, at(day, 9.5 + n / 10 + 2 * slow)),
                resolved(ticket, at(day, 15)),
                csat(ticket, at(day, 16), 2 if slow and n else 5),
            ]
    path = tmp_path / "events.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in events))
    return str(path)


def compared(capsys: Captured, log: str, *arguments: str) -> dict[str, Any]:
    weeks = ["--before", "2026-W10", "--after", "2026-W11"]
    assert run(["compare", *weeks, "--replay", log, "--json", *arguments]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_counts_values_difference_and_interval(log: str, capsys: Captured) -> None:
    (row,) = compared(capsys, log, "--kpi", "csat", "--slice", "queue=billing")["rows"]
    assert row["before"] == {
        "days": "2026-03-02..2026-03-08",
        "value": 1.0,
        "sample": 21,
        "numerator": 21,
        "denominator": 21,
        "low_sample": False,
    }
    assert (row["after"]["value"], row["after"]["numerator"]) == (7 / 21, 7)
    assert row["difference"] == pytest.approx(-14 / 21)
    low, high = row["interval"]
    assert low < row["difference"] < high < 0
    assert row["method"] == "Newcombe with Wilson limits (scipy.stats.binomtest)"


def test_a_slice_may_have_several_labels_and_values(log: str, capsys: Captured) -> None:
    def volume(*arguments: str) -> int:
        (row,) = compared(capsys, log, "--kpi", "volume", *arguments)["rows"]
        sample: int = row["before"]["sample"]
        return sample

    assert volume() == 42
    assert volume("--slice", "queue=payments") == 21
    assert volume("--slice", "queue=payments,billing", "--slice", "channel=email") == 42
    assert volume("--slice", "channel=phone") == 0


def test_without_kpis_all_are_shown_that_both_sides_have_anything_of(
    log: str, capsys: Captured
) -> None:
    found = compared(capsys, log)
    names = {row["kpi"] for row in found["rows"]}
    assert {"volume", "csat", "first_response", "same_day_share", "reopen_rate"} <= names
    assert not {"nps", "handle_time", "cost_per_contact", "retention"} & names
    assert "of 20 KPIs that did not change, one is expected" in found["notes"][-1]
    stats = [row["stat"] for row in found["rows"] if row["kpi"] == "first_response"]
    assert stats == ["mean", "p50", "p90"]


def test_working_time_is_that_of_the_calendar(log: str, tmp_path: Path, capsys: Captured) -> None:
    """The second half of each hour of an office that opens at nine in UTC."""
    conf = tmp_path / "conf"
    conf.mkdir()
    office = {"timezone": "UTC", "hours": {"mon-sun": ["09:30-17:00"]}}
    policy = {"name": "all", "calendar": "office", "targets": {"first_response": "1h"}}
    (conf / "sla.yml").write_text(
        json.dumps({"calendars": {"office": office}, "policies": [policy]})
    )
    told = ("--kpi", "first_response", "--slice", "queue=payments", "--config", str(conf))
    wall = compared(capsys, log, *told)["rows"][0]["before"]["value"]
    working = compared(capsys, log, *told, "--working")["rows"][0]["before"]["value"]
    assert wall - working == pytest.approx(1_800)


def test_fixed_costs_are_those_of_days_with_anything_to_pay_for(
    log: str, tmp_path: Path, capsys: Captured
) -> None:
    """The week before the first ticket costs nothing: 6 a day, six tickets a day."""
    conf = tmp_path / "conf"
    conf.mkdir()
    fixed = [{"amount": 6, "period": "day"}]
    (conf / "deskpulse.yml").write_text(json.dumps({"costs": {"currency": "EUR", "fixed": fixed}}))
    handled = [worked(f"T-{day}-0", at(day, 10), 60) for day in range(14)]
    with Path(log).open("a") as more:
        more.writelines(json.dumps(one) + "\n" for one in handled)
    told = ["--replay", log, "--config", str(conf), "--kpi", "cost_per_contact", "--json"]
    days = ["--before", "2026-W09..2026-W10", "--after", "2026-W11"]
    assert run(["compare", *days, *told]) == 0
    (row,) = json.loads(capsys.readouterr().out)["rows"]
    assert (row["before"]["value"], row["after"]["value"]) == (1.0, 1.0)


def test_as_text_it_names_methods_and_slices(log: str, capsys: Captured) -> None:
    weeks = ["--before", "2026-W10", "--after", "2026-W11", "--replay", log]
    told = ["--kpi", "csat", "--kpi", "volume", "--slice", "queue=billing"]
    assert run(["compare", *weeks, *told]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == "only queue billing"
    assert shown[1].split() == [
        *("KPI", "2026-03-02..2026-03-08", "2026-03-09..2026-03-15", "difference"),
        *("95", "%", "interval"),
    ]
    assert "100% (21/21)" in shown[2]
    assert f"{MINUS}66.7 points" in shown[2]
    assert "3 a day" in shown[3]
    assert shown[4].startswith("[1] Newcombe")


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-03-02..2026-03-14", "2026-03-02", "2026-03-14"),
        ("2026-03-02", "2026-03-02", "2026-03-02"),
        ("2026-W10", "2026-03-02", "2026-03-08"),
        ("2026-W53..2027-W01", "2026-12-28", "2027-01-10"),
        ("2026-02", "2026-02-01", "2026-02-28"),
        ("2025-12..2026-02", "2025-12-01", "2026-02-28"),
        ("2026-Q4", "2026-10-01", "2026-12-31"),
        ("2024", "2024-01-01", "2024-12-31"),
        # Half past eleven at night in UTC is the next day in Berlin; a midnight ends a day.
        ("2026-03-01T23:30:00Z..2026-03-08T23:00:00Z", "2026-03-02", "2026-03-08"),
        ("2026-03-02..2026-03-08T23:00:01Z", "2026-03-02", "2026-03-09"),
    ],
)
def test_days_are_named_as_the_report_names_periods(text: str, first: str, last: str) -> None:
    found = days("--before", text, BERLIN)
    assert [str(date.fromordinal(day)) for day in found] == [first, last]


@pytest.mark.parametrize(
    "text", ["", "..", "march", "2026-13", "2026-02-30", "2026-Q5", "2026-W60", "2026-03-02.."]
)
def test_what_names_no_days_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UserError, match="write it like 2026-03-01"):
        days("--before", text, UTC)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--before", "2026-W10"], "name both --before A..B and --after C..D"),
        (["--before", "2026-W11..2026-W10", "--after", "2026-W11"], "ends before it begins"),
        (["--before", "2026-W10", "--after", "2027"], "begins after 2026-03-15, the last day"),
        (["--before", "2026-W10", "--after", "2026-W11", "--kpi", "csta"], "did you mean csat?"),
        (
            ["--before", "2026-W10", "--after", "2026-W11", "--slice", "team=a"],
            "--slice team=a: write NAME=VALUE, NAME one of queue, priority",
        ),
        (
            [
                *("--before", "2026-W10", "--after", "2026-W11"),
                *("--slice", "queue=a", "--kpi", "unresolved_end_of_day"),
            ],
            "known as a whole only, leave --slice out",
        ),
    ],
)
def test_a_mistake_is_one_line(log: str, arguments: list[str], said: str, capsys: Captured) -> None:
    assert run(["compare", *arguments, "--replay", log]) == 2
    shown = capsys.readouterr().err
    assert said in shown
    assert shown.count("\n") == 1


def test_it_says_what_the_days_do_not_tell(log: str, capsys: Captured) -> None:
    told = ["--before", "2026-02-23..2026-03-08", "--after", "2026-W11", "--replay", log]
    assert run(["compare", *told, "--json", "--kpi", "resolved_share"]) == 0
    assert json.loads(capsys.readouterr().out)["notes"] == [
        "before: nothing is recorded of the days before 2026-03-02",
        "after: 2026-03-15 is not over yet",
        "provisional, because tickets of after are too young: resolved_share",
    ]


def test_it_says_what_is_left_of_dropped_tickets(tmp_path: Path, capsys: Captured) -> None:
    conf = tmp_path / "conf"
    conf.mkdir()
    (conf / "deskpulse.yml").write_text(
        "lateness: {apply_within: 1d}\nretention: {closed_ticket: 5d, forgotten: 10d}\n"
    )
    events = [
        *(created(f"old-{n}", at(-59, n)) for n in range(3)),
        *(created(f"new-{n}", at(60, n)) for n in range(3)),
    ]
    path = tmp_path / "events.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in events))

    def notes(before: str) -> list[str]:
        told = ["--before", before, "--after", "2026-05", "--config", str(conf)]
        assert run(["compare", *told, "--replay", str(path), "--json", "--kpi", "volume"]) == 0
        found: list[str] = json.loads(capsys.readouterr().out)["notes"]
        return found

    assert "before: 3 tickets were dropped since; their sums by month are counted" in notes(
        "2026-01"
    )
    assert any(
        note.startswith("before: 3 tickets created then were dropped since and left out")
        for note in notes("2026-01-02..2026-01-03")
    )


def test_a_slice_may_be_an_attribute_of_customers(tmp_path: Path, capsys: Captured) -> None:
    events = [
        created(f"T-{day}-{n}", at(day, 9), requester=f"c{n}")
        for day in range(14)
        for n in range(3)
    ]
    log, customers = tmp_path / "t.jsonl", tmp_path / "c.jsonl"
    log.write_text("".join(json.dumps(one) + "\n" for one in events))
    customers.write_text(json.dumps(event("c1", at(3), "customer.updated", region="emea")) + "\n")
    sliced = ("--kpi", "volume", "--slice", "customer_region=emea")
    (row,) = compared(capsys, str(log), *sliced, "--customers", str(customers))["rows"]
    assert row["before"]["sample"] == 7
    weeks = ["--before", "2026-W10", "--after", "2026-W11"]
    assert run(["compare", *weeks, "--replay", str(log), *sliced]) == 2
    assert "--customers FILE" in capsys.readouterr().err
    assert run(["compare", *weeks, "--customers", str(customers)]) == 2
    assert capsys.readouterr().err == "deskpulse: --agents and --customers go with --replay\n"


@pytest.fixture
def staffed(tmp_path: Path) -> list[str]:
    """Beside the tickets: Ann is there all day, then half of it, each day an hour less at noon."""
    events: list[Event] = []
    for day in range(14):
        shift = {"start": iso(day, 9), "end": iso(day, 17)}
        online = {"state": "online", "queue": "billing"}
        leaves = 16 if day < 7 else 13 - day % 2
        events += [
            event("ann", at(day, 8), "agent.scheduled", shift=f"s{day}", queue="billing", **shift),
            event("ann", at(day, 9), "agent.presence", **online),
            event("ann", at(day, leaves), "agent.presence", **{**online, "state": "offline"}),
        ]
    agents, customers = tmp_path / "agents.jsonl", tmp_path / "customers.jsonl"
    agents.write_text("".join(json.dumps(one) + "\n" for one in events))
    waiting = [
        each
        for day in range(14)
        for n in range(4)
        for who in [f"c{day}-{n}"]
        for each in (
            event(who, at(day, 10), "contact.queued", channel="phone", queue="billing"),
            event(
                who,
                at(day, 10 + (n + 1) / 60),
                f"contact.{'abandoned' if n <= day // 7 else 'answered'}",
                channel="phone",
                queue="billing",
            ),
        )
    ]
    customers.write_text("".join(json.dumps(one) + "\n" for one in waiting))
    return ["--agents", str(agents), "--customers", str(customers)]


def iso(day: int, hour: int) -> str:
    return f"2026-03-{2 + day:02}T{hour:02}:00:00Z"


def test_hours_of_agents_have_counts_a_difference_and_an_interval(
    log: str, staffed: list[str], capsys: Captured
) -> None:
    told = (*staffed, "--kpi", "adherence", "--kpi", "lost_service_hours", "--slice", "agent=ann")
    adherence, lost = compared(capsys, log, *told, "--as-of", iso(14, 0))["rows"]
    assert adherence["before"]["value"] == 7 / 8
    assert (adherence["before"]["numerator"], adherence["before"]["denominator"]) == (
        7 * 7 * 3600,
        7 * 8 * 3600,
    )
    # Four days of the week after end at noon, three an hour later.
    assert adherence["after"]["value"] == pytest.approx((4 * 3 + 3 * 4) / (7 * 8))
    low, high = adherence["interval"]
    assert low < adherence["difference"] < high < 0
    assert adherence["method"] == "Welch over days (scipy.stats.t)"
    assert (lost["before"]["value"], lost["after"]["value"]) == (3600, (7 * 8 - 24) * 3600 / 7)
    assert lost["interval"][0] > 0
    weeks = ["--before", "2026-W10", "--after", "2026-W11", "--replay", log]
    assert run(["compare", *weeks, *told, "--as-of", iso(14, 0)]) == 0
    assert "1h a day          4h34m17s a day" in capsys.readouterr().out


def test_contacts_are_counted_once_each(log: str, staffed: list[str], capsys: Captured) -> None:
    told = (*staffed, "--kpi", "abandonment", "--slice", "queue=billing")
    (row,) = compared(capsys, log, *told)["rows"]
    sides = [(row[side]["numerator"], row[side]["denominator"]) for side in ("before", "after")]
    assert sides == [(7, 28), (14, 28)]
    assert row["method"].startswith("Newcombe")
    assert row["interval"][0] < 0.25 < row["interval"][1]


def test_promises_have_an_attainment_by_policy_and_clock(
    log: str, tmp_path: Path, capsys: Captured
) -> None:
    """Billing answers two hours later in the second week, and an hour is promised."""
    conf = tmp_path / "conf"
    conf.mkdir()
    policy = {
        "name": "all",
        "calendar": "24x7",
        "objective": "90%",
        "targets": {"first_response": "2h", "pickup": "1h"},
    }
    (conf / "sla.yml").write_text(json.dumps({"policies": [policy]}))
    told = ["--config", str(conf), "--slice", "clock=first_response"]
    rows = {row["kpi"]: row for row in compared(capsys, log, *told)["rows"]}
    assert rows.keys() == {"sla_attainment", "sla_budget_used"}
    kept, used = rows["sla_attainment"], rows["sla_budget_used"]
    assert (kept["before"]["value"], kept["after"]["value"]) == (1.0, 0.5)
    assert kept["interval"][1] < 0
    assert (used["before"]["value"], used["after"]["value"]) == (0.0, 21 / 4.2)
    assert used["method"] == "Welch over instances (scipy.stats.t)"


def test_it_says_which_measures_a_slice_leaves_out(log: str, capsys: Captured) -> None:
    found = compared(capsys, log, "--slice", "channel=email")
    (said,) = [note for note in found["notes"] if note.startswith("left out")]
    names = said.partition(": ")[2].split(", ")
    assert {"adherence", "sla_attainment", "unresolved_end_of_day"} <= set(names)
    assert not {"csat", "abandonment"} & set(names)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--kpi", "adherence"], "made of agent-events: name recorded ones, --agents FILE"),
        (["--kpi", "churned"], "made of customer-events: name recorded ones, --customers FILE"),
        (
            ["--kpi", "cover", "--slice", "agent=ann"],
            "--kpi cover: told apart by queue, not by agent, slice by one of these",
        ),
        (["--kpi", "magic"], "expected a measure of docs/kpis.md"),
    ],
)
def test_what_cannot_be_compared_says_what_to_do(
    log: str, arguments: list[str], said: str, capsys: Captured
) -> None:
    weeks = ["--before", "2026-W10", "--after", "2026-W11"]
    assert run(["compare", *weeks, "--replay", log, *arguments]) == 2
    assert said in capsys.readouterr().err


def test_customers_of_a_period_are_compared_by_whole_periods(
    log: str, tmp_path: Path, capsys: Captured
) -> None:
    customers = tmp_path / "customers.jsonl"
    seen = [event("c", at(day), "customer.active", activity="login") for day in (-20, 1, 10)]
    customers.write_text("".join(json.dumps(one) + "\n" for one in seen))
    told = ("--customers", str(customers), "--kpi", "returning_customers")
    found = compared(capsys, log, *told)
    assert found["rows"][0]["after"]["value"] is None
    said = "known of whole months, quarters and years only: returning_customers"
    assert said in found["notes"]
