"""Measuring in a process of its own, where memory is clean and nothing is warm."""

import json
import subprocess
import sys
from typing import Any

from tests.brokers import ROOT


def alone(module: str, *arguments: object) -> dict[str, Any]:
    """Run a module of this folder; returns what it prints, one JSON object.

    Raises `AssertionError` with the end of what it said when it fails.
    """
    command = [sys.executable, "-m", f"tests.bench.{module}", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command[1:])}:\n{done.stderr[-2000:]}"
    found: dict[str, Any] = json.loads(done.stdout)
    return found
