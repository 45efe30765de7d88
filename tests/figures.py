"""What runs have shown: kept in target/reliability, from where docs/reliability.md is made.

`python -m tests.reliability` says how a page is made of it.
"""

import json
import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parent.parent
KEPT: Final = ROOT / "target" / "reliability"


def keep(name: str, figures: Mapping[str, Any], *, more: bool = False) -> None:
    """Write the figures of one run, with its date, machine and load (the average of 5 minutes).

    `more` adds to what is there.
    """
    KEPT.mkdir(parents=True, exist_ok=True)
    path = KEPT / f"{name}.json"
    former = json.loads(path.read_text()) if more and path.exists() else {}
    about = {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": machine(),
        "load": round(os.getloadavg()[1], 1),
    }
    told = {**former, **about, **figures}
    path.write_text(json.dumps(told, indent=1) + "\n")


def machine() -> str:
    """What it ran on."""
    python = f"Python {platform.python_version()}"
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, {python}"
