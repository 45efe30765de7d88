"""Prints the JSON Schema of a file, for `schemas/config`: `python -m streams.config sla`."""

import sys

from streams.config.schema import schema_text

sys.stdout.write(schema_text(sys.argv[1]))
