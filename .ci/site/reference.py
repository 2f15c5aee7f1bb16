"""Pages generated from the code: commands from click, settings from pydantic, tables from dbt."""

from html import escape
from typing import Annotated, Any, Literal, get_args, get_origin

import click
import yaml
from pydantic.fields import FieldInfo

from estore.build.dbt_project import project_folder
from estore.cli import main
from estore.settings import Settings

COMMANDS = """# Commands

`estore --home DIR COMMAND …`. estore writes all its files to DIR. `ESTORE_HOME` also sets it.

"""
TABLES = """# Tables and lineage

dbt describes every table: its columns, tests, SQL and sources. Everything is in
the [catalog](tables.html); its button at the lower right draws the lineage. For definitions of
numbers, see [every number](../docs/metrics.md).

"""
CATALOG = "tables.html#!"
SETTINGS = """# Settings

Set these in the environment, or in a file `.env` in the folder where you run `estore`. A shop's
columns and thresholds are in its own `shop.toml`: [loading](../docs/loading.md),
[thresholds](../docs/metrics.md).

| variable | value | default | description |
|---|---|---|---|
"""


def commands_page() -> str:
    """One section per command: description, usage, options."""
    return COMMANDS + "\n".join(_command(name) for name in sorted(main.commands))


def _command(name: str) -> str:
    """The section of a command, and of the commands of a group."""
    command = main.commands[name]
    inner = sorted(command.commands.items()) if isinstance(command, click.Group) else []
    return "\n".join(
        [_section(name, command), *(_section(f"{name} {own}", each) for own, each in inner)]
    )


def _section(name: str, command: click.Command) -> str:
    context = click.Context(command, parent=click.Context(main, info_name="estore"), info_name=name)
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    lines = [f"## {name}", "", command.help or "", "", f"    {usage}", ""]
    options = [
        record
        for parameter in command.get_params(context)
        if isinstance(parameter, click.Option) and "--help" not in parameter.opts
        and (record := parameter.get_help_record(context))
    ]  # fmt: skip
    if options:
        lines += ["| option | what it does |", "|---|---|"]
        lines += [f"| <code>{_cell(option)}</code> | {_cell(said)} |" for option, said in options]
        lines.append("")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return escape(text.strip(), quote=False).replace("|", "&#124;")


def settings_page() -> str:
    """One row per setting."""
    rows = [
        f"| `ESTORE_{name.upper()}` | {_kind(field)} | {_default(field)} | {_sentence(field)} |"
        for name, field in Settings.model_fields.items()
    ]
    return SETTINGS + "\n".join(rows) + "\n"


def tables_page() -> str:
    """The published tables, one row each, with links to columns and lineage."""
    sections = []
    for folder in ("marts", "metrics", "dashboard"):
        rows = [
            f"| `{model['name']}` | {_cell(' '.join(model['description'].split()))} | "
            f'<a href="{CATALOG}/model/model.estore.{model["name"]}">columns</a>, '
            f'<a href="{CATALOG}/overview?g_v=1&amp;g_i=%2B{model["name"]}">lineage</a> |'
            for path in sorted((project_folder() / "models" / folder).rglob("*.yml"))
            for model in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
        ]
        head = [f"## {folder.capitalize()}", "", "| table | description | |", "|---|---|---|"]
        sections.append("\n".join([*head, *rows]))
    return TABLES + "\n\n".join(sections) + "\n"


def _kind(field: FieldInfo) -> str:
    """The setting's type in plain words, with its bounds."""
    kinds = get_args(field.annotation) or (field.annotation,)
    if get_origin(field.annotation) is Literal:
        return " or ".join(f"`{kind}`" for kind in kinds)
    names = {"Path": "path", "str": "text", "int": "whole number", "float": "number",
             "bool": "true or false", "SecretStr": "text, secret"}  # fmt: skip
    plain = [get_args(kind)[0] if get_origin(kind) is Annotated else kind for kind in kinds]
    said = " or ".join(names[kind.__name__] for kind in plain if kind is not type(None))
    bounds = {
        name: getattr(bound, name)
        for bound in field.metadata
        for name in ("ge", "gt", "le", "lt")
        if hasattr(bound, name)
    }
    if "ge" in bounds and "le" in bounds:
        return f"{said}, {bounds['ge']} to {bounds['le']}"
    if "ge" in bounds:
        return f"{said}, {bounds['ge']} or more"
    return said


def _default(field: FieldInfo) -> str:
    value: Any = field.default
    return "none" if value is None else f"`{value}`"


def _sentence(field: FieldInfo) -> str:
    said = _cell(field.description or "")
    return said[:1].upper() + said[1:] + "."
