"""Loads a plugin's entry file and finds what it defines."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from types import ModuleType
from typing import Any

from .definition import Definition, class_line
from .faults import Fault


def load_entry(folder: str, entry: str) -> ModuleType:
    """Runs the entry file and returns its module. Files beside it can be imported by their names."""
    path = os.path.join(folder, *entry.split("/"))
    for place in dict.fromkeys((os.path.dirname(path), folder)):
        if place not in sys.path:
            sys.path.insert(0, place)
    name = re.sub(r"\W", "_", os.path.splitext(os.path.basename(path))[0])
    # Worker processes import it by its own name, unless that is taken.
    if name in sys.modules or name in sys.stdlib_module_names:
        name = f"plugin_{name}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise Fault(f"{entry}: expected a file of Python, such as detector.py.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def definitions_in(module: ModuleType) -> dict[tuple[str, str], type[Definition]]:
    """Returns the definitions of a module by kind and id: its list ``definitions``, or all classes in it that have an ``id``.

    :raises Fault: if there are none, or two of a kind have the same id.
    """
    listed = getattr(module, "definitions", None)
    where = (module.__file__ or "", 1)
    if listed is None:
        classes = [value for value in vars(module).values() if _is_definition(value) and getattr(value, "id", None) is not None]
    elif isinstance(listed, (list, tuple)):
        for item in listed:
            if not _is_definition(item):
                raise Fault(f"definitions: expected classes such as Detector, found {item!r:.80}.", where=where)
        classes = list(listed)
    else:
        raise Fault(f"definitions: expected a list of classes, found {type(listed).__name__}.", where=where)
    if not classes:
        lacking = [value.__name__ for value in vars(module).values() if _is_definition(value) and value.__module__ == module.__name__]
        found = f"{lacking[0]}, which has no id" if lacking else "none"
        raise Fault(f"expected a class that derives from Detector or another definition, found {found}.", where=where)
    found_classes: dict[tuple[str, str], type[Definition]] = {}
    for cls in dict.fromkeys(classes):
        key = (cls.kind, cls.id)
        if key in found_classes:
            other = found_classes[key].__name__
            raise Fault(f"{cls.__name__}: the id {cls.id!r} is that of {other} as well.", where=class_line(cls), place=["id"])
        found_classes[key] = cls
    return found_classes


def _is_definition(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, Definition) and hasattr(value, "kind")
