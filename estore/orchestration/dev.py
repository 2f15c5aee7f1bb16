"""Dev: Dagster's code server, daemon and pages for `make dev`, each restarted when it ends.

`dagster dev` does not restart its code server: if it dies, nothing is loaded and no alert is sent.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType

import click

MODULE = "estore.orchestration.definitions"
#: Seconds before an ended process restarts, and for all to end after Ctrl-C.
PAUSE, PATIENCE = 5.0, 30.0
#: Failures in a row, each within a minute of the start, after which restarting stops.
MOST_FAILURES, MINUTE = 3, 60.0


class Kept:
    """A process that restarts when it ends."""

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self.name, self.command, self.failures = name, [*command], 0
        self.start()

    def start(self) -> None:
        """Start it in its own session, so Ctrl-C reaches it only once, through us."""
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(self.command, start_new_session=True)

    def keep(self) -> None:
        """Restart it if it has ended; raises ClickException if restarting does not help."""
        if (code := self.process.poll()) is None:
            return
        is_early = time.monotonic() - self.started_at < MINUTE
        self.failures = self.failures + 1 if is_early else 1
        if self.failures >= MOST_FAILURES:
            raise click.ClickException(f"{self.name} ended {self.failures} times in a row ({code})")
        click.echo(f"{self.name} ended ({code}); restarting it", err=True)
        time.sleep(PAUSE)
        self.start()


@click.command()
@click.option("-p", "--port", type=click.IntRange(0, 65_535), default=3000, show_default=True)
@click.option("--name", "names", multiple=True, help="A host name under which a proxy reaches it.")
def dev(port: int, names: tuple[str, ...]) -> None:
    """Run Dagster's code server, daemon and pages until Ctrl-C."""
    signal.signal(signal.SIGTERM, _as_ctrl_c)
    kept: list[Kept] = []
    with TemporaryDirectory(prefix="estore-") as folder:  # only its owner can read it
        socket = f"{folder}/code"
        named = [part for name in names for part in ("--name", name)]
        commands = {
            "the code server": ["dagster", "api", "grpc", "--socket", socket, "-m", MODULE],
            "the daemon": ["dagster._daemon", "run", "--grpc-socket", socket],
            "the webserver": [
                "estore.orchestration.webserver", "--port", str(port), *named,
                "--grpc-socket", socket,
            ],
        }  # fmt: skip
        try:
            for name, command in commands.items():
                kept.append(Kept(name, [sys.executable, "-m", *command]))
                while not Path(socket).exists():  # the others connect to it when they start
                    _watch(kept)
            while True:
                _watch(kept)
        except KeyboardInterrupt:
            pass
        finally:
            _end([each.process for each in kept])


def _watch(kept: Sequence[Kept]) -> None:
    time.sleep(1)
    for each in kept:
        each.keep()


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        if process.poll() is None:
            process.terminate()
    until = time.monotonic() + PATIENCE
    for process in processes:
        try:
            process.wait(max(until - time.monotonic(), 0))
        except subprocess.TimeoutExpired:
            process.kill()


def _as_ctrl_c(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    dev()
