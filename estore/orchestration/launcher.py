"""Launcher: Dagster's own, which can also tell whether a run's process is still there.

Without that, a run that died with the whole machine would count as running, and keep the only
place of the warehouse's pool, for ever.
"""

from typing import Any

from dagster import DagsterRun
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.launcher import DefaultRunLauncher
from dagster._core.launcher.base import CheckRunHealthResult, WorkerStatus
from dagster._grpc.types import CanCancelExecutionRequest, CanCancelExecutionResult
from dagster._serdes import deserialize_value


class WatchedRunLauncher(DefaultRunLauncher):
    """Asks the code server that started a run, of which the run is a child."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Running only if its server is there and still has it.

        A run that outlives its server is taken for dead: should it still write, the run lock makes
        the next one wait.
        """
        untyped: Any = self
        client = untyped._get_grpc_client_for_termination(run.run_id)
        if client is None:
            return CheckRunHealthResult(WorkerStatus.NOT_FOUND, "it was never given to a server")
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
    """Somebody listens, and does not answer in time."""
    code = getattr(error.__cause__, "code", None)
    return code is not None and code().name == "DEADLINE_EXCEEDED"
