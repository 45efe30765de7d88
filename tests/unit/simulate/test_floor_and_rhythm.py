"""Who takes what next, and when people write in."""

from datetime import datetime
from random import Random
from zoneinfo import ZoneInfo

import pytest

from streams.core.instants import DAY, HOUR, MINUTE
from streams.simulate.agenda import Agenda
from streams.simulate.company import TEAMS, customer
from streams.simulate.floor import Floor
from streams.simulate.rhythm import WEEK, Rhythm
from streams.simulate.roster import hire
from streams.simulate.ticket import Agent, Shift, Ticket
from tests.unit.simulate.observe import MONDAY

ALWAYS = Shift(tuple(range(7)), 0, 720, 1440)
BERLIN = ZoneInfo("Europe/Berlin")


class Office:
    """A floor whose agents only note what they were given."""

    def __init__(self) -> None:
        self.agenda = Agenda(0)
        self.taken: list[tuple[str, str]] = []
        self.floor = Floor(
            self.agenda, lambda agent, ticket: self.taken.append((agent.id, ticket.id))
        )

    def agent(self, name: str, team: str = "billing", helps: tuple[str, ...] = ()) -> Agent:
        agent = Agent(name, team, helps, ALWAYS)
        self.floor.arrive(agent)
        return agent


def ticket(name: str, queue: str = "billing", priority: str = "normal", **more: object) -> Ticket:
    made = Ticket(name, customer(1), "email", "invoice", "question", queue, queue, priority, 0)
    for field, value in more.items():
        setattr(made, field, value)
    return made


def test_the_agent_who_has_been_idle_for_longest_takes_a_new_ticket() -> None:
    office = Office()
    for name in ("ada", "bo"):
        office.agent(name)
    for name in ("t1", "t2", "t3"):
        office.floor.enqueue(ticket(name))
    assert office.taken == [("ada", "t1"), ("bo", "t2")]


def test_a_free_agent_takes_what_runs_out_of_patience_first() -> None:
    office = Office()
    ada = office.agent("ada")
    for name, priority in (("t1", "low"), ("t2", "low"), ("t3", "normal"), ("t4", "urgent")):
        office.floor.enqueue(ticket(name, priority=priority))
    for _ in range(3):
        office.floor.release(ada)
    assert [name for _, name in office.taken] == ["t1", "t4", "t3", "t2"]


def test_a_follow_up_waits_for_its_present_owner_but_not_for_an_absent_one() -> None:
    office = Office()
    ada, bo = office.agent("ada"), office.agent("bo")
    office.floor.enqueue(ticket("t1"))
    office.floor.enqueue(ticket("t2", assignee=ada))
    assert office.taken == [("ada", "t1")]
    office.floor.leave(ada)
    office.floor.release(bo)
    assert office.taken == [("ada", "t1"), ("bo", "t2")]


def test_an_agent_helps_elsewhere_only_when_their_own_queue_is_empty() -> None:
    office = Office()
    ada = office.agent("ada", helps=("payments",))
    office.floor.enqueue(ticket("t1"))
    office.floor.enqueue(ticket("t2", queue="payments", priority="urgent"))
    office.floor.enqueue(ticket("t3", priority="low"))
    for _ in range(2):
        office.floor.release(ada)
    assert [name for _, name in office.taken] == ["t1", "t3", "t2"]


def test_a_ticket_that_is_gone_is_passed_over() -> None:
    office = Office()
    ada = office.agent("ada")
    gone = ticket("t2")
    for each in (ticket("t1"), gone, ticket("t3")):
        office.floor.enqueue(each)
    gone.gone = True
    office.floor.release(ada)
    assert [name for _, name in office.taken] == ["t1", "t3"]


def test_an_agent_on_a_break_gets_nothing() -> None:
    office = Office()
    ada = office.agent("ada")
    office.floor.leave(ada)
    office.floor.enqueue(ticket("t1"))
    assert office.taken == []
    office.floor.arrive(ada)
    assert office.taken == [("ada", "t1")]


@pytest.mark.parametrize("scale", [1, 40, 400, 20_000])
def test_every_queue_is_staffed_and_names_are_unique(scale: float) -> None:
    staff = hire(scale)
    assert len({agent.id for agent in staff}) == len(staff)
    assert {agent.team for agent in staff} == {*TEAMS, "duty"}


def test_the_staff_grows_with_the_tickets() -> None:
    assert 8 < len(hire(4_000)) / len(hire(400)) < 11


def test_a_generalist_is_planned_for_every_hour_of_the_week() -> None:
    covered = {
        (day * 24 + minute // 60) % 168
        for agent in hire(400)
        if agent.helps
        for day in agent.shift.weekdays
        for minute in range(agent.shift.start, agent.shift.end, 60)
    }
    # The half hour between night and weekend duty on Saturday and Sunday lies within hour 7.
    assert covered == set(range(168))


def test_a_week_brings_its_expected_number_of_tickets() -> None:
    rhythm = Rhythm(BERLIN, scale=300.0, seed=11)
    start = rhythm.midnight(MONDAY)
    count = 0
    for at in rhythm.arrivals(Random("x"), start):
        if at >= start + 28 * DAY:
            break
        count += 1
    # Days differ by a tenth and an outage adds some; the clocks change once in these weeks.
    assert 0.93 < count / (300 * 4 * sum(WEEK)) < 1.12


def test_a_working_day_starts_at_the_wall_clocks_hour_across_a_clock_change() -> None:
    """Saturday | 28 March, 24 h | Sunday 29 March, 23 h | Monday."""
    rhythm = Rhythm(BERLIN, scale=1, seed=1)
    saturday = int(datetime(2026, 3, 28, 12, tzinfo=BERLIN).timestamp() * 1000)
    assert rhythm.midnight(saturday, 2) - rhythm.midnight(saturday, 1) == 23 * HOUR
    monday = rhythm.local(rhythm.instant(rhythm.local(saturday), 2, 450))
    assert (monday.hour, monday.minute) == (7, 30)


def test_people_write_when_they_are_awake() -> None:
    rhythm = Rhythm(BERLIN, scale=1, seed=1)
    rng = Random(1)
    for minutes in range(0, 2 * DAY, 7 * MINUTE):
        at = rhythm.awake(rng, MONDAY + minutes)
        assert MONDAY + minutes <= at
        assert 7 <= rhythm.local(at).hour < 23
