"""Every place at which a coroutine gives its turn away: there a process may die, or be paused.

A loop made here tells of each of them, whoever's code it is in. So an `await` that is added
somewhere is looked at without anybody naming it.
"""

import asyncio
from collections.abc import Callable, Coroutine, Generator, Iterator
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
    """The event loop of one process: it can stand still, or end, while others go on."""

    def __init__(self, tell: OnSuspension) -> None:
        self._tell = tell
        self._loop = asyncio.new_event_loop()
        self._loop.set_task_factory(self._task)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.close()

    def _task(self, loop: Any, coroutine: Any, **more: Any) -> Any:
        return asyncio.Task(Suspended(coroutine, self._tell), loop=loop, **more)

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run it to its end, and every other task meanwhile; returns what it returns."""
        return self._loop.run_until_complete(coroutine)
