"""Results: dbt's results of a build, as materializations and check results."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from estore.orchestration.project import Project

#: From best to worst; the worst result of a test's runs counts.
STATES = ("pass", "warn", "fail", "error")
#: The schema of tables that only one batch reads.
BATCH = "batch"


class Results:
    """Collects results while the pipeline builds; daily models run once per batch."""

    def __init__(
        self, project: Project, checks: Mapping[str, dg.AssetCheckSpec],
        context: dg.AssetExecutionContext,
    ) -> None:  # fmt: skip
        self.project, self.checks, self.context = project, checks, context
        self.nodes: dict[str, dict[str, Any]] = {}

    def add(self, run: Any) -> None:
        """Add dbt's result of one node."""
        unique_id, status = str(run.node.unique_id), str(run.status)
        if status not in (*STATES, "success"):
            return
        before = self.nodes.get(unique_id, {"seconds": 0.0, "passes": 0, "failures": 0})
        worst = max(before.get("status", status), status, key=_badness)
        self.nodes[unique_id] = {
            "status": worst,
            "seconds": before["seconds"] + run.execution_time,
            "passes": before["passes"] + 1,
            "failures": max(before["failures"], run.failures or 0),
            "message": str(run.message or ""),
            "table": _table(run.node),
        }

    def tables(self) -> list[str | None]:
        """The tables made whose rows are cheap to count."""
        return [node["table"] for node in self.nodes.values() if node["status"] == "success"]

    def events(self, rows: Mapping[str, int]) -> Iterator[Any]:
        """The op's output: a result for each asset made and each test run.

        A build makes everything that is pending. For assets that the op was not asked for, such as
        unselected models or the history, it logs an event instead.
        """
        owned, asked = self.context.selected_asset_keys, self.context.selected_asset_check_keys
        for unique_id, node in self.nodes.items():
            if unique_id in self.checks:
                result = self._check(self.checks[unique_id], node)
                if self.checks[unique_id].key in asked:
                    yield result
                else:
                    self.context.log_event(_evaluation(result))
            elif node["status"] == "success":
                key, metadata = self.project.key(unique_id), _metadata(node, rows)
                if key in owned:
                    yield dg.MaterializeResult(key, metadata=metadata)
                else:
                    self.context.log_event(dg.AssetMaterialization(key, metadata=metadata))

    def _check(self, spec: dg.AssetCheckSpec, node: Mapping[str, Any]) -> dg.AssetCheckResult:
        is_warning = node["status"] == "warn"
        return dg.AssetCheckResult(
            asset_key=spec.asset_key, check_name=spec.name, passed=node["status"] == "pass",
            severity=dg.AssetCheckSeverity.WARN if is_warning else dg.AssetCheckSeverity.ERROR,
            metadata={
                "failing rows": node["failures"], "seconds": round(node["seconds"], 3),
            },
            description=node["message"] or None,
        )  # fmt: skip


def _evaluation(result: dg.AssetCheckResult) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        asset_key=result.asset_key or dg.AssetKey([]), check_name=result.check_name or "",
        passed=result.passed, severity=result.severity, metadata=result.metadata,
        description=result.description,
    )  # fmt: skip


def _badness(status: str) -> int:
    return STATES.index(status) if status in STATES else 0


def _metadata(node: Mapping[str, Any], rows: Mapping[str, int]) -> dict[str, Any]:
    counted = {"dagster/row_count": rows[node["table"]]} if node["table"] in rows else {}
    return {"seconds": round(node["seconds"], 3), "passes": node["passes"], **counted}


def _table(node: Any) -> str | None:
    """Schema and name without the dataset's prefix; None for a view or a temporary table."""
    if node.resource_type == "test" or getattr(node.config, "materialized", None) == "view":
        return None
    if node.config.database == BATCH:
        return None
    return f"{node.schema.rpartition('_')[2]}.{node.name}"
