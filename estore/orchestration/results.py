"""Results: what dbt said of each node of a build, as materializations and check results."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from estore.orchestration.project import Project

#: From best to worst; of several passes the worst result of a test counts.
STATES = ("pass", "warn", "fail", "error")
#: Where tables lie that only the models of one build step read.
STEP = "step"


class Results:
    """Collected while the pipeline builds: daily models pass several times, once a step of days."""

    def __init__(
        self, project: Project, checks: Mapping[str, dg.AssetCheckSpec],
        context: dg.AssetExecutionContext,
    ) -> None:  # fmt: skip
        self.project, self.checks, self.context = project, checks, context
        self.nodes: dict[str, dict[str, Any]] = {}

    def add(self, run: Any) -> None:
        """Take in dbt's result of one node."""
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
        """The tables made, of which counting the rows costs next to nothing."""
        return [node["table"] for node in self.nodes.values() if node["status"] == "success"]

    def told(self, rows: Mapping[str, int]) -> Iterator[Any]:
        """What the op yields: a result for each asset that was made and each test that ran.

        A build makes whatever waits: of what it was not asked for (all but one model, selected by
        hand; the history, which has an op of its own) an event is logged instead.
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
                "rows that break it": node["failures"], "seconds": round(node["seconds"], 3),
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
    """Schema, without a dataset's name before it, and name; unless it is a view, or gone again."""
    if node.resource_type == "test" or getattr(node.config, "materialized", None) == "view":
        return None
    if node.config.database == STEP:
        return None
    return f"{node.schema.rpartition('_')[2]}.{node.name}"
