"""Fingerprint: decides whether the built days must be rebuilt.

It covers models tagged `daily`, the models, seeds and sources they read, the macros and
materializations they use, and the thresholds in any of these. Comments and white space do not
count. docs/architecture.md, "What rebuilds the days", describes it for users.
"""

import hashlib
import json
import re
from typing import Any

#: White space and comments (Jinja or SQL), or quoted text.
_TOKENS = re.compile(
    r"(?P<gap>(?:\{#.*?#\}|--[^\n]*|/\*.*?\*/|\s)+)"
    r"""|'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.)*\"""",
    re.DOTALL,
)
_CALLS = re.compile(r"\b(\w+)\s*\(|['\"](\w+)['\"]")
_VARS = re.compile(r"\bvar\(\s*['\"](\w+)['\"]")
#: Model settings that do not change its rows.
_WITHOUT_EFFECT = ("docs", "access", "group", "persist_docs", "grants", "packages")


def daily_fingerprint(manifest: Any, thresholds: dict[str, Any]) -> str:
    """A digest of everything that the built days depend on."""
    models = daily_nodes(manifest)
    macros = daily_macros(manifest)
    code = {
        **{key: normalized(getattr(node, "raw_code", "") or "") for key, node in models.items()},
        **{key: normalized(macro.macro_sql) for key, macro in macros.items()},
    }
    settings = {key: _settings(node) for key, node in models.items()}
    used = {name for text in [*code.values(), str(settings)] for name in _VARS.findall(text)}
    values = {name: value for name, value in thresholds.items() if name in used}
    inputs = json.dumps([code, settings, values], sort_keys=True, default=str)
    return hashlib.sha256(inputs.encode()).hexdigest()


def daily_nodes(manifest: Any) -> dict[str, Any]:
    """The models tagged `daily`, and the models and seeds they read, by dbt id."""
    found: dict[str, Any] = {}
    to_visit = [
        key
        for key, node in manifest.nodes.items()
        if node.resource_type == "model" and "daily" in node.tags
    ]
    while to_visit:
        key = to_visit.pop()
        if key in found or key not in manifest.nodes:
            continue
        found[key] = manifest.nodes[key]
        to_visit += manifest.nodes[key].depends_on_nodes
    return found


def daily_macros(manifest: Any) -> dict[str, Any]:
    """The project's macros that these models use, by dbt id.

    dbt records only calls made while parsing. So a macro also counts if the code of a model, a hook
    or another counted macro calls its name.
    """
    ours = {key: macro for key, macro in manifest.macros.items() if macro.package_name == "estore"}
    by_name: dict[str, list[str]] = {}
    for key, macro in ours.items():
        by_name.setdefault(macro.name.split("__")[-1], []).append(key)
    found: dict[str, Any] = {}
    # dbt itself calls these for every model.
    to_visit = [key for key, macro in ours.items() if macro.name.startswith("generate_")]
    for node in daily_nodes(manifest).values():
        to_visit += _called(str(getattr(node, "raw_code", "") or ""), by_name)
        to_visit += _called(json.dumps(_settings(node), default=str), by_name)
        to_visit += [key for key in getattr(node.depends_on, "macros", ()) if key in ours]
        kind = f"materialization_{node.config.materialized}_"
        to_visit += [key for key, macro in ours.items() if macro.name.startswith(kind)]
    while to_visit:
        key = to_visit.pop()
        if key not in found:
            found[key] = ours[key]
            to_visit += _called(ours[key].macro_sql, by_name)
    return found


def normalized(code: str) -> str:
    """SQL or Jinja without comments, and with one space wherever there is white space."""
    return _TOKENS.sub(lambda found: " " if found["gap"] else found[0], code).strip()


def _called(code: str, by_name: dict[str, list[str]]) -> list[str]:
    names = {call or text for call, text in _CALLS.findall(normalized(code))}
    return [key for name in names for key in by_name.get(name, ())]


def _settings(node: Any) -> dict[str, Any]:
    settings = {
        name: value for name, value in node.config.to_dict().items() if name not in _WITHOUT_EFFECT
    }
    if node.resource_type == "seed":
        settings["checksum"] = str(node.checksum.checksum)
    return settings
