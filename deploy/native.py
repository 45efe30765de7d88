"""Compiles the way of an event through memory with mypyc, in place (`make native`).

The same modules run as plain Python without it: whatever is not compiled, or cannot be here,
is only slower. They are what DESIGN calls the pure core and the decoder; nothing else is worth
it, because it waits for Kafka or runs once a second.
"""

from pathlib import Path
from typing import Final

from mypyc.build import mypycify
from setuptools import setup

_WIRE: Final = ("cloudevents", "codec", "envelope", "packing", "strict", "transitions")

_LEFT_OUT: Final = {"__init__", "settings"}
"""Pydantic reads values into the settings, which it cannot do for a compiled class."""

MODULES: Final = [
    *sorted(str(path) for path in Path("streams/core").glob("*.py") if path.stem not in _LEFT_OUT),
    *(f"streams/wire/{name}.py" for name in _WIRE),
]

if __name__ == "__main__":
    setup(
        name="deskpulse-native",
        packages=[],
        ext_modules=mypycify(MODULES, opt_level="3", group_name="deskpulse"),
        script_args=["--quiet", "build_ext", "--inplace", "--build-temp", "target/native"],
    )
