"""Asks the public advisory service for known weaknesses of everything that is locked.

`make audit` runs it in an environment of its own. Exit code 0: it was asked about everything
and knows none. 1: it knows some, which are listed. 3: it could not be asked, or not about
everything, so nothing is known either way.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

CLEAN: Final = 0
FOUND: Final = 1
NOT_ASKED: Final = 3
SHOWN: Final = 3
"""Of those it was not asked about: a mirror of the package index may know no advisories at all."""

ROOT: Final = Path(__file__).parents[1]
LOCK: Final = ROOT / "requirements-dev.lock"
"""Holds everything: what is shipped, what builds it and what tests it."""


def main() -> int:
    """Ask, say what came of it, and return the exit code."""
    ask = ["-m", "pip_audit", "--requirement", str(LOCK), "--require-hashes", "--disable-pip"]
    how = ["--format", "json", "--progress-spinner", "off"]
    asked = subprocess.run(  # noqa: S603 - our own arguments
        [sys.executable, *ask, *how], capture_output=True, text=True, check=False
    )
    code, lines = judged(asked.stdout, asked.stderr)
    print(*lines, sep="\n")  # noqa: T201 - a program for people
    return code


def judged(answer: str, complaint: str) -> tuple[int, list[str]]:
    """The exit code and what to say, from what pip-audit wrote to its two outputs."""
    try:
        dependencies: list[dict[str, Any]] = json.loads(answer)["dependencies"]
    except (ValueError, KeyError, TypeError):
        reason = (complaint.strip().splitlines() or ["it said nothing"])[-1]
        return NOT_ASKED, [f"the advisory service could not be asked: {reason}"]
    found = [line for each in dependencies for line in _weaknesses(each)]
    unasked = [f"{each['name']}: {each['skip_reason']}" for each in dependencies if _skipped(each)]
    if found:
        return FOUND, [*found, *unasked[:SHOWN]]
    if unasked or not dependencies:
        number = f"{len(unasked)} of {len(dependencies)} packages"
        return NOT_ASKED, [f"the advisory service did not answer about {number}", *unasked[:SHOWN]]
    return CLEAN, [f"no weakness is known of {len(dependencies)} packages"]


def _skipped(dependency: dict[str, Any]) -> bool:
    return "skip_reason" in dependency


def _weaknesses(dependency: dict[str, Any]) -> Iterator[str]:
    for one in dependency.get("vulns", ()):
        fixed = ", ".join(one["fix_versions"]) or "no version yet"
        named = f"{dependency['name']} {dependency['version']}"
        yield f"{named}: {one['id']} (fixed in {fixed})"


if __name__ == "__main__":
    sys.exit(main())
