"""Deskpulse: ticket events on Kafka become live service-quality numbers."""

from importlib.metadata import version
from typing import Final

VERSION: Final = version("deskpulse")
"""The version of the installed package."""
