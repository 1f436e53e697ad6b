"""What went wrong in a plugin, as the program is told of it: message, file, line, traceback."""

from __future__ import annotations

import inspect
import os
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import CodeType
from typing import Any

from ..needed import ExportError

_HERE = str(Path(__file__).resolve().parent.parent)


class DefinitionError(Exception):
    """Something that a plugin declares and that cannot be so."""

    def __init__(self, message: str, *, place: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.place = list(place)


class Fault(Exception):
    """A mistake of a plugin that raised nothing by itself, with the function or class that it is in."""

    def __init__(self, message: str, *, where: CodeType | tuple[str, int] | None = None, place: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.where = (where.co_filename, where.co_firstlineno) if isinstance(where, CodeType) else where
        self.place = list(place)


def code_of(method: Callable[..., Any]) -> CodeType | None:
    """Returns where a method is written; None of one that is not written in Python."""
    return getattr(inspect.unwrap(method), "__code__", None)


def cut(text: str, most: int) -> str:
    """Returns at most ``most`` UTF-16 units of a text, which is how the program counts characters."""
    return text.encode("utf-16-le", "surrogatepass")[: 2 * most].decode("utf-16-le", "ignore")


def described_fault(error: BaseException, folder: str) -> dict[str, Any]:
    """Returns an exception as the protocol has it; files are named within the plugin's folder."""
    fault: dict[str, Any] = {"message": cut(_message(error, folder), 4_000)}
    where = _where(error, folder)
    if where is not None:
        fault["file"], fault["line"] = cut(where[0], 500), where[1]
    if isinstance(error, (Fault, DefinitionError)):
        if error.place:
            fault["place"] = [cut(str(part), 100) for part in error.place[:20]]
    if not isinstance(error, Fault):
        fault["traceback"] = _traceback(error, folder)
    missing = _missing(error, folder)
    if missing is not None:
        fault["missing"] = cut(missing, 200)
    return fault


def _message(error: BaseException, folder: str) -> str:
    if isinstance(error, (Fault, DefinitionError, ExportError)):
        return str(error)
    missing = _missing(error, folder)
    if missing is not None:
        return f"It needs the package {missing!r}, which this Python lacks."
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg}"
    if isinstance(error, SystemExit):
        return f"It called sys.exit({error.code!r})."
    if isinstance(error, MemoryError):
        return f"It ran out of memory. {error}".strip()
    return "".join(traceback.format_exception_only(error)).strip()


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yields an exception and those that led to it."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)


def inside(file: str, folder: str) -> str | None:
    """Returns the path of a file within a folder, with ``/``; None if it lies elsewhere."""
    whole = os.path.realpath(file)
    start = os.path.realpath(folder) + os.sep
    return whole[len(start) :].replace(os.sep, "/") if whole.startswith(start) else None


def _where(error: BaseException, folder: str) -> tuple[str, int] | None:
    """Returns the line of the plugin's files that was being run last."""
    for current in _chain(error):
        if isinstance(current, Fault) and current.where is not None:
            within = inside(current.where[0], folder)
            if within is not None:
                return within, current.where[1]
        if isinstance(current, SyntaxError) and current.filename and current.lineno:
            within = inside(current.filename, folder)
            if within is not None:
                return within, current.lineno
        for frame in reversed(traceback.extract_tb(current.__traceback__)):
            within = inside(frame.filename, folder)
            if within is not None and frame.lineno is not None:
                return within, frame.lineno
    return None


def _missing(error: BaseException, folder: str) -> str | None:
    for current in _chain(error):
        if isinstance(current, ModuleNotFoundError) and current.name:
            top = current.name.partition(".")[0]
            # Of a package that is there a part is missing: another version than the plugin expects.
            if top == current.name and not os.path.exists(os.path.join(folder, top)):
                return top
    return None


def _traceback(error: BaseException, folder: str) -> str:
    """Returns the traceback without the frames of the runner, the most recent 20,000 characters of it."""
    whole = traceback.TracebackException.from_exception(error)
    pending: list[traceback.TracebackException | None] = [whole]
    while pending:
        part = pending.pop()
        if part is not None:
            shown = [frame for frame in part.stack if not frame.filename.startswith((_HERE, "<frozen importlib"))]
            part.stack = traceback.StackSummary.from_list(shown)
            pending += [part.__cause__, part.__context__]
    text = "".join(whole.format())
    for start in {folder, os.path.realpath(folder)}:
        text = text.replace(start + os.sep, "")
    return cut(text[-19_000:], 20_000) if len(text) > 19_000 else cut(text, 20_000)
