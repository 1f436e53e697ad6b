"""What passes through chosen modules of a PyTorch model, read by forward hooks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from .needed import ExportError

if TYPE_CHECKING:
    import torch

#: Which positions of a sequence are kept. Numbers count tokens from the start, negative ones from the end.
Positions = Literal["last", "mean", "max", "all"] | Sequence[int]

#: Names that mean something else in a file of activations.
_RESERVED = {
    *("__metadata__", "lengths", "offsets", "token_ids", "input_ids"),
    *("attention_mask", "position_ids", "token_type_ids", "labels", "label"),
}


@dataclass(frozen=True)
class Place:
    """Where a layer is read: the output of a module, or its first input."""

    name: str
    module: str
    hook: Literal["input", "output"]


def places(model: torch.nn.Module, layers: Sequence[str] | Mapping[str, str] | str | None) -> list[Place]:
    """Returns where the layers are read, in the model's order.

    A layer is the name of a module or a pattern: ``*`` stands for one part of a name, ``**`` for any number of them. ``:input``
    at its end reads what enters the module. A mapping gives layers names of their own. Without any, the items of the outermost,
    longest ``ModuleList`` are taken, which are the blocks of a transformer.

    :raises ExportError: if a pattern fits no module, or two layers have the same name.
    """
    names = [name for name, _ in model.named_modules() if name]
    if layers is None:
        wanted: list[tuple[str | None, str]] = [(None, pattern) for pattern in _blocks(model)]
    elif isinstance(layers, Mapping):
        wanted = list(layers.items())
    else:
        wanted = [(None, pattern) for pattern in ([layers] if isinstance(layers, str) else layers)]
    found: dict[str, Place] = {}
    for own_name, pattern in wanted:
        path, _, hook = pattern.partition(":")
        if hook not in ("", "input", "output"):
            raise ExportError(f"layer {pattern!r}: expected :input or :output after the module, found :{hook}.")
        fitting = [name for name in names if _expression(path).fullmatch(name)]
        if not fitting:
            shown = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
            raise ExportError(f"layer {pattern!r}: expected modules of the model, found none. It has {shown or 'no modules'}.")
        if own_name is not None and len(fitting) > 1:
            raise ExportError(f"layer {own_name!r}: expected one module, found {len(fitting)} that fit {pattern!r}.")
        for module in fitting:
            name = own_name or (f"{module}.input" if hook == "input" else module)
            place = Place(name, module, "input" if hook == "input" else "output")
            if found.setdefault(name, place) != place or name in _RESERVED:
                raise ExportError(f"layer {name!r}: the name is taken. Name layers yourself: {{'name': '{pattern}'}}")
    if not found:
        raise ExportError("layers: expected at least one, found none.")
    return list(found.values())


def _blocks(model: torch.nn.Module) -> list[str]:
    import torch

    lists = [(name, len(module)) for name, module in model.named_modules() if isinstance(module, torch.nn.ModuleList)]
    if not lists:
        raise ExportError("layers: expected names of modules, as the model has no list of blocks to choose by itself.")
    longest, count = max(lists, key=lambda named: (-named[0].count("."), named[1]))
    return [f"{longest}.{block}" for block in range(count)]


def _expression(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*|\*)", pattern)
    return re.compile("".join({"**": ".*", "*": "[^.]+"}.get(part, re.escape(part)) for part in parts))


class _Enough(Exception):
    """Ends a forward pass once everything asked for was seen."""


class Observer:
    """Runs a model and records the values at its places; used within :func:`observing`."""

    def __init__(self, model: torch.nn.Module, at: Sequence[Place]) -> None:
        self._model = model
        self._places = at
        self._seen: dict[str, torch.Tensor] = {}
        self._may_stop = False

    def keep(self, place: Place, value: Any) -> None:
        tensor = _first_tensor(value)
        if tensor is None or not tensor.is_floating_point():
            found = type(value).__name__ if tensor is None else str(tensor.dtype)
            raise ExportError(f"layer {place.name!r}: expected a tensor of floating point numbers, found {found}.")
        if place.name in self._seen:
            raise ExportError(f"layer {place.name!r}: the module runs more than once in a forward pass.")
        self._seen[place.name] = tensor
        if self._may_stop and len(self._seen) == len(self._places):
            raise _Enough

    def values(self, inputs: Mapping[str, Any], argument: Any = None, whole: bool = False) -> dict[str, torch.Tensor]:
        """Returns the value at each place. Unless ``whole``, the pass ends after the last of them, before any logits are computed.

        :raises ExportError: if a module did not run.
        """
        self._seen = {}
        self._may_stop = not whole
        try:
            self._model(**inputs) if argument is None else self._model(argument, **inputs)
        except _Enough:
            pass
        missing = [place.name for place in self._places if place.name not in self._seen]
        if missing:
            raise ExportError(f"layer {missing[0]!r}: the module does not run in a forward pass.")
        seen, self._seen = self._seen, {}
        return seen


@contextmanager
def observing(model: torch.nn.Module, at: Sequence[Place]) -> Iterator[Observer]:
    """Yields an observer of the model, which is in evaluation mode and without gradients meanwhile."""
    import torch

    observer = Observer(model, at)
    training = [module for module in model.modules() if module.training]
    handles = []
    for place in at:
        module = model.get_submodule(place.module)

        def entering(_: Any, args: tuple[Any, ...], named: dict[str, Any], place: Place = place) -> None:
            observer.keep(place, [*args, *named.values()])

        def leaving(_: Any, args: Any, result: Any, place: Place = place) -> None:
            observer.keep(place, result)

        if place.hook == "input":
            handles.append(module.register_forward_pre_hook(entering, with_kwargs=True))
        else:
            handles.append(module.register_forward_hook(leaving))
    model.eval()
    try:
        with torch.inference_mode():
            yield observer
    finally:
        for handle in handles:
            handle.remove()
        for module in training:
            module.training = True


def _first_tensor(value: Any) -> torch.Tensor | None:
    import torch

    if isinstance(value, torch.Tensor):
        return value
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, (tuple, list)) else ()
    return next((item for item in inner if isinstance(item, torch.Tensor)), None)


def by_position(place: Place, value: torch.Tensor, size: int, lengths: torch.Tensor | None) -> torch.Tensor:
    """Returns a layer's values as ``[size, d]`` or ``[size, positions, d]``; places in a picture count as positions.

    :param lengths: tokens of each text, which are padded to the longest; None if the inputs are no texts.
    :raises ExportError: if the values have another shape.
    """
    shape = list(value.shape)
    if value.dim() == 1:
        value = value.unsqueeze(1)
    if value.dim() > 3 and lengths is None:
        value = value.flatten(2).transpose(1, 2)
    tokens = None if lengths is None else int(lengths.max())
    fits = value.dim() == 2 or (value.dim() == 3 and tokens in (None, value.shape[1]))
    if value.shape[0] != size or not fits:
        wanted = f"[{size}, {'positions' if tokens is None else tokens}, d]"
        raise ExportError(f"layer {place.name!r}: expected {wanted} or [{size}, d], found {shape}.")
    return value


def kept(value: torch.Tensor, lengths: torch.Tensor | None, positions: Positions) -> torch.Tensor:
    """Returns what is kept of ``[n, p, d]``: ``[n, d]``, ``[n, positions, d]``, or of all positions of texts ``[sum of lengths, d]``.

    ``[n, d]`` is returned as it is. A mean is taken in float32 at least.
    """
    import torch

    if value.dim() == 2:
        return value
    n, p = value.shape[:2]
    if positions == "all" and lengths is None:
        return value
    ends = torch.full((n,), p, device=value.device) if lengths is None else lengths.to(value.device)
    rows = torch.arange(n, device=value.device)
    if positions == "last":
        return value[rows, ends - 1]
    if not isinstance(positions, str):
        chosen = torch.tensor(list(positions), device=value.device)
        return value[rows[:, None], torch.where(chosen < 0, ends[:, None] + chosen, chosen.expand(n, -1))]
    there = torch.arange(p, device=value.device) < ends[:, None]
    if positions == "all":
        return value[there]
    if positions == "max":
        return value.masked_fill(~there[..., None], -torch.inf).amax(1)
    exact = value.to(torch.promote_types(value.dtype, torch.float32))
    return exact.masked_fill(~there[..., None], 0).sum(1) / ends[:, None]
