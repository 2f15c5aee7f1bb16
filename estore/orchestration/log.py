"""Log: the pipeline's messages in a run's log."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from estore.console import Console, Step
from estore.escaping import one_line

#: Seconds between two progress lines.
PAUSE = 30.0


class RunLog(Console):
    """A console that writes to a run's log."""

    def __init__(self, log: Any) -> None:
        super().__init__(quiet=True)
        self.log = log

    def line(self, text: str, style: str | None = None) -> None:
        """Log one line; red lines are errors."""
        {"red": self.log.error, "yellow": self.log.warning}.get(style or "", self.log.info)(
            one_line(text)
        )

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """A step that logs its progress from time to time."""
        began = time.monotonic()
        yield _LoggedStep(self, title)
        self.line(f"{title}: {time.monotonic() - began:.1f} s")


class _LoggedStep(Step):
    def __init__(self, log: RunLog, title: str) -> None:
        super().__init__(None, title)
        self.log, self.name, self.reported_at = log, title, time.monotonic()

    def update(self, done: float, total: float, rows: int = 0) -> None:
        if time.monotonic() - self.reported_at >= PAUSE:
            self.reported_at = time.monotonic()
            self.log.line(f"{self.name}: {done / max(total, 1):.0%}, {rows:,} rows")

    def title(self, title: str) -> None:
        self.name = title
        self.log.line(title)
