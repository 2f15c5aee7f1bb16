"""Stages: how a run spent its time, from its own output and dbt's log."""

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

_STEP = re.compile(r"^(load|build|publish): ([\d.]+) s$")
_NODE = re.compile(
    r"\d+ of \d+ "
    r"(?P<said>OK created sql \w+ model|OK loaded seed file|OK snapshotted|PASS|WARN \d+) "
    r"(?P<name>\S+) .*\[[A-Z]+(?: \d+)? in (?P<seconds>[\d.]+)s\]$"
)


def stages(console: Iterable[str], dbt_log: str, wall: float) -> dict[str, float]:
    """Seconds by stage, the slowest model first. They add up to the wall-clock time.

    A model built in several batches is one stage. "dbt" is its parse and the time between queries.
    "the rest" is the start of Python and the findings.
    """
    steps = {found[1]: float(found[2]) for line in console if (found := _STEP.match(line))}
    models: defaultdict[str, float] = defaultdict(float)
    tests = snapshots = 0.0
    for line in dbt_log.splitlines():
        if not (found := _NODE.search(line)):
            continue
        seconds = float(found["seconds"])
        if found["said"] == "OK snapshotted":
            snapshots += seconds
        elif found["said"].startswith(("PASS", "WARN")):
            tests += seconds
        else:
            models[found["name"].rsplit(".", 1)[-1]] += seconds
    load, build, publish = (steps.get(name, 0.0) for name in ("load", "build", "publish"))
    return {
        "load": load,
        **dict(sorted(models.items(), key=lambda item: -item[1])),
        "data tests": tests,
        "dbt": max(0.0, build - sum(models.values()) - tests),
        "snapshots": snapshots,
        "publish": max(0.0, publish - snapshots),
        "the rest": max(0.0, wall - load - build - publish),
    }


class LogTail:
    """Reads the lines added to a log from now on; dbt starts a new file when it is long."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.begin = path.stat().st_size if path.exists() else 0

    def read(self) -> str:
        """The lines since the start."""
        if not self.path.exists():
            return ""
        text = self.path.read_bytes()
        return text[self.begin if len(text) >= self.begin else 0 :].decode(errors="replace")
