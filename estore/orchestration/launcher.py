"""Launcher: Dagster's launcher, which also checks whether a run's process still exists.

Without this check, a run that died with its machine would count as running forever and block the
only slot of the warehouse's pool.
"""

from typing import Any

from dagster import DagsterRun
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.launcher import DefaultRunLauncher
from dagster._core.launcher.base import CheckRunHealthResult, WorkerStatus
from dagster._grpc.types import CanCancelExecutionRequest, CanCancelExecutionResult
from dagster._serdes import deserialize_value


class WatchedRunLauncher(DefaultRunLauncher):
    """Asks the code server that started the run, because the run is its child process."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Running only if its server exists and still has the run.

        A run that outlives its server counts as dead. If it still writes, the run lock makes the
        next run wait.
        """
        untyped: Any = self
        client = untyped._get_grpc_client_for_termination(run.run_id)
        if client is None:
            return CheckRunHealthResult(
                WorkerStatus.NOT_FOUND, "it was never sent to a code server"
            )
        try:
            answer = deserialize_value(
                client.can_cancel_execution(CanCancelExecutionRequest(run_id=run.run_id)),
                CanCancelExecutionResult,
            )
        except DagsterUserCodeUnreachableError as error:
            if _is_slow(error):
                return CheckRunHealthResult(WorkerStatus.RUNNING, "its code server is busy")
            return CheckRunHealthResult(WorkerStatus.NOT_FOUND, "its code server is gone")
        if answer.can_cancel:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.NOT_FOUND, "its process is gone")


def _is_slow(error: DagsterUserCodeUnreachableError) -> bool:
    """Whether the server is up but does not answer in time."""
    code = getattr(error.__cause__, "code", None)
    return code is not None and code().name == "DEADLINE_EXCEEDED"
