"""What the README says is run: its snippets, its tree, its links."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import pytest

from tests.brokers import ROOT
from tests.unit.cli.exposition import depth, look, one, partition
from tests.unit.cli.test_board import judged, screen

pytestmark = pytest.mark.xdist_group("default ports")

README: Final = (ROOT / "README.md").read_text()
SNIPPETS: Final = re.findall(r"^```sh\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
RUNS_ON: Final = "deskpulse worker"
"""A command that runs until it is ended."""


def _environment(bootstrap: str) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "DESKPULSE_BOOTSTRAP": bootstrap}


def test_the_snippets_run_in_their_order(embedded_broker: str, tmp_path: Path) -> None:
    environment = _environment(embedded_broker)
    before = ["deskpulse topics ensure"]
    said = ""
    for snippet in [*before, *SNIPPETS]:
        if RUNS_ON in snippet:
            _start_and_end(snippet, environment, tmp_path)
            continue
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", snippet],
            check=False,
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, f"{snippet}\n{done.stderr}"
        said += done.stdout
    assert '"count": 1' in said, "the first response of the first event"
    assert "conf: ok" in said
    check = re.search(r"^```\n(A ticket created.*?)^```$", README, re.DOTALL | re.MULTILINE)
    assert check is not None
    assert check[1] in said, "what the README shows is what check-config says"
    assert "first_response (standard): met, 0:10:00 used of 1:00:00" in said
    assert (tmp_path / "log.json").exists()


def _start_and_end(command: str, environment: dict[str, str], folder: Path) -> None:
    log = folder / "worker.log"
    with log.open("wb") as output:
        worker = subprocess.Popen(
            command.split(), cwd=folder, env=environment, stdout=output, stderr=output
        )
    give_up = time.monotonic() + 60
    try:
        while "restored" not in log.read_text():
            assert worker.poll() is None, log.read_text()
            assert time.monotonic() < give_up, log.read_text()
            time.sleep(0.2)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(30) == 0, log.read_text()
    finally:
        worker.kill()
        worker.wait()


def test_there_are_snippets() -> None:
    assert len(SNIPPETS) == 6


def test_links_and_the_tree_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if not target.startswith("http"):
            assert (ROOT / target).exists(), target
    tree = README.partition("## The tree")[2]
    for name in re.findall(r"^(\w+)/ ", tree, re.MULTILINE):
        assert (ROOT / name).is_dir(), name
    for name in re.findall(r"^  (\w+)/ ", tree, re.MULTILINE):
        assert (ROOT / "streams" / name).is_dir(), name
    packages = {path.parent.name for path in (ROOT / "streams").glob("*/__init__.py")}
    assert packages == set(re.findall(r"^  (\w+)/ ", tree, re.MULTILINE))


def test_the_picture_of_the_live_view_has_the_titles_of_the_tables() -> None:
    series = [*partition(0), depth("billing", 1), *judged("billing")]
    series.append(one("sla_due", 0, policy="gold", clock="resolution", within="1h"))
    lines = screen(look(*series), width=100)
    titles = [line.split() for line in lines if line.startswith(("queue", "promise", "quality"))]
    assert len(titles) == 3
    shown = [line.split() for line in README.splitlines()]
    assert all(title in shown for title in titles)
