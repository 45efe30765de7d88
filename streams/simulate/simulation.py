"""Runs the company: arrivals and shifts fill the agenda, and events come out in order."""

from collections import deque
from collections.abc import Iterator
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from streams.simulate import attendance, casework, clientele, intake
from streams.simulate.agenda import Agenda
from streams.simulate.desk import Desk
from streams.simulate.floor import Floor
from streams.simulate.journal import Happening, Journal
from streams.simulate.rhythm import Rhythm
from streams.simulate.roster import hire
from streams.simulate.scenario import Scenario
from streams.simulate.ticket import Agent, Ticket

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
        cause=scenario.cause,
        released_ms=scenario.released_ms,
        unsettled=deque(maxlen=max(5, int(scenario.scale / 4))),
    )
    staff = hire(scenario.scale, scenario.cause.untrained)
    agenda.at(agenda.now_ms, attendance.start, desk, staff)

    def arrivals(of: str) -> Iterator[int]:
        return rhythm.arrivals(Random(f"{scenario.seed}/{of}"), agenda.now_ms)

    intake.start(desk, arrivals("arrivals"))
    clientele.start(desk, arrivals("customers"))
    return desk
