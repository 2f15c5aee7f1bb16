"""Plan: how one size is measured, and where."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Run, run
from estore.synth import SyntheticShop

MONTHS, SEED = 7, 1
ESTORE = Path(sys.executable).parent / "estore"


@dataclass(frozen=True)
class Plan:
    """How one size is measured.

    month_by_month: create, load and delete a month at a time, to save disk; low_memory: run once
    more with this limit; plain_limit: time limit of the plain pipeline in seconds, 0 skips
    it; times: runs of each command that only reads.
    """

    events: int
    folder: Path
    month_by_month: bool = False
    low_memory: str | None = None
    plain_limit: float = 3600.0
    times: int = 5
    threads: int = 2
    memory_limit: str = "4GB"
    say: Callable[[str], None] = print

    @property
    def shop(self) -> SyntheticShop:
        """The synthetic shop of this size."""
        return SyntheticShop(events=self.events, months=MONTHS, seed=SEED, faults=())

    @property
    def landing(self) -> Path:
        """The folder of its files."""
        return self.folder / "landing"

    def environment(self, home: str = "home", memory_limit: str | None = None) -> dict[str, str]:
        """The settings of a run."""
        return {
            "ESTORE_HOME": str(self.folder / home),
            "ESTORE_THREADS": str(self.threads),
            "ESTORE_MEMORY_LIMIT": memory_limit or self.memory_limit,
        }

    def estore(
        self, *words: str | Path, home: str = "home", memory_limit: str | None = None
    ) -> Run:
        """Run and measure the command. Raises RuntimeError if it fails."""
        self.say(f"  estore {' '.join(Path(word).name for word in words)}")
        environment = self.environment(home, memory_limit)
        return run([ESTORE, *words], watched=self.folder / home, environment=environment).held()

    @property
    def skipped(self) -> tuple[str, ...]:
        """Tables that are not compared: hashing every event again would outlast the run."""
        return ("fct_events",) if self.events > 20_000_000 else ()
