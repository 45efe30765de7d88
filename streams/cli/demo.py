"""`deskpulse demo`: broker, support day, worker, metrics and terminal view in one command."""

import asyncio
import contextlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import typer
from rich.live import Live

from streams.cli.board import board
from streams.cli.console import note, out
from streams.clock import wall_ms
from streams.config import Config, load
from streams.core.events import Accepted
from streams.core.instants import format_rfc3339
from streams.errors import UserError
from streams.kafka.child import end, spawn
from streams.metrics.scrape import Scrape, scrape
from streams.pace import as_it_happened
from streams.replay import open_lines
from streams.simulate import (
    AGENTS,
    CUSTOMERS,
    GOALS,
    PROMISES,
    TICKETS,
    Scenario,
    ScenarioName,
    Topic,
    generate,
)
from streams.wire.cloudevents import decode_line

WEEKS_BACK: Final = 26
"""The simulated days lie so far in the past, because time runs faster in them."""
KAFKA_PORT: Final = 9092
"""Where clients look for a broker by default, so that events can be published to the demo."""
STOP_S: Final = 4.0
"""How long the worker may take to stop; all of the demo ends within five seconds."""
REDRAW_S: Final = 1.0
LOOKS: Final = 5
"""Event rates are taken over so many pictures, because counters move with each commit."""

Message = tuple[bytes, bytes | None, tuple[tuple[str, bytes | None], ...]]
Timed = Iterator[tuple[int, tuple[Topic, Message]]]


def demo(
    speed: Annotated[
        float, typer.Option(min=1, metavar="X", help="How many times faster than life.")
    ] = 60,
    replay: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Replay recorded events instead of the simulator; the highest speeds suit logs.",
            show_default=False,
        ),
    ] = None,
    scenario: Annotated[
        ScenarioName, typer.Option(help="What is wrong at the simulated support team.")
    ] = ScenarioName.USUAL,
    seed: Annotated[int, typer.Option(help="Another seed, another support team's week.")] = 1,
    scale: Annotated[int, typer.Option(min=10, help="Tickets per simulated working day.")] = 400,
    port: Annotated[int, typer.Option(help="Where /metrics listens.")] = 9108,
    seconds: Annotated[
        float | None, typer.Option(metavar="N", help="End by itself after so long.")
    ] = None,
) -> int:
    """Show everything on this machine: nothing to install, nothing left behind.

    Starts the embedded broker, a simulated support team (or a recorded log), one worker and
    the terminal view. Ctrl-C ends all of it.

    Example: deskpulse demo --speed 300
    """
    with tempfile.TemporaryDirectory(prefix="deskpulse-demo-") as folder:
        events = _simulated(scenario, seed, scale) if replay is None else _recorded(replay)
        return asyncio.run(_Demo(Path(folder), port, seconds).run(events, speed))


@dataclass(frozen=True, slots=True)
class _Events:
    """What the demo plays, and the instant it starts at."""

    title: str
    start_ms: int
    timed: Timed


def _simulated(name: ScenarioName, seed: int, scale: int) -> _Events:
    zone = "Europe/Berlin"
    today = datetime.fromtimestamp(wall_ms() / 1000, ZoneInfo(zone))
    monday = today - timedelta(weeks=WEEKS_BACK, days=today.weekday())
    start = monday.replace(hour=8, minute=30, second=0, microsecond=0)
    scenario = Scenario(int(start.timestamp() * 1000), seed, name, scale=scale, zone=zone)
    return _Events(
        _title(scenario),
        scenario.start_ms,
        ((d.due_ms, (d.topic, (d.key, d.value, d.headers))) for d in generate(scenario)),
    )


def _title(scenario: Scenario) -> str:
    says = f"{scenario.name}: {scenario.cause.says}"
    released = f", from {format_rfc3339(scenario.released_ms)} on" if scenario.cause.doubled else ""
    return f"scenario {says}{released}"


def _recorded(path: Path) -> _Events:
    timed = _lines(path)
    first = next(timed, None)
    if first is None:
        raise UserError(f"{path}: no ticket event in it; make some with `deskpulse import`")

    def all_of_them() -> Timed:
        yield first
        yield from timed

    return _Events(f"replay {path}", first[0], all_of_them())


def _lines(path: Path) -> Timed:
    with open_lines(path) as lines:
        for line in lines:
            arrival = decode_line(line, now_ms=wall_ms(), future_skew_ms=0)
            if isinstance(arrival, Accepted):
                message = (arrival.ticket.encode(), line.rstrip(b"\r\n"), ())
                yield arrival.event.at, (TICKETS, message)


def _topics(config: Config) -> dict[Topic, str]:
    """The topics that are published to, by their keys in the configuration."""
    topics = config.topics
    return {TICKETS: topics.source, AGENTS: topics.agents, CUSTOMERS: topics.customers}


class _Demo:
    """The process tree of one demo."""

    def __init__(self, folder: Path, port: int, seconds: float | None) -> None:
        self._conf = folder / "conf"
        self._port = port
        self._seconds = seconds
        self._broker_log = folder / "broker.log"
        self._worker_log = folder / "worker.log"
        self._ended = asyncio.Event()
        self._published = 0

    async def run(self, events: _Events, speed: float) -> int:
        """Start everything, show it until the end, end everything."""
        from streams.kafka.embedded import EmbeddedBroker
        from streams.kafka.topics import ensure

        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, self._ended.set)
        with EmbeddedBroker(self._broker_log, KAFKA_PORT) as broker:
            config = self._configure(broker.bootstrap)
            await ensure(config)
            with self._worker() as worker:
                note(self._greeting(config, events.title, speed))
                playing = asyncio.create_task(self._play(config, events, speed))
                try:
                    await self._show(worker, playing)
                finally:
                    playing.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await playing
        note(f"deskpulse demo: ended, {self._published:,} events were published")
        return 0

    def _configure(self, bootstrap: str) -> Config:
        self._conf.mkdir()
        (self._conf / "deskpulse.yml").write_text(
            f'kafka: {{bootstrap: "{bootstrap}", session_timeout: 3s}}\n'
            "delivery: at_least_once\n"
            "time: event\n"
            # Where the first line passes on what is too hard for it.
            "queues: {second-line: {tier: 2}}\n"
            # So that all queues of the company keep their names beside its promises.
            "max_series: 4000\n"
            f"metrics: {{port: {self._port}}}\n"
        )
        shutil.copy(PROMISES, self._conf / "sla.yml")
        shutil.copy(GOALS, self._conf / "scorecards.yml")
        return load(self._conf)

    def _greeting(self, config: Config, title: str, speed: float) -> str:
        return (
            f"deskpulse demo: a support team's days, {speed:g} times faster than life\n"
            f"  {title}\n"
            f"  metrics     {self._url}\n"
            f"  broker      {config.kafka.bootstrap}, "
            f"events on {', '.join(_topics(config).values())}\n"
            f"  worker log  {self._worker_log}\n"
            "  Ctrl-C ends everything"
        )

    @property
    def _url(self) -> str:
        return f"http://127.0.0.1:{self._port}/metrics"

    @contextlib.contextmanager
    def _worker(self) -> Iterator[subprocess.Popen[bytes]]:
        command = [sys.executable, "-m", "streams", "worker", "--config", str(self._conf)]
        worker = spawn(command, self._worker_log)
        try:
            yield worker
        finally:
            worker.terminate()
            try:
                worker.wait(STOP_S)
            except subprocess.TimeoutExpired:
                end(worker)

    async def _play(self, config: Config, events: _Events, speed: float) -> None:
        from streams.kafka.publish import send

        names = _topics(config)
        messages = (
            (names[topic], message)
            async for topic, message in as_it_happened(events.timed, events.start_ms, speed)
        )
        async for self._published in send(config.kafka, messages):
            pass

    async def _show(self, worker: subprocess.Popen[bytes], playing: asyncio.Task[None]) -> None:
        """Draw the board once a second until Ctrl-C, the time limit or a failure."""
        first = await self._first_scrape(worker)
        if first is None:
            return
        looks = deque([first], maxlen=LOOKS)
        give_up = None if self._seconds is None else time.monotonic() + self._seconds
        interactive = out.is_terminal
        with Live(console=out, screen=interactive, auto_refresh=False) as live:
            while not self._ended.is_set() and (give_up is None or time.monotonic() < give_up):
                self._check(worker, playing)
                looks.append(await asyncio.to_thread(scrape, [self._url], looks[-1]))
                if interactive:
                    live.update(board(looks[-1], looks[0]), refresh=True)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._ended.wait(), REDRAW_S)
        if not interactive:
            out.print(board(looks[-1], looks[0]))

    async def _first_scrape(self, worker: subprocess.Popen[bytes]) -> Scrape | None:
        """The worker's first answer; it needs a moment to start."""
        while not self._ended.is_set():
            self._check(worker)
            try:
                return await asyncio.to_thread(scrape, [self._url])
            except OSError:
                await asyncio.sleep(0.1)
        return None

    def _check(
        self, worker: subprocess.Popen[bytes], playing: asyncio.Task[None] | None = None
    ) -> None:
        """Raise what ended the worker or the player."""
        if worker.poll() is not None:
            said = self._worker_log.read_text(errors="replace").strip().splitlines()
            raise UserError("the worker ended: " + (said[-1] if said else "it said nothing"))
        if playing is not None and playing.done():
            playing.result()
