"""On what it was measured, and who else was at work there meanwhile.

What this system does not tell is left out: `/proc` is Linux's.
"""

import os
import platform
import re
import resource
import shutil
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Final, Self

from tests.brokers import KAFKA_LIBS, ROOT

LIBRARIES: Final = ("faust-streaming", "aiokafka", "orjson", "msgspec", "prometheus-client")
_MIB: Final = 1 << 20
_LINUX: Final = sys.platform == "linux"


def machine() -> dict[str, str]:
    """What the figures depend on, by name."""
    found = {
        "commit": _commit(),
        "cpu": f"{os.cpu_count()} x {_cpu_model()}",
        "ram": _ram(),
        "system": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "libraries": ", ".join(f"{name} {version(name)}" for name in LIBRARIES),
        "kafka": _kafka(),
        "java": _java(),
    }
    return {name: value for name, value in found.items() if value}


def peak_rss() -> int:
    """The most memory this process ever had resident, bytes."""
    if _LINUX:
        # Here getrusage also counts what the parent had when it started this process.
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def rss() -> int:
    """The memory that this process has resident now, bytes; elsewhere than on Linux the most."""
    if _LINUX:
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) * 1024
    return peak_rss()


class Others:
    """Watches how busy other processes keep the machine, from here until it is asked."""

    def __init__(self) -> None:
        self._started, self._busy, self._own = time.monotonic(), _busy_s(), _own_s()

    @classmethod
    def watched(cls) -> Self | None:
        """A watch, where the system tells."""
        return cls() if _LINUX else None

    def text(self) -> str:
        """How much of the machine others took; our children count once they have ended."""
        seconds = time.monotonic() - self._started
        others = (_busy_s() - self._busy) - (_own_s() - self._own)
        return f"other processes took {others / seconds:.1f} of {os.cpu_count()} cores meanwhile"


def _busy_s() -> float:
    """Seconds that all cores together were not idle since the start of the system."""
    first = Path("/proc/stat").read_text().partition("\n")[0]
    user, nice, system, _, _, irq, softirq, steal, *_ = map(int, first.split()[1:])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def _own_s() -> float:
    ours = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(sum(resource.getrusage(who)[:2]) for who in ours)


def _cpu_model() -> str:
    if _LINUX:
        found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
        if found is not None:
            return found[1]
    return platform.processor() or platform.machine()


def _ram() -> str:
    if not _LINUX:
        return ""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{total / 1024 / _MIB:.0f} GiB"


def _commit() -> str:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        return ""
    commit = _said("git", "-C", str(ROOT), "rev-parse", "--short", "HEAD")
    changed = _said("git", "-C", str(ROOT), "status", "--porcelain", "--", "streams")
    return f"{commit} and changes" if changed else commit


def _kafka() -> str:
    found = (re.fullmatch(r"kafka_[\d.]+-([\d.]+)\.jar", jar.name) for jar in KAFKA_LIBS.glob("*"))
    return next((f"Apache Kafka {one[1]}" for one in found if one), "")


def _java() -> str:
    return _said("java", "--version").partition("\n")[0] if shutil.which("java") else ""


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
