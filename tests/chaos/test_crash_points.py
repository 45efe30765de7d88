"""Law 3 at every point: wherever a worker dies, the next one ends where nobody died.

At every suspension of any coroutine, from the first record to the last commit, what is durable is
kept: that is what a crash leaves. A new worker goes on from each of these to the end of the story,
and in some of its lives it dies, too.

Exactly once, every output is there once. At least once, no other one is there, and none is
missing.
"""

import ast
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from streams.kafka import partitions as under_test
from tests.chaos.stories import Life, Reports, Story, figures, standing, story
from tests.chaos.suspensions import Loop, Place, Suspended
from tests.chaos.worlds import World
from tests.figures import keep

MODES: Final = {"exactly_once": True, "at_least_once": False}
IN_BETWEEN: Final = 250
"""Of so many crashes, one is followed by crashes at all points of the life after it."""
STOPPING: Final = story(dead_letters={"max_run": 2})
FORGETTING: Final = {"closed_ticket": "2h", "forgotten": "3h"}
"""Two silent columns of an hour, and a closed ticket shrinks; three, and it is dropped."""


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that gives its turn away so often that a short story meets every await."""
    small = {"CHUNK": 1, "RESTORED": 1, "AT_ONCE": 1, "MAX_PENDING": 2, "_DRAIN_S": 0}
    for name, value in small.items():
        monkeypatch.setattr(under_test, name, value)


class Crash(NamedTuple):
    """What is left of a worker that died, and where it waited."""

    left: Life
    places: tuple[Place, ...]


def crashes(life: Life) -> list[Crash]:
    """Every crash that can happen in a life, which itself is lived to its end."""
    found: list[Crash] = []

    def crash(suspended: Suspended) -> None:
        found.append(Crash(life.copy(), tuple(suspended.places())))

    with Loop(crash) as loop:
        loop.run(life.live())
    return found


def crashes_of_crashes(first: list[Crash]) -> Iterator[Crash]:
    """Each crash; and for some of them, each crash of the worker that goes on from there."""
    for number, crash in enumerate(first):
        yield crash
        if number % IN_BETWEEN == IN_BETWEEN // 2:
            yield from crashes(crash.left.copy())


def lived_on(crash: Crash) -> World:
    """The world after the next worker has lived to the end of the story."""
    with Loop() as loop:
        loop.run(crash.left.live())
    return crash.left.world


def outputs(world: World) -> Counter[Any]:
    """Every output by what makes it one: a transition's id, the place where a record was read."""
    return Counter([*(one["id"] for one in world.transitions()), *world.aside()])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("time", ["wall", "event"])
def test_a_crash_at_any_await_changes_no_figure_and_loses_and_adds_no_output(
    mode: str, time: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = story(time=time)
    undisturbed = Life.of(told, exactly_once=MODES[mode])
    points = crashes(undisturbed)
    known: Reports = {}
    expected, once = figures(undisturbed.world, known), outputs(undisturbed.world)
    assert set(once.values()) == {1}
    tried = list(crashes_of_crashes(points))
    for crash in tried:
        world = lived_on(crash)
        assert figures(world, known) == expected, crash.places
        found = outputs(world)
        assert found.keys() == once.keys(), crash.places
        assert found == once or not MODES[mode], crash.places
    tell(capsys, f"{mode}, time: {time}", len(tried))


@pytest.mark.parametrize("mode", MODES)
def test_what_is_said_and_taken_back_for_late_events_comes_to_the_same(
    mode: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Everything arrives columns late: whether a breach was said meanwhile is a matter of luck.

    At least once, what left right before a crash is forgotten. It is said again if it still
    holds, but not taken back if it does not.
    """
    undisturbed = Life.of(story(delay=4), exactly_once=MODES[mode])
    points = crashes(undisturbed)
    known: Reports = {}
    expected, said = figures(undisturbed.world, known), standing(undisturbed.world)
    assert any(one["transition"] == "retracted" for one in undisturbed.world.transitions())
    for crash in points:
        before = standing(crash.left.world)
        world = lived_on(crash)
        assert figures(world, known) == expected, crash.places
        if MODES[mode]:
            assert standing(world) == said, crash.places
            assert set(outputs(world).values()) == {1}, crash.places
        else:
            assert said <= standing(world) <= said | before, crash.places
    tell(capsys, f"{mode}, late", len(points))


@pytest.mark.parametrize("mode", MODES)
def test_a_worker_that_refuses_too_much_and_is_let_pass_leaves_nothing_out(
    mode: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It stops by itself, right behind what it has written."""
    unbounded = Life.of(story(), exactly_once=MODES[mode])
    crashes(unbounded)
    known: Reports = {}
    expected, once = figures(unbounded.world, known), outputs(unbounded.world)
    points = crashes(Life.of(STOPPING, exactly_once=MODES[mode]))
    for crash in points:
        world = lived_on(crash)
        assert figures(world, known) == expected, crash.places
        found = outputs(world)
        assert found.keys() == once.keys(), crash.places
        assert found == once or not MODES[mode], crash.places
    tell(capsys, f"{mode}, stopping", len(points))


@pytest.mark.parametrize("mode", MODES)
def test_what_is_forgotten_is_counted_once(mode: str, capsys: pytest.CaptureFixture[str]) -> None:
    """How soon a ticket is dropped depends on restarts, so what is shown of now may differ."""
    told = story(minutes=60, retention=FORGETTING)
    undisturbed = Life.of(told, exactly_once=MODES[mode])
    points = crashes(undisturbed)
    known: Reports = {}
    expected, said = report_of(undisturbed.world, known), standing(undisturbed.world)
    assert any(one.settled.months for one in undisturbed.world.processors())
    for crash in points:
        world = lived_on(crash)
        assert report_of(world, known) == expected, crash.places
        assert standing(world) == said, crash.places
    tell(capsys, f"{mode}, forgetting", len(points))


def report_of(world: World, known: Reports) -> dict[str, Any]:
    """The report without what it tells of the tickets kept only.

    Of those that were dropped it knows the months, and not on which day what was how deep.
    """
    found: dict[str, Any] = deepcopy(figures(world, known)["report"])
    for part, names in OF_KEPT.items():
        inner = found
        for name in part:
            inner = inner[name]
        for name in names:
            del inner[name]
    rows = [*found["periods"].values(), *found["by"].values()]
    for row in (row for each in rows for row in each.values()):
        row["kpis"].get("resolved_share", {}).pop("provisional", None)
    for row in found["sla"]:
        # The last days: what is left of a dropped ticket counts in the middle of its month.
        del row["periods"]
    return found


OF_KEPT: Final = {
    ("queue_depth",): ("peak", "snapshots", "snapshots_by_queue"),
    ("periods",): ("day", "week"),
    ("kpis", "resolved_share"): ("provisional",),
}


def test_no_await_of_a_worker_is_left_out() -> None:
    """One that is added and that the stories never reach fails here."""
    source = Path(under_test.__file__)
    awaits = {
        node.lineno
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.Await | ast.AsyncWith | ast.AsyncFor)
    }
    told: tuple[Story, ...] = (story(), story(delay=4), STOPPING)
    lives = [Life.of(one, exactly_once=once) for one in told for once in MODES.values()]
    places = {place for life in lives for crash in crashes(life) for place in crash.places}
    assert awaits <= {place.line for place in places if place.file == str(source)}


def tell(capsys: pytest.CaptureFixture[str], story_told: str, points: int) -> None:
    """Say how many crashes there were."""
    keep("crashes", {story_told: points}, more=True)
    with capsys.disabled():
        print(f"\n  {story_told}: {points} crash points", end="")
