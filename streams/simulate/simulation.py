"""Runs the desk: arrivals and shifts fill the agenda, and events come out in order."""

from collections.abc import Iterator
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from streams.simulate import casework, intake
from streams.simulate.agenda import Agenda
from streams.simulate.desk import Desk
from streams.simulate.floor import Floor
from streams.simulate.journal import Happening, Journal
from streams.simulate.rhythm import Rhythm
from streams.simulate.roster import hire
from streams.simulate.scenario import Scenario
from streams.simulate.ticket import Agent, Ticket

SICK: Final = 0.03
"""Share of shifts that somebody misses."""
BREAK: Final = 30
"""Minutes."""
FOREVER: Final = 1 << 62


def happenings(scenario: Scenario) -> Iterator[Happening]:
    """Every event of the scenario in order of its time, warm-up included, made as it is asked for.

    Ends before `scenario.end_ms`; without an end it never does.
    """
    desk = _desk(scenario)
    agenda, journal = desk.agenda, desk.journal
    end = FOREVER if scenario.end_ms is None else scenario.end_ms
    while agenda.next_ms < end:
        yield from journal.until(agenda.next_ms)
        agenda.step()
    yield from journal.until(end)


def _desk(scenario: Scenario) -> Desk:
    rhythm = Rhythm(ZoneInfo(scenario.zone), scenario.scale, scenario.seed)
    agenda = Agenda(rhythm.midnight(scenario.start_ms, -scenario.warm_up_days))

    def work(agent: Agent, ticket: Ticket) -> None:
        casework.begin(desk, agent, ticket)

    desk = Desk(
        rng=Random(f"{scenario.seed}/desk"),
        scale=scenario.scale,
        rhythm=rhythm,
        agenda=agenda,
        journal=Journal(),
        floor=Floor(agenda, work),
    )
    agenda.at(agenda.now_ms, _plan, desk, hire(scenario.scale))
    arrivals = rhythm.arrivals(Random(f"{scenario.seed}/arrivals"), agenda.now_ms)
    agenda.at(next(arrivals), _admit, desk, arrivals)
    return desk


def _admit(desk: Desk, arrivals: Iterator[int]) -> None:
    intake.arrive(desk)
    desk.agenda.at(next(arrivals), _admit, desk, arrivals)


def _plan(desk: Desk, staff: tuple[Agent, ...]) -> None:
    """Each local midnight: who comes in today, and when."""
    agenda, rhythm, floor = desk.agenda, desk.rhythm, desk.floor
    today = rhythm.local(agenda.now_ms)
    for agent in staff:
        shift = agent.shift
        if today.weekday() not in shift.weekdays or desk.rng.random() < SICK:
            continue
        agenda.at(rhythm.instant(today, 0, shift.start), floor.arrive, agent)
        agenda.at(rhythm.instant(today, 0, shift.pause), floor.leave, agent)
        agenda.at(rhythm.instant(today, 0, shift.pause + BREAK), floor.arrive, agent)
        agenda.at(rhythm.instant(today, 0, shift.end), floor.leave, agent)
    agenda.at(rhythm.instant(today, 1, 0), _plan, desk, staff)
