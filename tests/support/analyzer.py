"""Google's own analyzer of BigQuery SQL (tests/bigquery/strict); `make test-strict` builds it."""

import json
import subprocess
from collections import Counter
from typing import Any

import pytest
from bigquery_emulator import ROOT

ANALYZER = ROOT / ".venv-tools" / "strict-sql"
needs_analyzer = pytest.mark.skipif(
    not ANALYZER.is_file(),
    reason="the strict analyzer of BigQuery SQL is not built: run `make test-strict` with Go 1.25",
)
Job = dict[str, Any]


def judged(jobs: list[Job]) -> list[dict[str, Any]]:
    """The analyzer's verdict on each job."""
    completed = subprocess.run(
        [ANALYZER], input="".join(f"{json.dumps(job)}\n" for job in jobs),
        capture_output=True, text=True,
    )  # fmt: skip
    assert completed.returncode == 0, completed.stderr
    verdicts = [json.loads(line) for line in completed.stdout.splitlines()]
    assert len(verdicts) == len(jobs)
    return verdicts


def accepted(jobs: list[Job]) -> Counter[str]:
    """Counts of statements by kind. All statements must have been accepted."""
    verdicts = judged(jobs)
    refused = [
        f"{job.get('sql', job)}\n-> {verdict['refused']}"
        for job, verdict in zip(jobs, verdicts, strict=True)
        if verdict["refused"]
    ]
    assert not refused, f"{len(refused)} refused\n\n" + "\n\n".join(refused[:5])
    return Counter(kind for verdict in verdicts for kind in verdict["accepted"])
