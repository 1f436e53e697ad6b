"""Checks that what arrives is what ``main/plugins/messages.ts`` declares."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Check = Callable[[Any], bool]

#: Types of arrays that travel, with the bytes of a number.
ARRAY_TYPES = {"float32": 4, "float64": 8, "int32": 4, "uint8": 1}


class ProtocolError(Exception):
    """A frame that is none of the protocol."""


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 500


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _params(value: Any) -> bool:
    return isinstance(value, dict)


def _list(item: Check) -> Check:
    return lambda value: isinstance(value, list) and all(map(item, value))


def _one_of(*words: str) -> Check:
    return lambda value: isinstance(value, str) and value in words


def _or_null(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _record(check: Check) -> Check:
    return lambda value: isinstance(value, dict) and all(_name(key) and check(item) for key, item in value.items())


def _object(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    known = {**required, **(optional or {})}

    def check(value: Any) -> bool:
        return isinstance(value, dict) and set(required) <= set(value) <= set(known) and all(known[key](value[key]) for key in value)

    return check


def _file(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch("[a-z0-9-]{1,40}", value) is not None


_place = _object(
    {
        "file": _file,
        "at": _count,
        "type": _one_of(*ARRAY_TYPES),
        "shape": lambda value: _list(_count)(value) and len(value) <= 8,
    }
)
_arrays = _record(_place)
_batch = _object({"size": _count, "indices": _place, "labels": _place, "layers": _arrays}, {"logits": _place, "inputs": _place})
_stream = _object({"length": _count}, {"anomalous": _place})
_value = lambda value: isinstance(value, (int, float, str)) and not isinstance(value, bool)  # noqa: E731
_state = _object({"tensors": _arrays, "values": _record(_value)})
_layers = _list(_object({"name": _text, "dims": _count}))

_ask: dict[str, Check] = {"ask": _text}
_asked: dict[str, Check] = {**_ask, "id": _count}
_picked: dict[str, Check] = {**_asked, "definition": _name, "params": _params, "seed": _count}

_QUESTIONS: dict[str, Check] = {
    "hello": _object({**_asked, "protocol": _count, "program": _text, "folder": _text, "entry": _text, "exchange": _text}),
    "describe": _object(_asked),
    "fit": _object({**_picked, "layers": _layers}, {"trusted": _stream, "untrusted": _stream}),
    "load": _object({**_picked, "state": _state}),
    "score": _object({**_asked, "batch": _batch}),
    "dataset": _object({**_picked, "half": _one_of("train", "test")}),
    "trigger": _object(
        {**_asked, "definition": _name, "params": _params, "samples": _place, "seeds": _place},
        {"vocabulary": _list(_text)},
    ),
    "open": _object(_picked),
    "activations": _object(
        {**_asked, "part": _one_of("trusted", "untrusted", "test"), "indices": _place, "layers": _list(_name), "logits": _flag}
    ),
    "cancel": _object({**_ask, "of": _count}),
    "take": _object({**_ask, "batch": _or_null(_batch)}),
}


def checked_question(value: Any) -> dict[str, Any]:
    """Returns a question. :raises ProtocolError: if it is none."""
    ask = value.get("ask") if isinstance(value, dict) else None
    check = _QUESTIONS.get(ask) if isinstance(ask, str) else None
    if check is None:
        raise ProtocolError(f"expected one of the questions {', '.join(_QUESTIONS)}, found {ask!r}.")
    if not check(value):
        raise ProtocolError(f"the question {ask!r} is not as the protocol has it.")
    return dict(value)
