"""Commands run so loudly that nothing they could ever log is left out."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from streams.kafka.child import spawn

_LOUD: Final = """
import json, logging, sys
logging.basicConfig(level=0, stream=sys.stderr)
logging.Logger.isEnabledFor = lambda self, level: True
from streams.cli import run
for command in json.loads(sys.argv[1]):
    code = run(command)
    print(f"== {command[0]}: {code}", file=sys.stderr, flush=True)
"""


def loudly(
    conf: Path, commands: Sequence[Sequence[str]], log: Path, secrets: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """Run commands one after the other, in the folder that holds `conf`; every logger speaks."""
    them = json.dumps([[*command, "--config", str(conf)] for command in commands])
    given = [f"{name}={value}" for name, value in secrets.items()]
    return spawn(["env", "-C", str(conf.parent), *given, sys.executable, "-c", _LOUD, them], log)
