"""Rows of data, read strictly: TOML tables become frozen values, and whatever is not understood is refused."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

Row = TypeVar("Row")


class ConfigurationError(Exception):
    """A file, option or variable of ours is wrong; the message names it and what to do."""


def tables(path: Path, name: str) -> list[dict[str, Any]]:
    """Return the tables ``[[name]]`` of a TOML file that holds nothing else; raises ConfigurationError."""
    document = document_of(path)
    extra = sorted(set(document) - {name})
    if extra:
        raise ConfigurationError(f"{path.name}: unknown key {extra[0]!r}; this file holds [[{name}]] tables only")
    return tables_of(document, name, path.name)


def tables_of(document: Mapping[str, Any], name: str, where: str) -> list[dict[str, Any]]:
    """Return the tables ``[[name]]`` of a document, none where there are none; raises ConfigurationError."""
    found = document.get(name, [])
    if not isinstance(found, list) or not all(isinstance(table, dict) for table in found):
        raise ConfigurationError(f"{where}: {name} must be tables, each headed [[{name}]]")
    return found


def document_of(path: Path) -> dict[str, Any]:
    """Return a TOML file's content; raises ConfigurationError with the file's name and the place."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path}: {error}") from None


def read(kind: type[Row], table: Mapping[str, Any], where: str) -> Row:
    """Return the frozen value that a table describes.

    Every key must be a field of ``kind``, every field without a default must be given, and every value must have the
    field's type; arrays become tuples or frozen sets, texts become enumeration members. Raises ConfigurationError.
    """
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    for key in table:
        if key not in known:
            raise ConfigurationError(f"{where}: unknown key {key!r}; known are {', '.join(known)}")
    for name, field in known.items():
        if name not in table and field.default is MISSING and field.default_factory is MISSING:
            raise ConfigurationError(f"{where}: the key {name!r} is missing")
    hints = get_type_hints(kind)
    return kind(**{name: _value(hints[name], value, f"{where}: {name}") for name, value in table.items()})


def unique(rows: Iterable[Row], key: str, where: str) -> dict[str, Row]:
    """Return the rows by their ``key``; raises ConfigurationError where two rows share one."""
    found: dict[str, Row] = {}
    for row in rows:
        name = getattr(row, key)
        if name in found:
            raise ConfigurationError(f"{where}: {name!r} stands twice")
        found[name] = row
    return found


def _value(hint: Any, value: Any, where: str) -> Any:  # noqa: ANN401 - any TOML value
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return _value(next(arm for arm in get_args(hint) if arm is not type(None)), value, where)
    if origin in (tuple, frozenset):
        if not isinstance(value, list):
            raise ConfigurationError(f"{where} must be an array, not {value!r}")
        return origin(_value(get_args(hint)[0], item, where) for item in value)
    if isinstance(value, dict) and origin is dict:
        return value
    if isinstance(value, dict) and isinstance(hint, type) and is_dataclass(hint):
        return read(hint, value, where)
    if hint is float and type(value) is int:
        return float(value)
    if type(value) is hint:
        return value
    if isinstance(value, str) and isinstance(hint, type) and issubclass(hint, str):
        try:
            return hint(value)
        except ValueError:
            allowed = ", ".join(getattr(hint, "__members__", {}).values())
            raise ConfigurationError(f"{where} must be one of {allowed}, not {value!r}") from None
    expected = "a date such as 2026-04-20" if hint is date else getattr(hint, "__name__", str(hint))
    raise ConfigurationError(f"{where} must be {expected}, not {value!r}")
