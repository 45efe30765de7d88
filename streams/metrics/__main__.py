"""Prints the documentation of all metrics, for `docs/metrics.md`."""

import sys

from streams.metrics.page import page

sys.stdout.write(page())
