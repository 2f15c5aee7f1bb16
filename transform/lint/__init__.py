"""What sqlfluff knows of dbt while it reads a model: names that expand to SQL of the right shape.

With these it needs no dbt, no engine and no warehouse, and lints the project in seconds.
"""

from pathlib import Path
from typing import Any, ClassVar

import yaml

_project = yaml.safe_load((Path(__file__).parents[1] / "dbt_project.yml").read_text())


def config(**_: Any) -> str:
    """Configuration leaves no SQL."""
    return ""


def var(name: str, default: Any = None) -> Any:
    """A threshold's default in dbt_project.yml."""
    return _project["vars"].get(name, default)


def is_incremental() -> bool:
    """The longer of the two statements."""
    return True


class model:
    """The model that is read: its contract is not known here."""

    columns: ClassVar = {"session_count": None}


class _Calls:
    """Every attribute is a macro, whose call stays a call in the SQL."""

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: f"{name}({', '.join(str(argument) for argument in arguments)})"

    def dispatch(self, name: str, _: str) -> Any:
        """One engine's form of a macro; the shape is the same for all."""
        return getattr(self, name)


dbt = adapter = _Calls()
