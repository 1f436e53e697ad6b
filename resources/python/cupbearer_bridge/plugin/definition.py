"""What all definitions have in common, whatever they define."""

from __future__ import annotations

import hashlib
import inspect
import math
import re
import sys
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, ClassVar, Protocol

import numpy as np

from .faults import DefinitionError, Fault
from .fields import Field


class Cancelled(BaseException):
    """Raised in the middle of a computation that nobody wants any more; not for plugins to catch."""


class Link(Protocol):
    """The program at the other end."""

    def check(self) -> None: ...

    def progress(self, done: float, total: float, phase: str) -> None: ...

    def log(self, text: str) -> None: ...


class Nobody:
    """Stands for the program where there is none: in tests and notebooks."""

    def check(self) -> None:
        pass

    def progress(self, done: float, total: float, phase: str) -> None:
        pass

    def log(self, text: str) -> None:
        print(text)


class Definition:
    """Base of everything that a plugin can add. Attributes of the class say what it is; instances do the work."""

    kind: ClassVar[str]
    #: Lower-case words with - or _ between them: used in flags and files.
    id: ClassVar[str]
    #: By default the id in words.
    title: ClassVar[str | None] = None
    #: One line; by default the first of the docstring.
    summary: ClassVar[str | None] = None
    #: A paper or a page.
    source: ClassVar[str | None] = None
    details: ClassVar[str | None] = None
    #: In the class a :class:`Field` by name; in an instance their values as attributes: ``self.params.k``.
    params: Any = {}

    #: Random numbers that follow from the run's seed, and the seed itself, below 2³².
    rng: np.random.Generator
    seed: int
    _link: Link

    def progress(self, done: float, total: float, phase: str = "Fitting") -> None:
        """Reports how far a long computation is, and raises :class:`Cancelled` if nobody wants it any more."""
        done, total = float(done), float(total)
        if not math.isfinite(done) or not math.isfinite(total):
            raise ValueError(f"progress: expected finite numbers, found {done} of {total}.")
        self._link.progress(done, total, str(phase)[:50])

    def log(self, *what: Any) -> None:
        """Writes a line into the run's log."""
        self._link.log(" ".join(map(str, what))[:5_000])

    @classmethod
    def describe(cls) -> dict[str, Any]:
        """Returns what the program is told of the definition. :raises Fault: if something is missing or wrong."""
        where = class_line(cls)
        given = getattr(cls, "id", None)
        if not isinstance(given, str) or not re.fullmatch(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*", given) or len(given) > 64:
            found = "none" if given is None else repr(given)
            raise Fault(f"{cls.__name__}: expected an id of lower-case words such as 'my-idea', found {found}.", where=where, place=["id"])
        summary = cls.summary or _first_line(cls)
        if not isinstance(summary, str) or not summary:
            raise Fault(f"{given}: expected a summary or a docstring, found neither.", where=where, place=["summary"])
        described: dict[str, Any] = {
            "kind": cls.kind,
            "id": given,
            "title": cls.title or re.sub("[-_]", " ", given).capitalize(),
            "summary": summary,
            "fields": _described_fields(cls),
        }
        for name, most in (("title", 100), ("summary", 300), ("source", 500), ("details", 5_000)):
            value = described.get(name, getattr(cls, name))
            if value is None:
                continue
            if not isinstance(value, str) or len(value) > most:
                raise Fault(f"{given}: expected a {name} of at most {most} characters, found {value!r:.80}.", where=where, place=[name])
            described[name] = value
        return described

    @classmethod
    def made(cls, params: Mapping[str, Any], seed: int = 0, link: Link | None = None) -> Any:
        """Returns an instance at work, whose ``__init__`` may already use its parameters; those left out have their defaults."""
        instance = cls.__new__(cls)
        values = {key: field.parse(params.get(key), key) for key, field in cls.params.items()}
        instance.params = SimpleNamespace(**values)
        instance.seed = seed % 2**32
        instance.rng = np.random.default_rng(seed)
        instance._link = Nobody() if link is None else link
        seed_libraries(instance.seed)
        instance._prepare()
        instance.__init__()  # type: ignore[misc]
        return instance

    def _prepare(self) -> None:
        """Sets what a kind of definition has besides."""


def generator_for(seed: int, name: str) -> np.random.Generator:
    """Returns random numbers that depend on the seed and a name, and on nothing else."""
    digest = hashlib.sha256(name.encode()).digest()
    return np.random.default_rng([seed, *np.frombuffer(digest, "<u4").tolist()])


def seed_libraries(seed: int) -> None:
    """Seeds the generators that libraries share: many methods cannot be given one of their own."""
    import random

    random.seed(seed)
    np.random.seed(seed)
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "manual_seed"):
        torch.manual_seed(seed)


def class_line(cls: type) -> tuple[str, int] | None:
    """Returns file and line of a class; None if it was made without one."""
    try:
        return inspect.getsourcefile(cls) or "", inspect.getsourcelines(cls)[1]
    except (OSError, TypeError):
        return None


def _first_line(cls: type) -> str:
    # A docstring of one of our own bases says nothing of this class.
    authored = (base for base in cls.__mro__ if not base.__module__.startswith(__package__ or "") and base is not object)
    text = next((base.__doc__ for base in authored if base.__dict__.get("__doc__")), None) or ""
    return " ".join(inspect.cleandoc(text).split("\n\n")[0].split()).removesuffix(".")


def _described_fields(cls: type[Definition]) -> list[dict[str, Any]]:
    where = class_line(cls)
    if not isinstance(cls.params, dict):
        raise Fault(f"{cls.id}: expected params as a dict of fields, found {type(cls.params).__name__}.", where=where, place=["params"])
    described = []
    for key, field in cls.params.items():
        if not isinstance(field, Field):
            raise Fault(
                f"{cls.id}: expected params[{key!r}] to be a field such as fields.number(...), found {field!r:.80}.",
                where=where,
                place=["params", str(key)],
            )
        try:
            described.append(field.describe(str(key)))
        except DefinitionError as error:
            raise Fault(f"{cls.id}: {error}", where=where, place=error.place) from error
        for other, value in (field.words.get("when") or {}).items():
            if other not in cls.params:
                message = f"{cls.id}: expected {key!r} to depend on one of its params, found {other!r}: {value!r}."
                raise Fault(message, where=where, place=["params", str(key), "when"])
    return described
