"""Prints the JSON Schema of deskpulse.yml, for `schemas/config/deskpulse.json`."""

import sys

from streams.config.schema import schema_text

sys.stdout.write(schema_text())
