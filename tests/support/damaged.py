"""Runs commands on a damaged home."""

from click.testing import CliRunner, Result
from conftest import Workshop

from estore.cli import main


def estore(home: Workshop, *command: str) -> tuple[int, str]:
    """A command's exit code and its output; never a traceback."""
    ended = _ended(home, command)
    return ended.exit_code, ended.output


def estore_briefly(home: Workshop, *command: str) -> tuple[int, str]:
    """Its exit code and the last line of its output or, if it failed, of its error."""
    ended = _ended(home, command)
    shown = ended.stderr if ended.exit_code else ended.stdout
    return ended.exit_code, shown.splitlines()[-1] if shown else ""


def _ended(home: Workshop, command: tuple[str, ...]) -> Result:
    ended = CliRunner().invoke(main, ["--home", str(home.settings.home), *command])
    assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
    return ended
