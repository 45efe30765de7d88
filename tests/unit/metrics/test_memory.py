"""What is told of memory is what Linux says, and nothing where it says nothing."""

from pathlib import Path
from resource import getpagesize

import pytest

from streams.metrics.memory import used_ratio

V1, V2 = "sys/fs/cgroup/memory/memory.limit_in_bytes", "sys/fs/cgroup/memory.max"
PROCESS = {"proc/self/statm": "5000 250 200 1 0 400 0\n"}
MACHINE = {"proc/meminfo": "MemTotal:       8000 kB\nMemFree:        10 kB\n"}


def told(root: Path, files: dict[str, str]) -> float | None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return used_ratio(root)


@pytest.mark.parametrize(
    ("limit", "bytes_allowed"),
    [
        ({V2: "4096000\n"}, 4_096_000),
        ({V2: "max\n"}, 8_192_000),
        ({V1: "4096000\n"}, 4_096_000),
        ({V1: "9223372036854771712\n"}, 8_192_000),
        ({}, 8_192_000),
    ],
)
def test_it_is_a_share_of_what_the_container_may_have_or_the_machine_has(
    tmp_path: Path, limit: dict[str, str], bytes_allowed: int
) -> None:
    found = told(tmp_path, PROCESS | MACHINE | limit)
    assert found == 250 * getpagesize() / bytes_allowed


@pytest.mark.parametrize("files", [{}, PROCESS, MACHINE])
def test_where_it_is_not_told_it_is_not_known(tmp_path: Path, files: dict[str, str]) -> None:
    assert told(tmp_path, files) is None


def test_on_this_machine_it_grows_with_what_is_kept() -> None:
    before = used_ratio()
    kept = bytearray(b"x" * (64 << 20))
    after = used_ratio()
    assert kept
    assert before is not None
    assert after is not None
    assert 0 < before < after < 1
