"""The packages of the Python code: imports point from higher packages to lower ones, never back."""

import ast
from collections import defaultdict
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "estore"
#: From the bottom up. A package imports from lower levels and from itself.
FLOORS = (
    ("errors", "interruption", "escaping", "clock", "clock_changes", "currency", "home"),
    ("error_report", "arguments", "sources"),
    ("settings", "console", "tables", "shop", "runlock"),
    ("synth", "buckets", "warehouse"),
    ("landing",),
    ("load", "predict"),
    ("build",),
    ("snapshot",),
    ("findings",),
    ("audiences", "forget"),
    ("export",),
    ("reading", "pipeline", "dashboard", "status", "inspection"),
    ("queries",),
    ("assistant",),
    ("cli", "orchestration"),
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}


def imports() -> list[tuple[Path, str]]:
    """(file, imported module of ours): also those inside functions."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found += [(path, alias.name) for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module == "estore":
                found += [(path, f"estore.{alias.name}") for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    deeper = PACKAGE.parent / f"{node.module}.{alias.name}".replace(".", "/")
                    is_module = deeper.with_suffix(".py").is_file()
                    found.append(
                        (path, f"{node.module}.{alias.name}" if is_module else node.module)
                    )
    return [(path, module) for path, module in found if module.split(".")[0] == "estore"]


def room(module: str) -> str:
    return module.split(".")[1]


def module_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_every_package_has_a_level() -> None:
    rooms = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or is_package(path)}
    assert rooms - {"__init__"} <= set(FLOOR)


def is_package(path: Path) -> bool:
    return (path / "__init__.py").is_file()


def test_imports_point_from_higher_packages_to_lower_ones() -> None:
    wrong = [
        f"{path.relative_to(PACKAGE.parent)} imports {module}"
        for path, module in imports()
        if (own := room(module_of(path))) != room(module) and FLOOR[own] <= FLOOR[room(module)]
    ]
    assert not wrong


def test_no_two_modules_import_each_other_in_a_circle() -> None:
    below = defaultdict(set)
    for path, module in imports():
        # A package imports its own modules; imports in the other direction are checked separately.
        if path.name != "__init__.py":
            below[module_of(path)].add(module)
    done: set[str] = set()

    def walk(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, " → ".join((*way[way.index(module) :], module))
        if module not in done:
            for other in sorted(below[module]):
                walk(other, (*way, module))
            done.add(module)

    for module in sorted(below):
        walk(module, ())
