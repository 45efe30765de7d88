"""Every place at which a coroutine gives its turn away: there a process may die, or be paused.

A loop made here tells of each of them, whoever's code it is in. So an `await` that is added
somewhere is looked at without anybody naming it.
"""

import asyncio
from collections.abc import Callable, Coroutine, Generator, Iterable, Iterator
from types import CoroutineType, TracebackType
from typing import Any, NamedTuple, Self


class Place(NamedTuple):
    """A line of code that waits."""

    file: str
    line: int


class Suspended(Coroutine[Any, Any, Any]):
    """A coroutine that tells of every suspension, right after it."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], tell: "OnSuspension") -> None:
        self._coroutine = coroutine
        self._tell = tell

    def send(self, value: Any) -> Any:
        """Run on to the next suspension."""
        waits_for = self._coroutine.send(value)
        self._tell(self)
        return waits_for

    def throw(
        self,
        kind: Any,
        value: BaseException | object = None,
        trace: TracebackType | None = None,
    ) -> Any:
        """Run on with an exception, as when the task is cancelled."""
        del value, trace
        waits_for = self._coroutine.throw(kind)
        self._tell(self)
        return waits_for

    def close(self) -> None:
        """End it."""
        self._coroutine.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        """As asked for by `Coroutine`; a task uses `send`."""
        return self._coroutine.__await__()

    def places(self) -> Iterator[Place]:
        """The lines that wait: the outermost first, each for the next one."""
        waiting: object = self._coroutine
        while isinstance(waiting, CoroutineType):
            if waiting.cr_frame is not None:
                yield Place(waiting.cr_frame.f_code.co_filename, waiting.cr_frame.f_lineno)
            waiting = waiting.cr_await


OnSuspension = Callable[[Suspended], None]


class Loop:
    """The event loop of one process: it can stand still, go on and end while others live."""

    def __init__(self, tell: OnSuspension = lambda _: None) -> None:
        self._tell = tell
        self._left = 0
        self._loop = asyncio.new_event_loop()
        self._loop.set_task_factory(self._task)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        """Run it to its end, and every other task meanwhile; raises what it raises."""
        self._loop.run_until_complete(coroutine)

    def run_for(self, suspensions: int, coroutine: Coroutine[Any, Any, Any]) -> None:
        """Run it up to so many suspensions, give or take a few, and then stand still.

        Raises what it raises, if it ends before that.
        """
        self._left = suspensions
        task = self._loop.create_task(coroutine)
        task.add_done_callback(self._stop)
        self._loop.run_forever()
        task.remove_done_callback(self._stop)
        self._left = 0
        if task.done():
            task.result()

    def go_on(self) -> BaseException | None:
        """Run whatever still stands there to its end; returns what the first failure was."""
        pending = asyncio.all_tasks(self._loop)
        ended = self._loop.run_until_complete(_all(pending))
        return next(filter(None, ended), None)

    def end(self) -> None:
        """Nothing of it runs any more."""
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self.go_on()
        self._loop.close()

    def _task(self, loop: Any, coroutine: Any, **more: Any) -> Any:
        return asyncio.Task(Suspended(coroutine, self._told), loop=loop, **more)

    def _stop(self, _: object) -> None:
        self._loop.stop()

    def _told(self, suspended: Suspended) -> None:
        self._tell(suspended)
        if self._left:
            self._left -= 1
            if not self._left:
                self._loop.stop()


async def _all(tasks: Iterable[asyncio.Task[Any]]) -> list[BaseException | None]:
    found = await asyncio.gather(*tasks, return_exceptions=True)
    return [one if isinstance(one, BaseException) else None for one in found]
