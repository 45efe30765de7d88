"""How much of the memory it may have a process has, as Linux tells it.

It may have what its container may, or all of the machine's, where nothing limits it.
"""

from pathlib import Path
from resource import getpagesize
from typing import Final

ROOT: Final = Path("/")
_KIB: Final = 1024
_LIMITS: Final = ("sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/memory.limit_in_bytes")
"""Of the container, in both versions of control groups; without one it is a word, or huge."""


def used_ratio(root: Path = ROOT) -> float | None:
    """Between 0 and 1; `None` where nobody tells it. `root` is that of the file system."""
    _, resident, *_ = (*_words(root / "proc/self/statm"), "", "")
    # "MemTotal: 16384 kB" is the first line.
    _, machine, *_ = (*_words(root / "proc/meminfo"), "", "")
    if not (resident.isdecimal() and machine.isdecimal()):
        return None
    told = [word for name in _LIMITS for word in _words(root / name)]
    limits = [int(word) for word in told if word.isdecimal()]
    return int(resident) * getpagesize() / min(int(machine) * _KIB, *limits, 1 << 62)


def _words(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []
