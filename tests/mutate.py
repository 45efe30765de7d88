"""How many defects made on purpose the tests find: the mutation score of the engine.

    python -m tests.mutate [--sample 300] [--seed 1] [--only 'streams.core.fold.*']

mutmut changes one operator, constant, name or argument at a time in `streams/core`, where all
numbers are decided, and runs the laws, the reference model's tests and the unit tests that reach
the changed function, each property on few examples. There are many thousand such mutants; a random
sample, the same for the same seed, says what share of all is found, with its 95 % interval. What
survived is listed, to be looked at: a test is missing, or nothing can tell it from the original.
Prints a table and writes target/mutants.json. The score decides no exit code.
"""

import argparse
import json
import os
import random
import subprocess
import sys
from collections import Counter, defaultdict
from fnmatch import fnmatch
from typing import Final

from scipy.stats import binomtest

from tests.brokers import ROOT

MUTANTS: Final = ROOT / "mutants"
"""Where mutmut keeps the changed modules, and beside each what became of its mutants."""
LIBRARIES: Final = ROOT / "target" / "mutmut"
"""mutmut and what it needs, beside the locked environment: `make mutate` puts it there."""
RESULT: Final = ROOT / "target" / "mutants.json"

FIRST: Final = "streams.core.goals.*"
"""A module with few mutants. Trying them makes all others known, of which a sample is drawn."""

OUTCOMES: Final = defaultdict(
    lambda: "killed",
    {0: "survived", 5: "not reached", 33: "not reached", 24: "hung", -24: "hung", 152: "hung"},
)
"""By exit code of pytest, or the signal that ended it; a mutant that hangs is found, too."""
FOUND: Final = ("killed", "hung")


def main(arguments: list[str]) -> int:
    """Draw, try and print; returns the exit code."""
    parser = argparse.ArgumentParser("python -m tests.mutate")
    parser.add_argument("--sample", type=int, default=300, help="how many mutants to try")
    parser.add_argument("--seed", type=int, default=1, help="which ones")
    parser.add_argument("--only", default="*", help="of the functions that match")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="at a time")
    asked = parser.parse_args(arguments)
    _mutmut("run", "--max-children", "1", FIRST)
    known = [name for name in sorted(_outcomes()) if fnmatch(name, asked.only)]
    if not known:
        print(f"No function has a mutant named like {asked.only}.", file=sys.stderr)
        return 2
    drawn = random.Random(asked.seed).sample(known, min(asked.sample, len(known)))
    _mutmut("run", "--max-children", str(asked.processes), *drawn)
    _tell(drawn, len(known), asked.seed)
    return 0


def _mutmut(*arguments: str) -> None:
    path = os.pathsep.join([str(LIBRARIES), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    command = [sys.executable, str(LIBRARIES / "bin" / "mutmut"), *arguments]
    # Without the real logs: what they find, the random sets find in a fraction of the time.
    environment = {**os.environ, "PYTHONPATH": path, "DESKPULSE_SHARED": os.devnull}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=sys.stderr)


def _outcomes() -> dict[str, int | None]:
    """The exit code of every mutant that is known, by its name; nothing where it was not tried."""
    return {
        name: code
        for kept in sorted(MUTANTS.rglob("*.meta"))
        for name, code in json.loads(kept.read_text())["exit_code_by_key"].items()
    }


def _tell(drawn: list[str], known: int, seed: int) -> None:
    codes = {name: code for name, code in _outcomes().items() if code is not None}
    outcomes = {name: OUTCOMES[codes[name]] for name in sorted(drawn) if name in codes}
    by_module: dict[str, Counter[str]] = defaultdict(Counter)
    for name, outcome in outcomes.items():
        by_module[name.split(".")[2]][outcome] += 1
    columns = ("killed", "hung", "survived", "not reached")
    print(f"{'module':<20}" + "".join(f"{column:>13}" for column in columns) + f"{'found':>9}")
    for module, counts in sorted(by_module.items()):
        cells = "".join(f"{counts[column]:>13,}" for column in columns)
        found = sum(counts[column] for column in FOUND)
        print(f"{module:<20}{cells}{found / counts.total():>9.0%}")
    found = sum(outcome in FOUND for outcome in outcomes.values())
    share = binomtest(found, len(outcomes)).proportion_ci(0.95, method="wilson")
    print(
        f"\n{found:,} of {len(outcomes):,} mutants found: {found / len(outcomes):.1%} "
        f"(95 % interval {share.low:.1%} ... {share.high:.1%}) "
        f"of {known:,} there are; seed {seed}"
    )
    survived = [name for name, outcome in outcomes.items() if outcome not in FOUND]
    if survived:
        print("\nNot found; `target/mutmut/bin/mutmut show NAME` shows one:")
        print("\n".join(f"  {name}" for name in survived))
    RESULT.write_text(
        json.dumps(
            {
                "seed": seed,
                "known": known,
                "tried": len(outcomes),
                "found": found,
                "low": share.low,
                "high": share.high,
                "modules": {module: dict(counts) for module, counts in sorted(by_module.items())},
                "survived": survived,
            },
            indent=2,
        )
        + "\n"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
