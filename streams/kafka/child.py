"""A child process that writes to a log file and does not outlive its parent."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_LAUNCHER: Final = """\
import ctypes, os, signal, sys
if sys.platform == "linux":
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
    if os.getppid() != int(sys.argv[1]):
        sys.exit("the parent was gone already")
os.execvp(sys.argv[2], sys.argv[2:])
"""
"""Becomes the program. It asks the kernel itself, because code between fork and exec in the
parent is not safe once the parent has threads."""


def spawn(command: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own; its output goes to `log`, which is emptied.

    A Ctrl-C in the terminal does not reach it: whoever started it ends it, in its own order.
    On Linux the kernel kills it when the thread that called this ends, by whatever cause.
    """
    launcher = (sys.executable, "-I", "-S", "-c", _LAUNCHER, str(os.getpid()))
    with log.open("wb") as output:
        return subprocess.Popen(  # noqa: S603 - the callers name their own programs
            [*launcher, *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and wait until it is gone; does nothing if it is gone already."""
    process.kill()
    process.wait()
