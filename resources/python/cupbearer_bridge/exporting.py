"""Activations of any PyTorch model, written as the program reads them."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .contract import CONTRACT, FORMAT, REFERENCE, VERSION, described_model, made_by, settle, temporary_for, write_json, write_tensors
from .inputs import Inputs, batches_of, device_of, inputs_of
from .loading import loaded
from .needed import ExportError, needed
from .observing import Observer, Place, Positions, by_position, kept, observing, places

if TYPE_CHECKING:
    import torch

_PLAN = ".plan.json"
_DTYPES = ("float64", "float32", "float16", "bfloat16")
#: Longest texts of reference rows together; the program reads a contract of 4 MiB.
_MOST_REFERENCE_CHARACTERS = 2**18

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Export:
    """A finished export."""

    folder: Path
    #: What activations.json says.
    contract: Mapping[str, Any]
    #: Texts that were cut to the model's longest.
    truncated: int
    #: Samples that an earlier, interrupted export had finished.
    resumed: int


@dataclass(frozen=True)
class _Layer:
    """A layer as it is stored: what one row of its tensor is, and how many rows a sample has."""

    place: Place
    row: tuple[int, ...]
    is_ragged: bool


@dataclass(frozen=True)
class _Work:
    """All that decides what is written."""

    inputs: Inputs
    positions: Positions
    layers: Sequence[_Layer]
    dtype: torch.dtype
    batch_size: int
    seed: int


def export(
    model: torch.nn.Module | str | os.PathLike[str],
    data: Any,
    *,
    out: str | os.PathLike[str],
    layers: Sequence[str] | Mapping[str, str] | str | None = None,
    positions: Positions | None = None,
    tokenizer: Any = None,
    template: str | None = None,
    text_column: str = "text",
    metadata: Any = None,
    batch_size: int = 32,
    dtype: str | None = None,
    device: str | None = None,
    max_length: int | None = None,
    special_tokens: bool | None = None,
    preprocessing: Mapping[str, Any] | None = None,
    name: str | None = None,
    reference_rows: int = 8,
    shard_bytes: int = 512 * 2**20,
    seed: int = 0,
    overwrite: bool = False,
    progress: Progress | bool = True,
) -> Export:
    """Runs a model on samples and writes what passes some of its modules into the folder ``out``.

    After a kill, the same call resumes: finished shards are in ``out`` + ``.partial``, which is renamed to ``out`` at the end.

    :param model: a module, or the folder or name of a Hugging Face model.
    :param data: texts; rows with a text or ``messages`` and other columns, which become metadata; a table of pandas; an array
        ``[n, ...]`` that is the model's argument, or a mapping from its arguments to arrays.
    :param layers: modules by name or pattern, see :func:`places`; by default the blocks of a transformer.
    :param positions: ``last`` (of texts, by default), ``mean``, ``max``, ``all``, or a list of numbers, negative ones from the end.
    :param tokenizer: the tokenizer, or its folder; by default the one that lies with the model.
    :param template: what the model is given, with the columns of a row in braces: ``"Question: {question}\\nAnswer:"``.
    :param metadata: more columns: a table, rows, or a mapping from names to columns.
    :param dtype: of the stored values: float32, float16, bfloat16; by default as the model computes.
    :param device: device to move the model to; by default it stays where it is.
    :param preprocessing: what is noted of how arrays were prepared.
    :param reference_rows: how many inputs are kept in the contract, for :func:`check`.
    :param shard_bytes: size from which a file is split. A kill loses at most one shard of work.
    :param overwrite: replaces an export in ``out``, and discards a different one that was interrupted there.
    :param progress: called with the samples done and their total; True writes a line to stderr.
    :raises ExportError: if something does not fit, with what was expected and found.
    """
    needed("torch", "Exporting activations")
    import torch

    folder = Path(out).absolute()
    _check_free(folder, overwrite)
    if batch_size < 1 or shard_bytes < 1:
        raise ExportError(f"expected a batch_size and shard_bytes of at least 1, found {batch_size} and {shard_bytes}.")
    module: torch.nn.Module = loaded(model, device=device)
    inputs, chosen = inputs_of(
        module,
        data,
        tokenizer=tokenizer,
        template=template,
        text_column=text_column,
        special_tokens=special_tokens,
        max_length=max_length,
        positions=_checked(positions),
        metadata=metadata,
        preprocessing=preprocessing,
    )
    if len(inputs) == 0:
        raise ExportError("data: expected samples, found none.")
    at = places(module, layers)
    place = device_of(module)
    gpus = [place] if place.type == "cuda" else []
    with observing(module, at) as observer, torch.random.fork_rng(devices=gpus):
        described, stored = _probe(observer, inputs, chosen, at, dtype)
        work = _Work(inputs, chosen, described, stored, batch_size, seed)
        shards = _shards(work, shard_bytes)
        partial = folder.with_name(f"{folder.name}.partial")
        contract = _contract(work, module, name)
        _open_partial(partial, {"contract": contract, "data": inputs.fingerprint(), "shards": shards}, overwrite)
        names = _names(len(shards))
        is_done = [(partial / file).is_file() for file in names]
        resumed = sum(last - first for (first, last), done in zip(shards, is_done, strict=True) if done)
        _check_space(partial, work, len(inputs) - resumed)
        with _reporting(progress, len(inputs)) as report:
            report(resumed)
            finished = resumed
            for (first, last), file, done in zip(shards, names, is_done, strict=True):
                if not done:
                    write_tensors(partial / file, _shard(observer, work, range(first, last), lambda n: report(finished + n)))
                    finished += last - first
    _finish(partial, work, contract, shards, names, reference_rows)
    _replace(partial, folder)
    return Export(folder, {**json.loads((folder / CONTRACT).read_text())}, inputs.truncated, resumed)


def _checked(positions: Positions | None) -> Positions | None:
    if positions is None or (isinstance(positions, str) and positions in ("last", "mean", "max", "all")):
        return positions
    if isinstance(positions, str) or len(positions) == 0:
        raise ExportError(f"positions: expected last, mean, max, all or numbers, found {positions!r}.")
    return [int(position) for position in positions]


def _check_free(folder: Path, overwrite: bool) -> None:
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not (folder / CONTRACT).is_file():
        raise ExportError(f"{folder}: expected a new or empty folder, found one with other files.")
    if not overwrite:
        raise ExportError(f"{folder}: expected a new or empty folder, found an export. Choose another folder, or overwrite it (overwrite=True, --overwrite).")


def _probe(
    observer: Observer, inputs: Inputs, positions: Positions, at: Sequence[Place], dtype: str | None
) -> tuple[list[_Layer], torch.dtype]:
    """Runs the first sample through the whole model, and returns what each layer is and how it is stored."""
    import torch

    lengths = None if inputs.lengths is None else torch.from_numpy(inputs.lengths[:1])
    argument, named = inputs.batch([0])
    seen = observer.values(named, argument, whole=True)
    described = []
    for place in at:
        value = by_position(place, seen[place.name], 1, lengths)
        if lengths is None and not isinstance(positions, str):
            least = max(-position if position < 0 else position + 1 for position in positions)
            if value.dim() == 3 and value.shape[1] < least:
                raise ExportError(f"layer {place.name!r}: expected at least {least} positions, found {value.shape[1]}.")
        is_ragged = lengths is not None and positions == "all" and value.dim() == 3
        row = tuple(kept(value, lengths, positions).shape[1:])
        if 0 in row:
            raise ExportError(f"layer {place.name!r}: expected at least one number, found the shape {list(row)}.")
        described.append(_Layer(place, row, is_ragged))
    if dtype is not None and dtype not in _DTYPES:
        raise ExportError(f"dtype: expected one of {', '.join(_DTYPES)}, found {dtype!r}.")
    own = seen[at[0].name].dtype
    for place in at:
        own = torch.promote_types(own, seen[place.name].dtype)
    stored: torch.dtype = own if dtype is None else getattr(torch, dtype)
    return described, stored


def _rows(work: _Work, layer: _Layer, samples: range) -> int:
    if not layer.is_ragged or work.inputs.lengths is None:
        return len(samples)
    return int(work.inputs.lengths[samples.start : samples.stop].sum())


def _bytes(work: _Work) -> Any:
    """Returns the bytes of each sample, ``[n]``."""
    itemsize = work.dtype.itemsize
    total = np.zeros(len(work.inputs), np.int64)
    for layer in work.layers:
        times = work.inputs.lengths if layer.is_ragged and work.inputs.lengths is not None else 1
        total += int(np.prod(layer.row)) * itemsize * times
    return total


def _shards(work: _Work, most: int) -> list[list[int]]:
    """Returns first and last sample, exclusive, of each file: as many as fit into ``most`` bytes, and at least one."""
    shards, first, size = [], 0, 0
    for sample, bytes_of_sample in enumerate(_bytes(work).tolist()):
        if sample > first and size + bytes_of_sample > most:
            shards.append([first, sample])
            first, size = sample, 0
        size += bytes_of_sample
    return [*shards, [first, len(work.inputs)]]


def _names(count: int) -> list[str]:
    if count == 1:
        return ["activations.safetensors"]
    return [f"activations-{place:05}-of-{count:05}.safetensors" for place in range(1, count + 1)]


def _contract(work: _Work, model: torch.nn.Module, name: str | None) -> dict[str, Any]:
    lengths = work.inputs.lengths
    longest = 0 if lengths is None else int(lengths.max())
    return {
        "format": FORMAT,
        "version": VERSION,
        "model": described_model(model, name),
        "made_by": {**made_by(), "seed": work.seed},
        "samples": len(work.inputs),
        "dtype": str(work.dtype).removeprefix("torch."),
        "preprocessing": work.inputs.preprocessing,
        "prompt_template": work.inputs.prompt_template,
        "positions": work.positions,
        "layers": {
            layer.place.name: {
                "hook": layer.place.hook,
                "module": layer.place.module,
                "shape": [longest, *layer.row] if layer.is_ragged else list(layer.row),
            }
            for layer in work.layers
        },
        "lengths": "lengths" if any(layer.is_ragged for layer in work.layers) else None,
    }


def _open_partial(partial: Path, plan: dict[str, Any], overwrite: bool) -> None:
    """Makes the folder of unfinished work, or reuses the one that the same export left when it was killed."""
    file = partial / _PLAN
    plan = json.loads(json.dumps(plan))
    for half_written in partial.glob(".*.tmp"):
        half_written.unlink()
    if partial.exists() and any(partial.iterdir()):
        try:
            earlier = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            earlier = None
        if earlier == plan:
            return
        if not overwrite:
            raise ExportError(
                f"{partial}: expected the beginning of this export, found {_difference(earlier, plan)}. "
                "Remove it, or overwrite it (overwrite=True, --overwrite)."
            )
        shutil.rmtree(partial)
    partial.mkdir(parents=True, exist_ok=True)
    write_json(file, plan)


def _difference(earlier: Any, plan: Mapping[str, Any]) -> str:
    if not isinstance(earlier, dict):
        return "other files"
    parts = {**plan["contract"], "data": plan["data"], "shards": plan["shards"]}
    found = {**earlier.get("contract", {}), "data": earlier.get("data"), "shards": earlier.get("shards")}
    return "that of another, with other " + ", ".join(key for key in parts if found.get(key) != parts[key])


def _check_space(partial: Path, work: _Work, samples: int) -> None:
    wanted = int(_bytes(work)[len(work.inputs) - samples :].sum())
    free = shutil.disk_usage(partial).free
    if wanted > free:
        raise ExportError(f"{partial}: expected {wanted / 1e9:.1f} GB of room, found {free / 1e9:.1f} GB.")


def _shard(observer: Observer, work: _Work, samples: range, report: Callable[[int], None]) -> dict[str, torch.Tensor]:
    """Returns the tensors of one file. Texts of similar length share a batch, which keeps padding small."""
    import torch

    torch.manual_seed(work.seed + samples.start)
    inputs, lengths = work.inputs, work.inputs.lengths
    buffers = {
        layer.place.name: torch.empty((_rows(work, layer, samples), *layer.row), dtype=work.dtype) for layer in work.layers
    }
    begins = np.zeros(len(samples) + 1, np.int64)
    order = list(samples)
    if lengths is not None:
        begins[1:] = np.cumsum(lengths[samples.start : samples.stop])
        order.sort(key=lambda sample: -int(lengths[sample]))
    done = 0
    for rows in batches_of(order, inputs, work.batch_size):
        argument, named = inputs.batch(rows)
        seen = observer.values(named, argument)
        ends = None if lengths is None else torch.from_numpy(lengths[rows])
        at = np.array(rows) - samples.start
        for layer in work.layers:
            value = by_position(layer.place, seen.pop(layer.place.name), len(rows), ends)
            value = kept(value, ends, work.positions)
            if value.shape[1:] != layer.row:
                raise ExportError(
                    f"layer {layer.place.name!r}, sample {rows[0]}: expected {list(layer.row)} as for the first sample, "
                    f"found {list(value.shape[1:])}."
                )
            where = np.concatenate([np.arange(begins[i], begins[i + 1]) for i in at]) if layer.is_ragged else at
            buffers[layer.place.name][torch.from_numpy(where)] = _stored(layer, value, work.dtype).cpu()
        done += len(rows)
        report(done)
    for layer in work.layers:
        _warn_of_infinite(layer, buffers[layer.place.name])
    if any(layer.is_ragged for layer in work.layers) and lengths is not None:
        buffers["lengths"] = torch.from_numpy(lengths[samples.start : samples.stop].astype(np.int32))
    return buffers


def _stored(layer: _Layer, value: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    import torch

    cast = value.to(dtype)
    if dtype == torch.float16 and value.dtype != dtype and bool((cast.isinf() & value.isfinite()).any()):
        most = float(value[value.isfinite()].abs().max())
        raise ExportError(f"layer {layer.place.name!r}: expected values of float16, up to 65504, found {most:.4g}. Use bfloat16.")
    return cast


def _warn_of_infinite(layer: _Layer, values: torch.Tensor) -> None:
    count = values.numel() - int(values.isfinite().sum())
    if count > 0:
        warnings.warn(f"layer {layer.place.name!r}: {count} values are NaN or infinite.", stacklevel=4)


def _finish(
    partial: Path,
    work: _Work,
    contract: dict[str, Any],
    shards: Sequence[Sequence[int]],
    names: Sequence[str],
    reference_rows: int,
) -> None:
    temporary = temporary_for(partial / "metadata.jsonl")
    with open(temporary, "w", encoding="utf-8", newline="\n") as lines:
        for row in work.inputs.metadata():
            lines.write(json.dumps(row) + "\n")
    settle(temporary, partial / "metadata.jsonl")
    if len(names) > 1:
        total = sum((partial / file).stat().st_size for file in names)
        tensors = [*contract["layers"], *(["lengths"] if contract["lengths"] else [])]
        write_json(
            partial / "model.safetensors.index.json",
            {
                "metadata": {"total_size": total},
                "weight_map": {tensor: names[0] for tensor in tensors},
                # Each file has the next samples of every layer.
                "cupbearer": {"rows": dict(zip(names, shards, strict=True))},
            },
        )
    rows = _reference_rows(work.inputs, reference_rows)
    write_tensors(partial / REFERENCE, _reference(partial, work, shards, names, rows))
    write_json(
        partial / CONTRACT,
        {
            **contract,
            "made_by": {**contract["made_by"], "date": f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"},
            "reference": {"rows": rows, "inputs": work.inputs.texts(rows), "file": REFERENCE},
        },
    )


def _reference_rows(inputs: Inputs, count: int) -> list[int]:
    spread = np.linspace(0, len(inputs) - 1, max(1, min(count, len(inputs)))).astype(int)
    rows: list[int] = []
    characters = 0
    for row in dict.fromkeys(spread.tolist()):
        characters += sum(len(text) for text in inputs.texts([row]) or [])
        if not rows or characters <= _MOST_REFERENCE_CHARACTERS:
            rows.append(row)
    return rows


def _reference(
    partial: Path, work: _Work, shards: Sequence[Sequence[int]], names: Sequence[str], rows: Sequence[int]
) -> dict[str, torch.Tensor]:
    """Returns the stored values of some samples, and what was put in where that is no text."""
    import torch
    from safetensors import safe_open

    parts: dict[str, list[torch.Tensor]] = {layer.place.name: [] for layer in work.layers}
    lengths = work.inputs.lengths
    for (first, last), file in zip(shards, names, strict=True):
        with safe_open(partial / file, framework="pt") as opened:
            for row in (row for row in rows if first <= row < last):
                for layer in work.layers:
                    begin = _rows(work, layer, range(first, row))
                    count = _rows(work, layer, range(row, row + 1))
                    parts[layer.place.name].append(opened.get_slice(layer.place.name)[begin : begin + count])
    tensors = {name: torch.cat(values) for name, values in parts.items()}
    if any(layer.is_ragged for layer in work.layers) and lengths is not None:
        tensors["lengths"] = torch.from_numpy(lengths[list(rows)].astype(np.int32))
    inputs = {f"input:{name}": torch.from_numpy(array) for name, array in work.inputs.arrays(rows).items()}
    return {**tensors, **inputs}


def _replace(partial: Path, folder: Path) -> None:
    """Renames the finished folder; an earlier export is deleted once the new one is in place."""
    old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    if folder.exists():
        os.replace(folder, old)
    os.replace(partial, folder)
    (folder / _PLAN).unlink()
    shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _reporting(progress: Progress | bool, total: int) -> Iterator[Callable[[int], None]]:
    if progress is False:
        yield lambda done: None
    elif callable(progress):
        yield lambda done: progress(done, total)
    else:
        start, shown = time.monotonic(), 0.0
        is_terminal = sys.stderr.isatty()

        def show(done: int) -> None:
            nonlocal shown
            now = time.monotonic()
            if done < total and now - shown < (0.2 if is_terminal else 30):
                return
            shown = now
            line = f"{done} of {total} samples, {now - start:.0f} s"
            print(f"\r{line}" if is_terminal else line, end="" if is_terminal else "\n", file=sys.stderr, flush=True)

        try:
            yield show
        finally:
            if is_terminal:
                print(file=sys.stderr)
