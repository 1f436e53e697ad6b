"""Parameters of a definition: each has a label, help, a default and, of numbers, a range.

They become the form in the window, the flags of the command line and their help. ``when`` names fields beside it and the value
that they must have for this one to matter; ``control`` draws it in another way (``share``, ``layers``, ``layer``).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .faults import DefinitionError

_CONTROLS = ("share", "corner", "layers", "layer")
_REGISTRIES = ("dataset", "trigger", "model")


@dataclass(frozen=True)
class Field:
    """A parameter as it was declared, without its name."""

    type: str
    words: Mapping[str, Any]

    def describe(self, key: str) -> dict[str, Any]:
        """Returns what the program is told of it. :raises DefinitionError: for a name that flags cannot have."""
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", key):
            raise DefinitionError(f"params: expected a name in snake case such as 'k' or 'num_steps', found {key!r}.", place=["params", key])
        label = self.words.get("label") or key.replace("_", " ").capitalize()
        return {"key": key, "type": self.type, **self.words, "label": label}

    def parse(self, value: Any, key: str) -> Any:
        """Returns the value as code gets it; None where it was left out. :raises TypeError: for one of another type."""
        if value is None:
            value = self.words.get("default")
        if value is None:
            if self.words.get("optional"):
                return None
            raise TypeError(f"{key}: expected a value, found none.")
        if not _fits(self.type, value):
            raise TypeError(f"{key}: expected {self.type}, found {value!r}.")
        if self.type == "number":
            return float(value)
        return int(value) if self.type == "integer" else value


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_integer(value: Any) -> bool:
    return _is_number(value) and value == int(value)


def _fits(type: str, value: Any) -> bool:
    if type == "number":
        return _is_number(value)
    if type == "integer":
        return _is_integer(value)
    if type == "flag":
        return isinstance(value, bool)
    if type == "integers":
        return isinstance(value, (list, tuple)) and all(_is_integer(item) for item in value)
    if type == "names":
        return isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)
    if type == "pick":
        return isinstance(value, (str, Mapping))
    return isinstance(value, str)


def _field(type: str, words: Mapping[str, Any]) -> Field:
    given = {key: value for key, value in words.items() if value is not None and value is not False}
    given.setdefault("help", "")
    if type == "flag":
        given["default"] = bool(words.get("default"))
    default = given.get("default")
    if default is not None and not _fits(type, default):
        raise DefinitionError(f"default: expected {type}, found {default!r}.", place=["default"])
    if words.get("control") not in (None, *_CONTROLS):
        raise DefinitionError(f"control: expected one of {', '.join(_CONTROLS)}, found {words['control']!r}.", place=["control"])
    low, high = given.get("min", -math.inf), given.get("max", math.inf)
    for end in ("min", "max"):
        if end in given and not _is_number(given[end]):
            raise DefinitionError(f"{end}: expected a number, found {given[end]!r}.", place=[end])
    if low > high:
        raise DefinitionError(f"min: expected at most max, {high}, found {low}.", place=["min"])
    if default is not None and type in ("number", "integer", "integers"):
        for item in default if isinstance(default, (list, tuple)) else [default]:
            if not low <= item <= high:
                raise DefinitionError(f"default: expected a number from {low} to {high}, found {item}.", place=["default"])
    return Field(type, given)


def _numeric(type: str, default: float | None, words: Mapping[str, Any]) -> Field:
    return _field(type, {**words, "default": default, "optional": default is None})


def number(
    *,
    default: float | None = None,
    min: float | None = None,
    max: float | None = None,
    label: str | None = None,
    help: str = "",
    unit: str | None = None,
    empty: str | None = None,
    advanced: bool = False,
    control: str | None = None,
    when: Mapping[str, str | bool] | None = None,
) -> Field:
    """A number; without a default it may be left out and is None then."""
    words = dict(min=min, max=max, label=label, help=help, unit=unit, empty=empty, advanced=advanced, control=control, when=when)
    return _numeric("number", default, words)


def integer(
    *,
    default: int | None = None,
    min: int | None = None,
    max: int | None = None,
    label: str | None = None,
    help: str = "",
    unit: str | None = None,
    empty: str | None = None,
    advanced: bool = False,
    when: Mapping[str, str | bool] | None = None,
) -> Field:
    """A whole number; without a default it may be left out and is None then."""
    words = dict(min=min, max=max, label=label, help=help, unit=unit, empty=empty, advanced=advanced, when=when)
    return _numeric("integer", default, words)


def flag(
    *,
    default: bool = False,
    label: str | None = None,
    help: str = "",
    advanced: bool = False,
    when: Mapping[str, str | bool] | None = None,
) -> Field:
    """Yes or no."""
    return _field("flag", dict(default=default, label=label, help=help, advanced=advanced, when=when))


def choice(
    options: Sequence[str],
    *,
    default: str | None = None,
    titles: Mapping[str, str] | None = None,
    label: str | None = None,
    help: str = "",
    advanced: bool = False,
    control: str | None = None,
    when: Mapping[str, str | bool] | None = None,
) -> Field:
    """One of a fixed set of words, the first by default; ``titles`` has those that people write otherwise."""
    if isinstance(options, str) or not options or not all(isinstance(option, str) and option for option in options):
        raise DefinitionError(f"options: expected a list of words, found {options!r}.", place=["options"])
    chosen = options[0] if default is None else default
    if chosen not in options:
        raise DefinitionError(f"default: expected one of {', '.join(options)}, found {chosen!r}.", place=["default"])
    words = dict(label=label, help=help, advanced=advanced, control=control, when=when, titles=titles)
    return _field("choice", {**words, "options": list(options), "default": chosen})


def text(
    *,
    default: str | None = None,
    label: str | None = None,
    help: str = "",
    empty: str | None = None,
    advanced: bool = False,
    when: Mapping[str, str | bool] | None = None,
) -> Field:
    """A piece of text; without a default it may be left out and is None then."""
    words = dict(default=default or None, label=label, help=help, empty=empty, advanced=advanced, when=when)
    return _field("text", {**words, "optional": not default})


def path(
    *,
    optional: bool = False,
    label: str | None = None,
    help: str = "",
    empty: str | None = None,
    advanced: bool = False,
    when: Mapping[str, str | bool] | None = None,
) -> Field:
    """A file or folder, absolute when code gets it."""
    return _field("path", dict(optional=optional, label=label, help=help, empty=empty, advanced=advanced, when=when))


def integers(
    *,
    default: Sequence[int] = (),
    min: int | None = None,
    max: int | None = None,
    label: str | None = None,
    help: str = "",
    empty: str | None = None,
    advanced: bool = False,
    when: Mapping[str, str | bool] | None = None,
) -> Field:
    """Whole numbers, written with commas between them."""
    words = dict(min=min, max=max, label=label, help=help, empty=empty, advanced=advanced, when=when)
    return _field("integers", {**words, "default": list(default)})


def names(
    *,
    label: str | None = None,
    help: str = "",
    empty: str | None = None,
    advanced: bool = False,
    control: str | None = None,
    when: Mapping[str, str | bool] | None = None,
) -> Field:
    """Names, written with commas between them; None where they are left out."""
    words = dict(label=label, help=help, empty=empty, advanced=advanced, control=control, when=when)
    return _field("names", {**words, "optional": True})


def pick(
    registry: str,
    *,
    default: str | None = None,
    optional: bool = False,
    label: str | None = None,
    help: str = "",
    empty: str | None = None,
    advanced: bool = False,
    when: Mapping[str, str | bool] | None = None,
) -> Field:
    """One of the program's datasets, triggers or models, as ``{"name": ..., its parameters}``."""
    if registry not in _REGISTRIES:
        raise DefinitionError(f"registry: expected one of {', '.join(_REGISTRIES)}, found {registry!r}.", place=["registry"])
    words = dict(default=default, optional=optional, label=label, help=help, empty=empty, advanced=advanced, when=when)
    return _field("pick", {**words, "registry": registry})
