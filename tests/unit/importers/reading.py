"""What the tests of the importers call what they read."""

from collections.abc import Callable
from typing import Any

from streams.importers import Summary

Events = list[dict[str, Any]]
Log = tuple[Events, Summary]
Read = Callable[..., Log]
