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


def keep(name: str, figures: Mapping[str, Any]) -> None:
    """Write the figures of one run, with its date and machine."""
    KEPT.mkdir(parents=True, exist_ok=True)
    told = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "machine": machine(), **figures}
    (KEPT / f"{name}.json").write_text(json.dumps(told, indent=1) + "\n")


def machine() -> str:
    """What it ran on."""
    python = f"Python {platform.python_version()}"
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, {python}"
