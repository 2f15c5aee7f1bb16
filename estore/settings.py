"""Settings: the only module that reads the environment (`ESTORE_*` or a `.env` file)."""

import os
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

#: A larger batch is not faster: its hash tables exceed the cache, then the memory.
ROWS_PER_GB = 1_500_000
#: BigQuery has no such limit, and repeating a failed batch is cheap.
ROWS_IN_THE_CLOUD = 100_000_000
#: DuckDB and dbt split the database file's path at these characters.
_NOT_IN_HOME = ("?", "#", "\\")
_UNITS = {"": 1e-9, "B": 1e-9, "K": 1e-6, "M": 1e-3, "G": 1.0, "T": 1e3}


def _gigabytes(memory: str) -> float:
    """A size in GB, from the engine's notation such as 4GB or 512MiB; 1 if it is invalid."""
    match = re.fullmatch(r"\s*([\d.]+)\s*([BKMGT]?)(I?B)?\s*", memory.upper())
    return float(match[1]) * _UNITS[match[2]] if match else 1.0


def _expanded(path: Path) -> Path:
    """Expand ~ in paths from .env or quoted make arguments, which no shell has expanded."""
    try:
        return path if os.path.lexists(path) else path.expanduser()
    except (RuntimeError, ValueError):
        return path


def _memory(text: str) -> str:
    """Checks that the engine accepts the size."""
    match = _SIZE.fullmatch(text.strip())
    is_size = match and 1e-3 <= float(match[1]) * _UNITS[match[2].upper()] <= 1e6
    if not is_size and not re.fullmatch(r"[1-9]\d?%|100%", text.strip()):
        raise ValueError("must be a size from 1MB to 1000TB, as in 4GB or 512MB")
    return text.strip()


_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT])(?:I?B)", re.IGNORECASE)
_Memory = Annotated[str, AfterValidator(_memory)]
_Place = Annotated[Path, AfterValidator(_expanded)]


class Settings(BaseSettings):
    """All user settings; the defaults run the demo. `.env.example` documents each one."""

    model_config = SettingsConfigDict(
        env_prefix="ESTORE_", env_file=".env", env_ignore_empty=True, extra="ignore"
    )

    home: _Place = Field(Path(".estore"), description="the folder for all output")
    target: Literal["duckdb", "bigquery"] = Field("duckdb", description="the engine")
    bigquery: str | None = Field(
        None, description="PROJECT.DATASET, with target bigquery: its datasets are DATASET_raw …"
    )
    location: str = Field("US", description="the location of these datasets and of the bucket")
    max_bytes_billed: int = Field(
        0,
        ge=0,
        le=2**63 - 1,
        description="maximum bytes that one BigQuery query may read; 0: no limit",
    )
    shop: _Place | None = Field(None, description="the shop's shop.toml; default: HOME/shop.toml")
    memory_limit: _Memory = Field("4GB", description="memory that the engine may use, e.g. 4GB")
    threads: int = Field(0, ge=0, le=512, description="the engine's threads; 0: one per core")
    max_reject_share: float = Field(
        0.1, ge=0, le=1, description="a file with a larger share of rejected rows is refused"
    )
    chunk_rows: int = Field(
        0,
        ge=0,
        le=10**12,
        description="maximum rows of a build batch of complete days; 0: as many as fit in memory",
    )
    keep_versions: int = Field(
        5, ge=1, le=10_000, description="number of published snapshots to keep"
    )
    query_seconds: int = Field(
        300, ge=0, le=10**9, description="seconds that `estore query` may take; 0: no limit"
    )
    dashboard_auth: SecretStr | None = Field(
        None, description="who may open the dashboard: bearer:TOKEN or basic:USER:PASSWORD"
    )
    landing: str | None = Field(None, description="the folder or bucket that Dagster watches")
    alert_url: SecretStr | None = Field(
        None, description="where alerts go: a Slack hook, slack://TOKEN@CHANNEL or any webhook"
    )

    @model_validator(mode="after")
    def _check_home(self) -> "Settings":
        """Check the home before anything is written to it."""
        if self.home.exists() and not self.home.is_dir():
            raise ValueError(f"ESTORE_HOME (--home): {self.home} is a file, not a folder")
        path = str(self.home.absolute())
        odd = next((character for character in _NOT_IN_HOME if character in path), None)
        if odd and self.target == "duckdb":
            raise ValueError(
                f"ESTORE_HOME (--home): {path} contains {odd}, which the database does not "
                "support in its path; choose a folder without it"
            )
        if not path.isprintable() and any("\ud800" <= character <= "\udfff" for character in path):
            shown = path.encode("utf-8", "backslashreplace").decode()
            raise ValueError(f"ESTORE_HOME (--home): {shown} is not UTF-8; choose another folder")
        return self

    @property
    def batch_rows(self) -> int:
        """The maximum number of rows of a build batch."""
        if self.target == "bigquery":
            return self.chunk_rows or ROWS_IN_THE_CLOUD
        return self.chunk_rows or max(int(ROWS_PER_GB * _gigabytes(self.memory_limit)), 100_000)

    @property
    def block_memory(self) -> str:
        """The memory that the engine keeps after use: returning it to the system and requesting
        it again takes a twentieth of a build.
        """
        return f"{int(_gigabytes(self.memory_limit) * 1000 / 2)}MB"

    @property
    def warehouse(self) -> Path:
        """The DuckDB file; only the pipeline opens it for writing."""
        return self.home / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        """The folder of published snapshots; `CURRENT` names the newest."""
        return self.home / "published"

    @property
    def temp(self) -> Path:
        """Scratch space, where the engine spills and damaged files are repaired."""
        return self.home / "tmp"

    @property
    def logs(self) -> Path:
        """dbt's logs and compiled SQL."""
        return self.home / "logs"

    @property
    def shop_file(self) -> Path:
        """The file with this shop's columns and thresholds, if any."""
        return self.shop or self.home / "shop.toml"


def bigquery_emulator() -> str | None:
    """The address of a BigQuery emulator, which needs no credentials."""
    return os.environ.get("BIGQUERY_EMULATOR_HOST")


def bucket_environment() -> tuple[tuple[str, str], ...]:
    """Google's and Amazon's variables for bucket locations and credentials."""
    prefixes = ("AWS_", "GOOGLE_", "CLOUDSDK_", "STORAGE_EMULATOR_HOST")
    found = ((name, value) for name, value in os.environ.items() if value)
    return tuple(sorted(item for item in found if item[0].startswith(prefixes)))
