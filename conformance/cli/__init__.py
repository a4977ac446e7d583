"""The command line: one small file a command, each imported when it is called."""

from __future__ import annotations

import importlib
import sys

import click

from conformance import __version__

COMMANDS = {
    "run": "Judge an endpoint, or its recordings, against the contract.",
    "judge": "Judge recorded evidence of any origin.",
    "verify": "Ask Moonshot whether a gateway's answers bear its signature.",
    "drift": "Tell where documents, models and announcements disagree.",
    "selftest": "Prove that every check can fail, and that honesty passes.",
    "fuzz": "Ask what nobody thought of, and judge every answer.",
    "doctor": "Tell what keeps a client from working.",
    "clients": "Tell what the OpenAI SDK hides of a target's answers.",
    "serve": "Serve a reference Kimi on this machine.",
    "lint-tools": "Hold tools and their schemas against what Moonshot accepts.",
    "scan": "Find what is wrong in code and configuration that uses Kimi.",
    "frontend": "Tell what to enter in TypingMind and its kin, and check it.",
    "clauses": "List the clauses, and what checks each.",
    "report": "Make the reports of a run file again.",
}


class Lazy(click.Group):
    """A group that imports a command when it is called: what ``--help`` does not need is not loaded."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names of the commands in the order in which people need them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Return a command, or None where there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"conformance.cli.{cmd_name.replace('-', '_')}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the commands with their sentences, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


EXIT_HELP = """\b
Exit status: 0 conforms, 1 does not conform, 2 wrong usage, 3 could not
check, 4 the suite itself failed, 5 stale (a waiver or a recording).
"""


@click.group(cls=Lazy, epilog=EXIT_HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="kimi-conformance")
def group() -> None:
    """Does this endpoint keep the contract of Moonshot's Kimi API today?

    \b
    Example:
      kimi-conformance run            judge the shipped recordings, offline
    """


def main() -> None:
    """Run the command line; what was used wrongly is one sentence and exit status 2."""
    from conformance.rows import ConfigurationError

    try:
        group.main(standalone_mode=False)
    except ConfigurationError as error:
        _fail(str(error))
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        sys.exit(4)
    except BrokenPipeError:
        sys.exit(4)
    except Exception:  # noqa: BLE001 - a fault of ours is shown whole, and is never taken for a verdict
        import traceback

        traceback.print_exc()
        click.echo("Error: the suite itself failed; the lines above say where. No verdict was reached.", err=True)
        sys.exit(4)


def _fail(message: str) -> None:
    click.echo(f"Error: {message}", err=True)
    sys.exit(2)
