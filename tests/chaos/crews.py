"""Several workers of one group in memory, each in an event loop of its own.

So one can be paused in the middle of its work while the others go on, and wake up later: a
zombie, when its partitions were given to others meanwhile.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from streams.config import Config
from streams.kafka.memory import FencedError, Storage
from streams.kafka.partitions import BrokenError
from tests.chaos.suspensions import Loop
from tests.chaos.worlds import Process, World

STOPPED = (FencedError, BrokenError)
"""What stops a worker that was taken for dead."""


class Member:
    """One worker; `expelled` once its partitions may be others'."""

    def __init__(self, world: World) -> None:
        self.process = Process(world)
        self.loop = Loop()
        self.expelled = False
        self._world = world

    async def work(self, size: int) -> None:
        """Read so many records of each of its partitions while a commit is under way."""
        polls = [self.process.poll(p, size) for p in self.process.partitions.owned]
        works = (*polls, self.process.commit())
        for failure in filter(None, await asyncio.gather(*works, return_exceptions=True)):
            raise failure

    async def commit(self) -> None:
        """Make durable what was read."""
        await self.process.commit()

    async def promise(self, config: Config, size: int) -> None:
        """Take other promises over, while records are read and a commit is under way."""
        polls = [self.process.poll(p, size) for p in self.process.partitions.owned]
        works = (*polls, self.process.commit(), self.process.promise(config))
        for failure in filter(None, await asyncio.gather(*works, return_exceptions=True)):
            raise failure

    async def leave(self) -> None:
        """Give all of its partitions up."""
        await self.process.give_up(list(self.process.partitions.owned))

    async def join(self, partitions: Sequence[int]) -> None:
        """Take partitions over, side by side."""
        await asyncio.gather(*map(self.process.take_over, partitions))

    def die(self) -> None:
        """Nothing that it still does reaches the world."""
        self.process.sever()
        self.loop.end()


class Crew:
    """The group of an application's workers."""

    def __init__(self, world: World, members: int) -> None:
        self.world = world
        self.running = [Member(world) for _ in range(members)]
        self.stalled: list[Member] = []
        self.rebalance(range(len(world.logs)))

    def rebalance(self, order: Sequence[int]) -> None:
        """Everybody who answers gives all up; then the partitions go round in this order.

        Who is stalled does not answer, and is taken for dead.
        """
        self.part()
        for number, member in enumerate(self.running):
            member.loop.run(member.join(order[number :: len(self.running)]))

    def part(self) -> None:
        """Everybody gives all up; nobody has anything, in the eyes of the group."""
        for member in self.stalled:
            member.expelled = True
        for member in self.running:
            member.loop.run(member.leave())

    def finish(self) -> None:
        """Whoever is stalled wakes up; then one new worker reads all there is."""
        for member in list(self.stalled):
            self.wake(member)
        self.part()
        last = Member(self.world)
        self.running.append(last)
        partitions = range(len(self.world.logs))
        last.loop.run(last.join(partitions))
        while not all(map(last.process.has_read_all, partitions)):
            last.loop.run(last.work(7))
        for _ in range(2):
            # What it was told of the end, and what time that makes it.
            last.loop.run(last.work(7))
        last.loop.run(last.leave())

    def disband(self) -> None:
        """Nobody is left."""
        for member in (*self.running, *self.stalled):
            member.die()

    def start(self) -> None:
        """One more worker; it has nothing until the next rebalance."""
        self.running.append(Member(self.world))

    def kill(self, member: Member) -> None:
        """It is gone, wherever it stands."""
        self.running.remove(member)
        member.die()

    def stall(self, member: Member) -> None:
        """It stands still, and holds what it has until somebody notices."""
        self.running.remove(member)
        self.stalled.append(member)

    def wake(self, member: Member) -> None:
        """It goes on from where it stood.

        Of partitions that were taken over meanwhile it writes nothing: it stops, and is gone; or
        it had nothing to write, gives them up and is one of the group again. While nobody has
        taken them over, nobody is hurt by what it ends.
        """
        self.stalled.remove(member)
        self.running.append(member)
        held = list(member.process.partitions.owned)
        lost = [partition for partition in held if member.process.has_lost(partition)]
        if not lost:
            failure = member.loop.go_on()
            assert failure is None, failure
            if member.expelled:
                member.loop.run(member.leave())
                member.expelled = False
            return
        before = self.world.storage.copy()
        failures = [
            member.loop.go_on(),
            _failure(member, member.work(5)),
            _failure(member, member.leave()),
        ]
        assert all(isinstance(one, STOPPED) for one in failures if one), failures
        after = self.world.storage
        for partition in lost:
            assert _of(after, partition) == _of(before, partition), "a zombie has written something"
        assert lost != held or after == before, "a zombie has said something"
        if any(failures):
            self.kill(member)
        member.expelled = False


def _of(storage: Storage, partition: int) -> tuple[object, object]:
    return storage.changelog.get(partition), storage.position.get(partition)


def _failure(member: Member, work: Coroutine[Any, Any, None]) -> BaseException | None:
    try:
        member.loop.run(work)
    except STOPPED as error:
        return error
    return None
