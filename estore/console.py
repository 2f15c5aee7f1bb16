"""Console: progress bars on a terminal, plain lines elsewhere, silence for `--json`."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console as RichConsole
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from estore.escaping import one_line


class Console:
    """Shows the pipeline's progress. It writes to stderr, because stdout is for results."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self.rich = RichConsole(stderr=True, highlight=False, soft_wrap=True)

    def line(self, text: str, style: str | None = None) -> None:
        """Print one line."""
        if not self.quiet:
            self.rich.print(Text(one_line(text), style=style or ""))

    @contextmanager
    def step(self, title: str) -> Iterator["Step"]:
        """A timed step of known or unknown length; it ends with one plain line."""
        started = time.monotonic()
        if self.quiet or not self.rich.is_terminal:
            yield Step(None, title)
        else:
            with Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=30),
                _Share(),
                _Rows(),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                console=self.rich,
                transient=True,
            ) as progress:
                yield Step(progress, title)
        self.line(f"{title}: {time.monotonic() - started:.1f} s", "dim")


class Step:
    """The progress of one step; does nothing if no bar is shown."""

    def __init__(self, progress: Progress | None, title: str) -> None:
        self.progress = progress
        self.task = progress.add_task(title, total=None, rows=0) if progress else None

    def update(self, done: float, total: float, rows: int = 0) -> None:
        """Update the bar. done and total have any unit; rows gives the rate."""
        if self.progress and self.task is not None:
            self.progress.update(self.task, completed=done, total=max(total, 1), rows=rows)

    def title(self, title: str) -> None:
        """Show what the step is doing now."""
        if self.progress and self.task is not None:
            self.progress.update(self.task, description=one_line(title))


class _Share(ProgressColumn):
    """The share done, if it is known."""

    def render(self, task: Task) -> Text:
        return Text("" if task.total is None else f"{task.percentage:>3.0f} %")


class _Rows(ProgressColumn):
    """Rows done and rows per second."""

    def render(self, task: Task) -> Text:
        rows = int(task.fields.get("rows") or 0)
        if not rows or not task.elapsed:
            return Text("")
        return Text(f"{rows:,} rows  {rows / task.elapsed:,.0f}/s", style="cyan")
