"""Settings: the only place that reads the environment (`ESTORE_*`, or a `.env` file)."""

import os
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

#: A larger step is no faster: its hash tables leave the cache, then the memory.
ROWS_PER_GB = 1_500_000
#: BigQuery has no such bound; a batch that fails is cheap to repeat.
ROWS_IN_THE_CLOUD = 100_000_000
#: DuckDB and dbt cut the path of the database file at these.
_NOT_IN_HOME = ("?", "#", "\\")
_UNITS = {"": 1e-9, "B": 1e-9, "K": 1e-6, "M": 1e-3, "G": 1.0, "T": 1e3}


def _gigabytes(memory: str) -> float:
    """A size as the engine understands it, as in 4GB or 512MiB; 1 where it does not."""
    match = re.fullmatch(r"\s*([\d.]+)\s*([BKMGT]?)(I?B)?\s*", memory.upper())
    return float(match[1]) * _UNITS[match[2]] if match else 1.0


def _expanded(path: Path) -> Path:
    """A path in .env or in make's quotes has its ~ still, which no shell has replaced."""
    try:
        return path if os.path.lexists(path) else path.expanduser()
    except (RuntimeError, ValueError):
        return path


def _memory(text: str) -> str:
    """A size that the engine understands."""
    match = _SIZE.fullmatch(text.strip())
    is_size = match and 1e-3 <= float(match[1]) * _UNITS[match[2].upper()] <= 1e6
    if not is_size and not re.fullmatch(r"[1-9]\d?%|100%", text.strip()):
        raise ValueError("must be a size from 1MB to 1000TB, as in 4GB or 512MB")
    return text.strip()


_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT])(?:I?B)", re.IGNORECASE)
_Memory = Annotated[str, AfterValidator(_memory)]
_Place = Annotated[Path, AfterValidator(_expanded)]


class Settings(BaseSettings):
    """What a user may set; the defaults make the demo work. `.env.example` documents each."""

    model_config = SettingsConfigDict(
        env_prefix="ESTORE_", env_file=".env", env_ignore_empty=True, extra="ignore"
    )

    home: _Place = Field(Path(".estore"), description="the folder that holds everything written")
    target: Literal["duckdb", "bigquery"] = Field("duckdb", description="the engine")
    bigquery: str | None = Field(
        None, description="PROJECT.DATASET, with target bigquery: its datasets are DATASET_raw …"
    )
    location: str = Field("US", description="where these datasets are, as the bucket must be")
    max_bytes_billed: int = Field(
        0,
        ge=0,
        le=2**63 - 1,
        description="bytes that one query of BigQuery may read at most; 0: no bound",
    )
    shop: _Place | None = Field(None, description="the shop's shop.toml; default: HOME/shop.toml")
    memory_limit: _Memory = Field("4GB", description="memory that the engine may use, as in 4GB")
    threads: int = Field(0, ge=0, le=512, description="threads of the engine; 0: one for each core")
    max_reject_share: float = Field(
        0.1, ge=0, le=1, description="a file with a larger share of bad lines is refused whole"
    )
    chunk_rows: int = Field(
        0,
        ge=0,
        le=10**12,
        description="rows that a build batch takes at most, whole days; 0: as fit in memory",
    )
    keep_versions: int = Field(5, ge=1, le=10_000, description="published snapshots that are kept")
    query_seconds: int = Field(
        300, ge=0, le=10**9, description="seconds that `estore query` may take; 0: no bound"
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
        """Before anything is written there."""
        if self.home.exists() and not self.home.is_dir():
            raise ValueError(f"ESTORE_HOME (--home): {self.home} is a file, not a folder")
        path = str(self.home.absolute())
        odd = next((character for character in _NOT_IN_HOME if character in path), None)
        if odd and self.target == "duckdb":
            raise ValueError(
                f"ESTORE_HOME (--home): {path} has {odd} in it, which the database does not "
                "support in the path of its file; name a folder without it"
            )
        if not path.isprintable() and any("\ud800" <= character <= "\udfff" for character in path):
            shown = path.encode("utf-8", "backslashreplace").decode()
            raise ValueError(f"ESTORE_HOME (--home): {shown} is not UTF-8; name another folder")
        return self

    @property
    def batch_rows(self) -> int:
        """Rows that a build batch takes at most."""
        if self.target == "bigquery":
            return self.chunk_rows or ROWS_IN_THE_CLOUD
        return self.chunk_rows or max(int(ROWS_PER_GB * _gigabytes(self.memory_limit)), 100_000)

    @property
    def block_memory(self) -> str:
        """What of the memory the engine keeps for blocks once it has used it: to give it back to
        the system and ask for it again takes a twentieth of a build.
        """
        return f"{int(_gigabytes(self.memory_limit) * 1000 / 2)}MB"

    @property
    def warehouse(self) -> Path:
        """The DuckDB file; nothing but the pipeline opens it for writing."""
        return self.home / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        """The folder of published snapshots, with `CURRENT` naming the newest."""
        return self.home / "published"

    @property
    def temp(self) -> Path:
        """Scratch space: the engine spills here, damaged files are repaired here."""
        return self.home / "tmp"

    @property
    def logs(self) -> Path:
        """dbt's logs and compiled SQL."""
        return self.home / "logs"

    @property
    def shop_file(self) -> Path:
        """Where this shop's own columns and thresholds stand, if it has any."""
        return self.shop or self.home / "shop.toml"


def bigquery_emulator() -> str | None:
    """The address of an emulator of BigQuery, which asks for no credentials; as its client's."""
    return os.environ.get("BIGQUERY_EMULATOR_HOST")


def bucket_environment() -> tuple[tuple[str, str], ...]:
    """What Google's and Amazon's own variables say of where buckets are, and who asks."""
    prefixes = ("AWS_", "GOOGLE_", "CLOUDSDK_", "STORAGE_EMULATOR_HOST")
    found = ((name, value) for name, value in os.environ.items() if value)
    return tuple(sorted(item for item in found if item[0].startswith(prefixes)))
