"""Log: the pipeline's words in the log of a run."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from estore.console import Console, Step
from estore.escaping import one_line

#: Seconds between two lines of progress.
PAUSE = 30.0


class RunLog(Console):
    """A console whose lines are those of a run."""

    def __init__(self, log: Any) -> None:
        super().__init__(quiet=True)
        self.log = log

    def line(self, text: str, style: str | None = None) -> None:
        """Say one line; what is red is an error."""
        {"red": self.log.error, "yellow": self.log.warning}.get(style or "", self.log.info)(
            one_line(text)
        )

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """A step that tells how far it is now and then."""
        began = time.monotonic()
        yield _LoggedStep(self, title)
        self.line(f"{title}: {time.monotonic() - began:.1f} s")


class _LoggedStep(Step):
    def __init__(self, log: RunLog, title: str) -> None:
        super().__init__(None, title)
        self.log, self.name, self.told_at = log, title, time.monotonic()

    def update(self, done: float, total: float, rows: int = 0) -> None:
        if time.monotonic() - self.told_at >= PAUSE:
            self.told_at = time.monotonic()
            self.log.line(f"{self.name}: {done / max(total, 1):.0%}, {rows:,} rows")

    def title(self, title: str) -> None:
        self.name = title
        self.log.line(title)
