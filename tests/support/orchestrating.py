"""A shop with a real landing sensor, on a Dagster instance that ends with the test."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
from conftest import Workshop
from dagster._core.remote_origin import (
    GrpcServerCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)

from estore.orchestration.alerts import Outbox
from estore.orchestration.context import ShopContext
from estore.orchestration.jobs import LOAD
from estore.orchestration.loading import loading_assets
from estore.orchestration.watching import landing_sensor, transform_sensor
from estore.settings import Settings

EAGER = {"tries": 2, "retry_seconds": 0, "poll_seconds": 1}


@dataclass
class Watched:
    """The loading half of the code location: without dbt, a tick takes milliseconds."""

    workshop: Workshop
    instance: dg.DagsterInstance
    thresholds: dict[str, Any] = field(default_factory=lambda: EAGER)
    cursor: str | None = None

    def __post_init__(self) -> None:
        settings = self.workshop.settings.model_copy(update={"landing": str(self.workshop.landing)})
        self.use(settings)

    def use(self, settings: Settings) -> None:
        """Build the sensors and the job for these settings."""
        self.shop = ShopContext(settings)
        self.shop.config = self.workshop.shop
        self.shop.config.orchestration.update(self.thresholds)
        self.outbox = Outbox(settings.home, pause=0, repeat=3600)
        self.sensor = landing_sensor(self.shop, self.outbox)
        *_, load = loading_assets(self.shop)
        self.follower = transform_sensor(self.shop)
        definitions = dg.Definitions(
            assets=[load], jobs=[dg.define_asset_job(LOAD, dg.AssetSelection.assets(load))]
        )
        self.job = definitions.resolve_job_def(LOAD)

    def tick(self) -> list[dg.RunRequest]:
        """The runs that the landing sensor requests now; `said` is its reason for none."""
        with dg.build_sensor_context(self.instance, cursor=self.cursor) as context:
            answer: Any = self.sensor(context)
        if isinstance(answer, dg.SkipReason):
            self.said = answer.skip_message or ""
            return []
        self.cursor, self.observed = answer.cursor, answer.asset_events
        self.said = answer.skip_reason.skip_message if answer.skip_reason else ""
        return list(answer.run_requests)

    def follow(self) -> dg.RunRequest | str:
        """The run that the sensor of the transforms requests, or its reason for none."""
        with dg.build_sensor_context(self.instance) as context:
            answer: Any = self.follower(context)
        return (answer.skip_message or "") if isinstance(answer, dg.SkipReason) else answer

    def run(self, request: dg.RunRequest, **tags: str) -> Any:
        """Execute a requested run. Returns its result, even if it failed."""
        return self.job.execute_in_process(
            run_config=request.run_config, tags={**request.tags, **tags}, instance=self.instance,
            raise_on_error=False,
        )  # fmt: skip

    def queue(self, request: dg.RunRequest, status: dg.DagsterRunStatus) -> dg.DagsterRun:
        """A run that exists and has not ended."""
        return queued(self.instance, self.job, status, request)


def queued(
    instance: dg.DagsterInstance, job: dg.JobDefinition, status: dg.DagsterRunStatus,
    request: dg.RunRequest | None = None,
) -> dg.DagsterRun:  # fmt: skip
    """A queued run, which names its code location."""
    server = GrpcServerCodeLocationOrigin(host="localhost", port=1, location_name="estore")
    return instance.create_run_for_job(
        job, status=status, run_config=request.run_config if request else None,
        tags=request.tags if request else None,
        remote_job_origin=RemoteJobOrigin(RemoteRepositoryOrigin(server, "estore"), job.name),
    )  # fmt: skip


def names(request: dg.RunRequest) -> list[str]:
    """The short names of the files in a run request."""
    contents = request.run_config["ops"]["load"]["config"]["contents"]
    return [uri.rsplit("/", 1)[-1] for uri in contents]


def watched(workshop: Workshop) -> Iterator[Watched]:
    """A watched landing folder."""
    with dg.DagsterInstance.ephemeral() as instance:
        yield Watched(workshop, instance)
