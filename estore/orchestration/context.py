"""Context: the settings, the shop and this package's own thresholds."""

from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from estore.build.dbt_project import project_folder
from estore.build.thresholds import read_thresholds
from estore.errors import EstoreError
from estore.settings import Settings
from estore.shop import ShopConfig, read_shop


class Thresholds(BaseModel):
    """`[orchestration]` of shop.toml; docs/operations.md describes each entry."""

    model_config = ConfigDict(extra="forbid", strict=True)

    poll_seconds: int = Field(300, ge=1, le=604_800)
    tries: int = Field(3, ge=1, le=100)
    fresh_hours: int = Field(36, ge=1, le=10_000)
    alert_seconds: int = Field(300, ge=0, le=604_800)
    repeat_hours: int = Field(24, ge=1, le=10_000)
    retry_seconds: int = Field(30, ge=0, le=86_400)
    timeout_hours: int = Field(12, ge=1, le=1_000)
    daily_at: str = Field("0 4 * * *", min_length=9)
    weekly_at: str = Field("0 5 * * 1", min_length=9)


class ShopContext:
    """One home and its shop."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def config(self) -> ShopConfig:
        """The shop's own file."""
        return read_shop(self.settings.shop_file, must_exist=bool(self.settings.shop))

    @cached_property
    def thresholds(self) -> Thresholds:
        """The thresholds for checks, retries and alerts.

        Raises EstoreError with the file and the entry.
        """
        try:
            return Thresholds(**self.config.orchestration)
        except ValidationError as error:
            said = "; ".join(f"{fault['loc'][0]}: {fault['msg']}" for fault in error.errors())
            raise EstoreError(f"{self.settings.shop_file}: [orchestration] {said}") from error

    @cached_property
    def time_zone(self) -> str:
        """The time zone of the shop's days and of the schedules."""
        known: dict[str, Any] = read_thresholds(
            project_folder(), self.config, self.settings.shop_file
        )
        return str(known["shop_timezone"])


#: Runs in this pool never overlap: dagster.yaml gives it one slot.
POOL = "warehouse"
