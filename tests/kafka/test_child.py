"""A child process: its output is kept, and it ends with whoever started it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from streams.kafka.child import end, spawn

_PARENT = """
import sys
from pathlib import Path
from streams.kafka.child import spawn
survivor = "import time; print('runs', flush=True); time.sleep(60); print('survived')"
spawn([sys.executable, "-c", survivor], Path(sys.argv[1]))
sys.stdin.read()
"""


def test_what_the_child_says_is_in_the_log_and_nothing_else(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("of the last run")
    child = spawn(["sh", "-c", "echo out; echo err >&2"], log)
    assert child.wait(10) == 0
    assert log.read_text() == "out\nerr\n"


def test_the_child_becomes_the_program_so_that_its_id_is_the_one_to_signal(tmp_path: Path) -> None:
    child = spawn(["sh", "-c", "echo $$"], tmp_path / "log")
    child.wait(10)
    assert int((tmp_path / "log").read_text()) == child.pid


def test_an_ended_child_is_gone_and_ending_it_again_does_nothing(tmp_path: Path) -> None:
    child = spawn(["sleep", "60"], tmp_path / "log")
    end(child)
    assert child.returncode == -9
    end(child)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children by itself")
def test_the_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    """Its log is a pipe here, which ends as soon as nobody can write to it any more."""
    log = tmp_path / "log"
    os.mkfifo(log)
    parent = subprocess.Popen([sys.executable, "-c", _PARENT, log], stdin=subprocess.PIPE)
    with parent, log.open("rb") as said:
        assert said.readline() == b"runs\n"
        parent.kill()
        assert said.read() == b""
