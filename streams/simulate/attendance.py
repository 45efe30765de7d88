"""Who is at work: shifts planned a week ahead and changed, absences, and presence as it is shown.

What is planned and what happens differ, as everywhere: somebody is ill, late, in a training,
on a shift that was cancelled, or goes home without signing off.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from streams.core.instants import HOUR, MINUTE
from streams.simulate.chance import between
from streams.simulate.desk import Desk
from streams.simulate.surveys import ask_staff
from streams.simulate.ticket import Agent

SCHEDULED: Final = "agent.scheduled"
ABSENT: Final = "agent.absent"
PRESENCE: Final = "agent.presence"

AHEAD: Final = 7
"""Days between the publication of a shift and its day."""
REPLACED: Final = 0.05
"""Share of shifts that are moved after they were published."""
CANCELLED: Final = 0.015
COMES_ANYWAY: Final = 0.1
"""Share of cancelled shifts that somebody works all the same."""
VACATION: Final = 0.35
"""Share of weeks in which somebody of a large enough team is away."""
LARGE_TEAM: Final = 4
EDITED_AWAY: Final = 0.5
"""Share of shifts in a vacation that the planner removes."""
SICK: Final = 0.03
"""Share of shifts that somebody misses."""
TRAINING: Final = 0.02
"""Share of shifts that begin with two hours of it."""
LEAVES_EARLY: Final = 0.01
AWAY: Final = 0.2
"""Share of shifts with a quarter of an hour away from the desk."""
UNSIGNED: Final = 0.03
"""Share of shifts at whose end nothing says so."""
DECIDED: Final = 3 * HOUR
"""So long before a shift it is known who comes."""
BREAK: Final = 30 * MINUTE
STAFF_SURVEY: Final = (4, 14 * 60)
"""The weekday and the local minute at which staff are asked for their opinion."""


@dataclass(slots=True, eq=False)
class Duty:
    """One shift of an agent on one day, in epoch milliseconds."""

    agent: Agent
    shift: str
    start_ms: int
    pause_ms: int
    end_ms: int
    on_leave: bool
    """In a vacation that was granted before the shift was planned."""
    cancelled: bool = False


def start(desk: Desk, staff: tuple[Agent, ...]) -> None:
    """From this local midnight on: the coming week is published, then a further day each night."""
    for days in range(AHEAD):
        _publish(desk, staff, days)
    _midnight(desk, staff)


def release(desk: Desk, agent: Agent) -> None:
    """A handling is over: the agent begins the next one, or shows that nothing is left."""
    agent.talking = False
    desk.floor.release(agent)
    if not agent.talking:
        _show(desk, agent, "online" if agent.present or agent.busy else agent.rest)


def on_call(desk: Desk, agent: Agent) -> None:
    """The agent talks to somebody now, which the telephone and the chat show."""
    agent.talking = True
    _show(desk, agent, "busy")


def _midnight(desk: Desk, staff: tuple[Agent, ...]) -> None:
    agenda, rhythm = desk.agenda, desk.rhythm
    today = rhythm.local(agenda.now_ms)
    _publish(desk, staff, AHEAD)
    weekday, minute = STAFF_SURVEY
    if today.weekday() == weekday:
        week = today.toordinal() // 7
        agenda.at(rhythm.instant(today, 0, minute), ask_staff, desk, staff, week)
    agenda.at(rhythm.instant(today, 1, 0), _midnight, desk, staff)


def _publish(desk: Desk, staff: tuple[Agent, ...], days: int) -> None:
    """Plan the day that many days from now."""
    today = desk.rhythm.local(desk.agenda.now_ms)
    day = desk.rhythm.local(desk.rhythm.instant(today, days, 12 * 60))
    if day.weekday() == 0:
        _grant_leave(desk, staff, day)
    for agent in staff:
        if day.weekday() in agent.shift.weekdays:
            _plan(desk, agent, day)


def _grant_leave(desk: Desk, staff: tuple[Agent, ...], monday: datetime) -> None:
    """A week off for one of each team that can spare somebody."""
    rng, rhythm = desk.rng, desk.rhythm
    for team in desk.floor.waiting:
        members = [agent for agent in staff if agent.team == team]
        if len(members) >= LARGE_TEAM and rng.random() < VACATION:
            agent = rng.choice(members)
            agent.leave = (rhythm.instant(monday, 0, 0), rhythm.instant(monday, 5, 0))
            _be_absent(desk, agent, *agent.leave, "vacation")


def _plan(desk: Desk, agent: Agent, day: datetime) -> None:
    rng, agenda, rhythm, hours = desk.rng, desk.agenda, desk.rhythm, agent.shift
    start_ms = rhythm.instant(day, 0, hours.start)
    duty = Duty(
        agent,
        f"{agent.id}-{day:%Y-%m-%d}",
        start_ms,
        rhythm.instant(day, 0, hours.pause),
        rhythm.instant(day, 0, hours.end),
        on_leave=agent.leave[0] <= start_ms < agent.leave[1],
    )
    _schedule(desk, duty)
    decided = duty.start_ms - DECIDED
    agenda.at(decided, _turn_up, desk, duty)
    # Changes come before it is decided who comes: on the first days there is no time for any.
    if decided - agenda.now_ms < 6 * HOUR:
        return
    at = between(rng, agenda.now_ms + HOUR, decided - HOUR)
    if duty.on_leave and rng.random() < EDITED_AWAY:
        agenda.at(at, _cancel, desk, duty)
        return
    change = rng.random()
    if change < REPLACED:
        agenda.at(at, _move, desk, duty, rng.choice((-60, -30, 30, 60)) * MINUTE)
    elif change < REPLACED + CANCELLED:
        agenda.at(at, _cancel, desk, duty)


def _schedule(desk: Desk, duty: Duty) -> None:
    data: dict[str, Any] = {
        "shift": duty.shift,
        # Planning tools write local times.
        "start": desk.rhythm.local(duty.start_ms).isoformat(timespec="seconds"),
        "end": desk.rhythm.local(duty.end_ms).isoformat(timespec="seconds"),
        "queue": duty.agent.team,
    }
    if duty.cancelled:
        data["cancelled"] = True
    desk.note(duty.agent, SCHEDULED, data)


def _move(desk: Desk, duty: Duty, by_ms: int) -> None:
    duty.start_ms += by_ms
    duty.pause_ms += by_ms
    duty.end_ms += by_ms
    _schedule(desk, duty)


def _cancel(desk: Desk, duty: Duty) -> None:
    duty.cancelled = True
    _schedule(desk, duty)


def _be_absent(desk: Desk, agent: Agent, start_ms: int, end_ms: int, reason: str) -> None:
    times = {"start": start_ms, "end": end_ms}
    written = {
        name: desk.rhythm.local(at_ms).isoformat(timespec="seconds")
        for name, at_ms in times.items()
    }
    desk.note(agent, ABSENT, {**written, "reason": reason})


def _turn_up(desk: Desk, duty: Duty) -> None:
    """What becomes of a shift on its day."""
    rng, agent = desk.rng, duty.agent
    if duty.on_leave or (duty.cancelled and rng.random() >= COMES_ANYWAY):
        return
    fate = rng.random()
    start_ms, end_ms = duty.start_ms, duty.end_ms
    if fate < SICK:
        _be_absent(desk, agent, start_ms, end_ms, "sick")
        return
    if fate < SICK + TRAINING:
        start_ms += 2 * HOUR
        _be_absent(desk, agent, duty.start_ms, start_ms, "training")
    elif fate < SICK + TRAINING + LEAVES_EARLY:
        end_ms -= 90 * MINUTE
        _be_absent(desk, agent, end_ms, duty.end_ms, "other")
    _work(desk, agent, start_ms, duty.pause_ms, end_ms)


def _work(desk: Desk, agent: Agent, start_ms: int, pause_ms: int, end_ms: int) -> None:
    rng, agenda = desk.rng, desk.agenda
    back_ms = pause_ms + BREAK
    agenda.at(start_ms + between(rng, -5 * MINUTE, 4 * MINUTE), _come, desk, agent)
    agenda.at(pause_ms, _go, desk, agent, "break")
    agenda.at(back_ms + between(rng, -3 * MINUTE, 3 * MINUTE), _come, desk, agent)
    if rng.random() < AWAY and end_ms - back_ms > HOUR:
        away_ms = between(rng, back_ms + 5 * MINUTE, end_ms - 30 * MINUTE)
        agenda.at(away_ms, _go, desk, agent, "away")
        agenda.at(away_ms + 15 * MINUTE, _come, desk, agent)
    last = "" if rng.random() < UNSIGNED else "offline"
    agenda.at(end_ms + between(rng, -2 * MINUTE, 5 * MINUTE), _go, desk, agent, last)


def _come(desk: Desk, agent: Agent) -> None:
    if not agent.busy:
        _show(desk, agent, "online")
    desk.floor.arrive(agent)


def _go(desk: Desk, agent: Agent, rest: str) -> None:
    """The agent takes nothing more, and shows it once the handling of now is over."""
    agent.rest = rest
    desk.floor.leave(agent)
    if not agent.busy:
        _show(desk, agent, rest)


def _show(desk: Desk, agent: Agent, state: str) -> None:
    """Publish a presence that is another one than before; an empty one is not published."""
    if state and state != agent.shown:
        desk.note(agent, PRESENCE, {"state": state, "queue": agent.team})
    agent.shown = state
