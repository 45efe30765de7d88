"""The command tree: which commands there are, in the order a newcomer meets them."""

from typing import Annotated

import typer

from streams import VERSION
from streams.cli import dead_letters
from streams.cli.check_config import check_config
from streams.cli.compare import compare
from streams.cli.demo import demo
from streams.cli.due import due
from streams.cli.explain import explain
from streams.cli.importing import import_log
from streams.cli.notify import notify
from streams.cli.publish import publish
from streams.cli.replay import replay
from streams.cli.report import report
from streams.cli.reset import reset
from streams.cli.scorecard import scorecard
from streams.cli.top import top
from streams.cli.topics import acls, check, ensure
from streams.cli.worker import worker

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
topics = typer.Typer(
    no_args_is_help=True,
    help="Create or check the Kafka topics, and tell the rights on them.\n\n"
    "Example: deskpulse topics ensure --config conf",
)
letters = typer.Typer(
    no_args_is_help=True,
    help="Look at what was refused, and put it back.\n\n"
    "Example: deskpulse dead-letters list --config conf",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"deskpulse {VERSION}")
        raise typer.Exit


@app.callback()
def deskpulse(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Streaming SLA and service-quality engine for support tickets.

    Ticket events on Kafka become live KPIs in Prometheus. Start with `deskpulse demo`.
    """


app.command("demo")(demo)
app.command("worker")(worker)
app.command("notify")(notify)
app.command("top")(top)
app.command("due")(due)
app.command("explain")(explain)
app.command("publish")(publish)
app.command("replay")(replay)
app.command("import")(import_log)
app.command("report")(report)
app.command("scorecard")(scorecard)
app.command("compare")(compare)
app.command("check-config")(check_config)
topics.command("ensure")(ensure)
topics.command("check")(check)
topics.command("acls")(acls)
app.add_typer(topics, name="topics")
letters.command("list")(dead_letters.list_letters)
letters.command("show")(dead_letters.show)
letters.command("replay")(dead_letters.replay)
app.add_typer(letters, name="dead-letters")
app.command("reset")(reset)
