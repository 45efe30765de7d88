"""scorecards.yml: what it may say, what becomes of it, and every way it can be wrong."""

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest

from streams.config import ConfigError, load
from streams.config.sheets import SHEETS
from streams.core.goals import Action, Annotation, Goal
from streams.core.measures import MEASURES

MARCH_16 = 1_773_615_600_000
"""Midnight in Berlin."""
SHEET_ROWS = {
    "starter": [("csat", None), ("first_response", None)],
    "conflicts": [
        ("conflict_reaction", "< 3600.0"),
        ("conflict_resolution", "< 86400.0"),
        ("conflict_resolved_share", ">= 0.95"),
        ("conflict_csat_mean", ">= 4.5"),
    ],
    "round-the-clock": [
        ("first_response", None),
        ("fcr", None),
        ("csat", None),
        ("retention_after_support", None),
    ],
    "experience": [("nps", None), ("csat", None), ("ces", None)],
    "quality": [
        ("first_response", None),
        ("resolved_share", None),
        ("fcr", None),
        ("handle_time", None),
        ("csat_index", None),
        *[("returning_customers", None)] * 3,
    ],
    "helpdesk-ten": [
        ("csat", None),
        ("volume", None),
        ("unresolved_end_of_day", None),
        ("unresolved_end_of_week", None),
        ("interaction_time", None),
        ("first_response", None),
        ("full_resolution", None),
        ("volume", None),
        ("cost_per_contact", None),
        ("lost_service_hours", None),
        ("transfer_rate", None),
    ],
}
"""The table of KPIS.md; `None` is to improve, or (volume) only watched."""

Scorecards = Callable[[str], Path]


@pytest.fixture
def scorecards(tmp_path: Path) -> Scorecards:
    """Writes scorecards.yml and gives its folder."""

    def write(text: str) -> Path:
        (tmp_path / "scorecards.yml").write_text(text, encoding="utf-8")
        return tmp_path

    return write


def one(scorecards: Scorecards, goal: str) -> Goal:
    """The engine's goal from one entry."""
    config = load(scorecards(f"scorecards: {{mine: {{goals: [{goal}]}}}}"))
    ((found,),) = [card.goals for card in config.engine.scorecards]
    return found


def test_without_the_file_there_are_no_goals(tmp_path: Path) -> None:
    engine = load(tmp_path).engine
    assert (engine.scorecards, engine.annotations) == ((), ())


@pytest.mark.parametrize("name", SHEETS)
def test_a_shipped_sheet_is_the_table_of_the_definitions(scorecards: Scorecards, name: str) -> None:
    (card,) = load(scorecards(f"scorecards: {{{name}: {{}}}}")).engine.scorecards
    assert card.name == name
    assert [
        (goal.measure, None if goal.target is None else f"{goal.comparator} {goal.target}")
        for goal in card.goals
    ] == SHEET_ROWS[name]


@pytest.mark.parametrize("name", SHEETS)
def test_a_shipped_sheet_may_stand_in_a_folder_as_it_is(scorecards: Scorecards, name: str) -> None:
    shipped = (files("streams.scorecards") / f"{name}.yml").read_text(encoding="utf-8")
    written = load(scorecards(shipped)).engine.scorecards
    assert written == load(scorecards(f"scorecards: {{{name}: {{}}}}")).engine.scorecards


def test_a_scorecard_of_a_shipped_name_with_goals_is_ones_own(scorecards: Scorecards) -> None:
    text = "scorecards: {starter: {goals: [{kpi: nps, comparator: improves}]}}"
    (card,) = load(scorecards(text)).engine.scorecards
    assert [goal.measure for goal in card.goals] == ["nps"]


def test_everything_a_goal_can_say_reaches_the_engine(scorecards: Scorecards) -> None:
    text = """
    {kpi: first_response, slice: {queue: [a, b], kind: conflict}, stat: share_within,
     basis: working, period: quarter, comparator: ">=", goal: 90% within 90m, warn_at: 92.5%,
     min_sample: 20, owner: Ann, due: 2026-06-30, expected: calm, benchmark: 80 %,
     actions: [{text: hire, since: 2026-03-16}, train], guard: [csat, first_response]}
    """
    assert one(scorecards, text) == Goal(
        title="first_response share_within working queue=a|b kind=conflict",
        measure="first_response",
        slice={"queue": frozenset({"a", "b"}), "kind": frozenset({"conflict"})},
        stat="share_within",
        period="quarter",
        working=True,
        comparator=">=",
        target=0.9,
        within=5_400_000,
        warn_at=0.925,
        min_sample=20,
        unit=None,
        owner="Ann",
        due="2026-06-30",
        expected="calm",
        benchmark="80 %",
        actions=(Action("hire", MARCH_16), Action("train")),
        guard=("csat", "first_response"),
    )


def test_a_goal_that_says_little_has_defaults(scorecards: Scorecards) -> None:
    folder = scorecards("scorecards: {mine: {goals: [{kpi: pickup}]}}")
    (folder / "deskpulse.yml").write_text("min_sample: 7", encoding="utf-8")
    ((goal,),) = [card.goals for card in load(folder).engine.scorecards]
    assert goal == Goal("pickup mean", "pickup", {}, "mean", min_sample=7)


@pytest.mark.parametrize(
    ("goal", "target"),
    [
        ("{kpi: pickup, comparator: <, goal: 1h}", 3_600.0),
        ("{kpi: pickup, comparator: <, goal: 1.5, unit: h}", 5_400.0),
        ("{kpi: handle_time, comparator: <, goal: 90s}", 90.0),
        ("{kpi: csat, comparator: '>=', goal: 95%}", 0.95),
        ("{kpi: csat, comparator: '>=', goal: 0.95}", 0.95),
        ("{kpi: csat, comparator: '>=', goal: 95, unit: '%'}", 0.95),
        ("{kpi: csat_mean, comparator: '>=', goal: 4.5, unit: of 5}", 4.5),
        ("{kpi: nps, comparator: '>', goal: -10}", -10.0),
        ("{kpi: cost_per_contact, comparator: <, goal: '12.50', unit: EUR}", 12.5),
        ("{kpi: volume, comparator: <=, goal: 1000}", 1_000.0),
    ],
)
def test_a_value_is_written_in_the_unit_of_its_kpi(
    scorecards: Scorecards, goal: str, target: float
) -> None:
    found = one(scorecards, goal)
    assert found.target == target
    assert found.unit in {None, "of 5", "EUR"}


def test_goals_on_one_kpi_are_told_apart_by_their_period(scorecards: Scorecards) -> None:
    text = """
    scorecards:
      mine:
        goals:
          - {kpi: csat, comparator: improves}
          - {kpi: csat, comparator: improves, period: year}
          - {kpi: csat, comparator: improves, slice: {queue: ""}}
    """
    (card,) = load(scorecards(text)).engine.scorecards
    assert [goal.title for goal in card.goals] == ["csat a month", "csat a year", "csat queue="]


def test_annotations_are_in_order_and_actions_that_have_begun_are_among_what_happened(
    scorecards: Scorecards,
) -> None:
    text = """
    annotations:
      - {at: "2026-03-20T06:00:00Z", text: release}
      - {at: 2026-03-16, text: campaign}
    scorecards:
      mine:
        goals:
          - {kpi: csat, comparator: improves, actions: [{text: hire, since: 2026-03-16}, train]}
    """
    engine = load(scorecards(text)).engine
    campaign, release = Annotation(MARCH_16, "campaign"), Annotation(1_773_986_400_000, "release")
    assert engine.annotations == (campaign, release)
    assert engine.happenings == (campaign, Annotation(MARCH_16, "hire"), release)


GOAL = "scorecards.mine.goals[0]"
WRONG = [
    ("scorecards: {mine: {}}", "scorecards.mine: no goals, expected some, or the name of a"),
    ("scorecards: {mine: {goals: [{}]}}", f"{GOAL}.kpi: missing, and it has no default"),
    ("{kpi: casat}", f'{GOAL}.kpi: found "casat", did you mean csat?'),
    ("{kpi: csat, stat: p90}", f"{GOAL}.stat: csat has value, found p90"),
    ("{kpi: csat, goals: 1}", f"{GOAL}.goals: unknown key, did you mean goal?"),
    ("{kpi: csat, slice: {team: a}}", f"{GOAL}.slice.team: unknown key, expected one of agent"),
    ("{kpi: csat, slice: {kind: complain}}", f'{GOAL}.slice.kind: found "complain", did you mean'),
    ("{kpi: csat, slice: {queue: ['*', a]}}", f"{GOAL}.slice: found * beside other values"),
    (
        "{kpi: csat, slice: {queue: '*', kind: '*'}}",
        f"{GOAL}.slice: found * of several dimensions",
    ),
    (
        "{kpi: unresolved_end_of_day, slice: {queue: a}}",
        f"{GOAL}.slice: unresolved_end_of_day is known as a whole only",
    ),
    ("{kpi: handover, basis: working}", f"{GOAL}.basis: handover is known in wall time only"),
    (
        "{kpi: occupancy, slice: {queue: a}}",
        f"{GOAL}.slice: occupancy is told apart by agent, not by queue, expected one of these",
    ),
    (
        "{kpi: retention, comparator: improves, period: week}",
        f"{GOAL}.period: retention has month, quarter and year, found week",
    ),
    ("{kpi: csat, period: decade}", f'{GOAL}.period: found "decade", expected day, week, month'),
    ("{kpi: csat, comparator: '='}", f'{GOAL}.comparator: found "=", expected <, <=, >=, > or'),
    ("{kpi: csat, comparator: '>='}", f"{GOAL}.comparator: needs goal"),
    ("{kpi: csat, goal: 95%}", f"{GOAL}.goal: needs comparator"),
    ("{kpi: csat, comparator: improves, goal: 95%}", f"{GOAL}.goal: needs no value: improves is"),
    ("{kpi: volume, comparator: improves}", f"{GOAL}.comparator: more of volume is neither"),
    ("{kpi: csat, comparator: '>=', goal: 4.5}", f"{GOAL}.goal: found 4.5, expected a share from"),
    ("{kpi: csat, comparator: '>=', goal: much}", f'{GOAL}.goal: found "much", expected a share'),
    ("{kpi: pickup, comparator: <, goal: 60}", f"{GOAL}.goal: found 60, expected a duration such"),
    ("{kpi: nps, comparator: '>', goal: 1h}", f'{GOAL}.goal: found "1h", expected a number such'),
    ("{kpi: nps, comparator: '>', goal: []}", f"{GOAL}.goal: found a list, expected a value such"),
    (
        "{kpi: pickup, stat: share_within, comparator: '>=', goal: 90%}",
        f'{GOAL}.goal: found "90%", expected a share and a limit such as 90% within 1h',
    ),
    ("{kpi: pickup, stat: share_within}", f"{GOAL}.goal: found nothing, expected a limit such"),
    (
        "{kpi: pickup, comparator: <, goal: 1h, warn_at: 2h}",
        f'{GOAL}.warn_at: found "2h", expected a value on the good side of goal',
    ),
    ("{kpi: csat, comparator: improves, warn_at: 90%}", f"{GOAL}.warn_at: needs goal"),
    ("{kpi: csat, min_sample: 0}", f"{GOAL}.min_sample: found 0, expected at least 1"),
    ("{kpi: csat, due: soon}", f'{GOAL}.due: found "soon", expected a date such as 2026-12-24'),
    ("{kpi: csat, guard: [volume]}", f"{GOAL}.guard[0]: more of volume is neither better nor"),
    ("{kpi: csat, actions: [{since: 2026-03-16}]}", f"{GOAL}.actions[0].text: missing"),
    ("{kpi: csat}, {kpi: csat}", "scorecards.mine.goals[1]: found csat a month a second time"),
    ("annotations: [{at: 2026-03-16}]", "annotations[0].text: missing, and it has no default"),
    ("annotations: [{at: monday, text: a}]", 'annotations[0].at: found "monday", expected a date'),
]


@pytest.mark.parametrize(("text", "said"), WRONG)
def test_a_mistake_is_told_with_its_place_and_what_was_expected(
    scorecards: Scorecards, text: str, said: str
) -> None:
    if text.startswith("{"):
        text = f"scorecards: {{mine: {{goals: [{text}]}}}}"
    with pytest.raises(ConfigError) as refused:
        load(scorecards(text))
    assert len(refused.value.problems) == 1
    assert str(refused.value).startswith(f"scorecards.yml:1: {said}")


def test_every_mistake_is_told_at_once(scorecards: Scorecards) -> None:
    text = """
    annotations: [{at: x, text: a}]
    scorecards: {mine: {goals: [{kpi: casat}, {kpi: pickup, comparator: <}]}}
    """
    with pytest.raises(ConfigError) as refused:
        load(scorecards(text))
    assert [problem.path for problem in refused.value.problems] == [
        "annotations[0].at",
        "scorecards.mine.goals[0].kpi",
    ]


def test_a_key_of_another_file_is_sent_home(tmp_path: Path) -> None:
    (tmp_path / "sla.yml").write_text("scorecards: {}", encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load(tmp_path)
    assert str(refused.value) == "sla.yml:1: scorecards: stands in scorecards.yml, move it there"


def test_every_measure_says_what_it_is() -> None:
    for name, measure in MEASURES.items():
        assert measure.name == name
        assert measure.meaning
        assert measure.better in {"higher", "lower", "neither"}
        assert bool(measure.topic) + bool(measure.times) + (measure.kpi is not None) <= 1, name


def test_a_slice_by_an_attribute_of_customers_names_a_declared_one(scorecards: Scorecards) -> None:
    sliced = "{kpi: csat, slice: {customer: {regio: emea}}}"
    with pytest.raises(ConfigError) as failure:
        load(scorecards(f"scorecards: {{mine: {{goals: [{sliced}]}}}}"))
    (problem,) = failure.value.problems
    assert "slice.customer.regio: is none of customer_attributes, did you mean region?" in str(
        problem
    )
