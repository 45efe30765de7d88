"""The floor: who is at work, what waits in which queue, and who takes what next.

Work waits in one heap per queue and in the inbox of each agent, ordered by when
somebody would lose patience. A free agent takes from their own inbox and queue first,
then from the queues they help out in. Follow-ups go to the assignee while present.
"""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import chain
from operator import itemgetter
from typing import Final

from streams.core.instants import HOUR, MINUTE
from streams.simulate.agenda import Agenda
from streams.simulate.company import TEAMS
from streams.simulate.ticket import Agent, Task, Ticket

PATIENCE: Final = {"urgent": 5 * MINUTE, "high": 40 * MINUTE, "normal": 3 * HOUR, "low": 6 * HOUR}
LIVE_PATIENCE: Final = MINUTE

Work = Callable[[Agent, Ticket], None]
"""Begins a handling; whoever began it calls `Floor.release` in the end."""


class Floor:
    """Matches waiting tickets and free agents, each as soon as there is the other."""

    __slots__ = ("_agenda", "_count", "_helpers", "_idle", "_work", "waiting")

    def __init__(self, agenda: Agenda, work: Work) -> None:
        self._agenda = agenda
        self._work = work
        self._count = 0
        self.waiting: dict[str, list[Task]] = {name: [] for name in TEAMS}
        # Idle agents by queue, the longest idle first (a dict keeps the order of entry).
        self._idle: dict[str, dict[str, Agent]] = {name: {} for name in TEAMS}
        self._helpers: dict[str, dict[str, Agent]] = {name: {} for name in TEAMS}

    def enqueue(self, ticket: Ticket) -> None:
        """Put a ticket in line; a free agent begins at once."""
        ticket.turn += 1
        self._count += 1
        patience = LIVE_PATIENCE if ticket.live else PATIENCE[ticket.priority]
        task = Task(self._agenda.now_ms + patience, self._count, ticket, ticket.turn)
        owner = ticket.assignee
        if owner and owner.present and ticket.priority != "urgent" and not ticket.live:
            heappush(owner.inbox, task)
            if not owner.busy:
                self._serve(owner)
            return
        heappush(self.waiting[ticket.queue], task)
        agent = self.idle(ticket.queue)
        if agent:
            self._serve(agent)

    def arrive(self, agent: Agent) -> None:
        """The agent is at their desk from now on."""
        agent.present = True
        if not agent.busy:
            self._serve(agent)

    def leave(self, agent: Agent) -> None:
        """The agent takes nothing more; what waits in their inbox goes back to the queue."""
        agent.present = False
        self._forget_idle(agent)
        for task in agent.inbox:
            heappush(self.waiting[task.ticket.queue], task)
        agent.inbox.clear()

    def release(self, agent: Agent) -> None:
        """A handling is over."""
        agent.busy = False
        if agent.present:
            self._serve(agent)

    def idle(self, queue: str) -> Agent | None:
        """Whoever of the team has been idle for longest, else such a helper, if there is one."""
        return next(chain(self._idle[queue].values(), self._helpers[queue].values()), None)

    def _serve(self, agent: Agent) -> None:
        """Give a present agent without work the next task, or note them as idle."""
        task = self._next_task(agent)
        if task is None:
            self._idle.get(agent.team, {})[agent.id] = agent
            for queue in agent.helps:
                self._helpers[queue][agent.id] = agent
            return
        self._forget_idle(agent)
        agent.busy = True
        self._work(agent, task.ticket)

    def _next_task(self, agent: Agent) -> Task | None:
        own = _first([agent.inbox, self.waiting.get(agent.team, [])])
        return own or _first([self.waiting[queue] for queue in agent.helps])

    def _forget_idle(self, agent: Agent) -> None:
        self._idle.get(agent.team, {}).pop(agent.id, None)
        for queue in agent.helps:
            self._helpers[queue].pop(agent.id, None)


def _first(heaps: list[list[Task]]) -> Task | None:
    """Take the task that is due first, throwing away stale ones on the way."""
    for heap in heaps:
        while heap and (heap[0].ticket.turn != heap[0].turn or heap[0].ticket.gone):
            heappop(heap)
    filled = [heap for heap in heaps if heap]
    return heappop(min(filled, key=itemgetter(0))) if filled else None
