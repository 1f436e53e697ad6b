"""What a model is run on: texts with a tokenizer, or arrays."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .needed import ExportError, needed
from .observing import Positions

if TYPE_CHECKING:
    import torch

Row = dict[str, Any]


class Inputs(Protocol):
    """Samples in order, batched by their places."""

    #: How the samples were prepared, for the contract; None if it is not known.
    preprocessing: Mapping[str, Any] | None
    prompt_template: str | None
    #: Tokens of each sample, int64 ``[n]``; None if they are no sequences.
    lengths: NDArray[np.int64] | None
    #: Texts that are longer than the model allows, and were cut.
    truncated: int
    #: False if samples of different lengths may not share a batch, as the model takes no mask.
    takes_mask: bool

    def __len__(self) -> int: ...

    def batch(self, rows: Sequence[int]) -> tuple[Any, dict[str, Any]]:
        """Returns the positional argument, None if there is none, and the named arguments for these rows."""
        ...

    def fingerprint(self) -> str:
        """Returns a SHA-256 of what the model is given."""
        ...

    def metadata(self) -> Iterator[Row]:
        """Yields a row a sample."""
        ...

    def texts(self, rows: Sequence[int]) -> list[str] | None:
        """Returns texts as the tokenizer is given them; None if there are none."""
        ...

    def arrays(self, rows: Sequence[int]) -> dict[str, NDArray[Any]]:
        """Returns the rows of the arrays by argument; those of texts are not stored."""
        ...


class Texts:
    """Texts, padded on the right whatever the tokenizer says: positions then count from the first token in every batch."""

    def __init__(
        self,
        model: torch.nn.Module,
        rows: Sequence[Row],
        tokenizer: Any,
        *,
        prompt_template: str | None,
        special_tokens: bool,
        max_length: int | None,
        positions: Positions,
    ) -> None:
        self._rows = rows
        self._tokenizer = tokenizer
        self._positions = positions
        self._device = device_of(model)
        parameters = inspect.signature(model.forward).parameters
        any_name = any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters.values())
        self.takes_mask = "attention_mask" in parameters or any_name
        self._extra = {"use_cache": False} if "use_cache" in parameters else {}
        self._by_name = "input_ids" in parameters or any_name
        self._pad = next((id for id in (tokenizer.pad_token_id, tokenizer.eos_token_id) if id is not None), 0)
        limit = max_length or _longest(model, tokenizer)
        self.prompt_template = prompt_template
        self.preprocessing: Mapping[str, Any] | None = {
            "tokenizer": _identity(tokenizer),
            "max_length": limit,
            "padding_side": "right",
            "special_tokens": special_tokens,
        }
        self.truncated = 0
        self._ids: list[NDArray[np.int32]] = []
        for start in range(0, len(rows), 1000):
            self._tokenize([row["text"] for row in rows[start : start + 1000]], special_tokens, limit)
        self.lengths: NDArray[np.int64] | None = np.array([len(ids) for ids in self._ids], np.int64)
        self._check_lengths(self.lengths)

    def _tokenize(self, texts: list[str], special_tokens: bool, limit: int | None) -> None:
        options: dict[str, Any] = {"add_special_tokens": special_tokens, "return_attention_mask": False}
        cut = {} if limit is None else {"truncation": True, "max_length": limit}
        tokenized = self._tokenizer(texts, **options, **cut)["input_ids"]
        full = [place for place, ids in enumerate(tokenized) if len(ids) == limit]
        if full:
            whole = self._tokenizer([texts[place] for place in full], **options, verbose=False)["input_ids"]
            self.truncated += sum(len(ids) > len(tokenized[place]) for place, ids in zip(full, whole, strict=True))
        self._ids += [np.array(ids, np.int32) for ids in tokenized]

    def _check_lengths(self, lengths: NDArray[np.int64]) -> None:
        least = 1
        if not isinstance(self._positions, str):
            least = max(-position if position < 0 else position + 1 for position in self._positions)
        short = np.flatnonzero(lengths < least)
        if len(short) > 0:
            raise ExportError(f"sample {short[0]}: expected at least {least} tokens, found {lengths[short[0]]}.")

    def __len__(self) -> int:
        return len(self._rows)

    def batch(self, rows: Sequence[int]) -> tuple[Any, dict[str, Any]]:
        import torch

        longest = max(len(self._ids[row]) for row in rows)
        ids = np.full((len(rows), longest), self._pad, np.int64)
        mask = np.zeros((len(rows), longest), np.int64)
        for place, row in enumerate(rows):
            ids[place, : len(self._ids[row])] = self._ids[row]
            mask[place, : len(self._ids[row])] = 1
        named: dict[str, Any] = {**self._extra}
        if self.takes_mask:
            named["attention_mask"] = torch.from_numpy(mask).to(self._device)
        tokens = torch.from_numpy(ids).to(self._device)
        return (None, {"input_ids": tokens, **named}) if self._by_name else (tokens, named)

    def fingerprint(self) -> str:
        digest = hashlib.sha256()
        for ids in self._ids:
            digest.update(len(ids).to_bytes(8, "little"))
            digest.update(ids.astype("<i4").tobytes())
        return digest.hexdigest()

    def metadata(self) -> Iterator[Row]:
        pieces: dict[int, str] = {}
        for row, ids in zip(self._rows, self._ids, strict=True):
            shown = ids if self._positions == "all" else () if isinstance(self._positions, str) else ids[list(self._positions)]
            for id in shown:
                if id not in pieces:
                    pieces[id] = self._tokenizer.decode([int(id)])
            yield {**row, "tokens": [pieces[id] for id in shown]} if len(shown) > 0 else row

    def texts(self, rows: Sequence[int]) -> list[str] | None:
        return [self._rows[row]["text"] for row in rows]

    def arrays(self, rows: Sequence[int]) -> dict[str, NDArray[Any]]:
        return {}


class Arrays:
    """Arrays with a row a sample: one that is the model's argument, or several by the names of its arguments."""

    lengths: NDArray[np.int64] | None = None
    prompt_template: str | None = None
    truncated = 0
    takes_mask = True

    def __init__(
        self,
        model: torch.nn.Module,
        arrays: Mapping[str, Any],
        rows: Sequence[Row],
        preprocessing: Mapping[str, Any] | None,
    ) -> None:
        import torch

        self._device = device_of(model)
        self._dtype = next((p.dtype for p in model.parameters() if p.is_floating_point()), torch.float32)
        self._arrays = {name: torch.as_tensor(array) for name, array in arrays.items()}
        self._rows = rows
        self.preprocessing = preprocessing
        if "attention_mask" in self._arrays:
            raise ExportError("attention_mask: expected texts and a tokenizer, found texts that are already tokenized.")

    def __len__(self) -> int:
        return len(self._rows)

    def batch(self, rows: Sequence[int]) -> tuple[Any, dict[str, Any]]:
        chosen = {}
        for name, array in self._arrays.items():
            part = array[list(rows)].to(self._device)
            chosen[name] = part.to(self._dtype) if part.is_floating_point() else part
        return chosen.pop("", None), chosen

    def fingerprint(self) -> str:
        return hash_of_tensors(self._arrays)

    def metadata(self) -> Iterator[Row]:
        yield from self._rows

    def texts(self, rows: Sequence[int]) -> list[str] | None:
        return None

    def arrays(self, rows: Sequence[int]) -> dict[str, NDArray[Any]]:
        return {name: array[list(rows)].numpy() for name, array in self._arrays.items()}


def inputs_of(
    model: torch.nn.Module,
    data: Any,
    *,
    tokenizer: Any,
    template: str | None,
    text_column: str,
    special_tokens: bool | None,
    max_length: int | None,
    positions: Positions | None,
    metadata: Any,
    preprocessing: Mapping[str, Any] | None,
) -> tuple[Inputs, Positions]:
    """Returns the samples, ready to be batched, and the positions that are kept: by default the last of texts, and all others.

    :raises ExportError: if the data are neither texts nor arrays, or do not fit one another.
    """
    import torch

    if isinstance(data, (np.ndarray, torch.Tensor)):
        data = {"": data}
    if isinstance(data, Mapping):
        if not data:
            raise ExportError("data: expected arrays, found none.")
        counts = {name: len(array) for name, array in data.items()}
        if len(set(counts.values())) != 1:
            raise ExportError(f"data: expected arrays of one length, found {counts}.")
        rows = _with_columns([{} for _ in range(next(iter(counts.values())))], metadata)
        return Arrays(model, data, rows, preprocessing), positions or "all"
    rows, prompt_template, is_chat = _texts(data, tokenizer, template, text_column)
    tokenizer = tokenizer_for(model, tokenizer)
    if is_chat:
        prompt_template = tokenizer.chat_template
        for place, row in enumerate(rows):
            row["text"] = _from_chat(tokenizer, row.pop("messages"), place)
    texts = Texts(
        model,
        _with_columns(rows, metadata),
        tokenizer,
        prompt_template=prompt_template,
        # The template of a chat writes them itself.
        special_tokens=not is_chat if special_tokens is None else special_tokens,
        max_length=max_length,
        positions=positions or "last",
    )
    return texts, positions or "last"


def batches_of(order: Sequence[int], inputs: Inputs, size: int) -> Iterator[list[int]]:
    """Yields rows of batches. Of a model that takes no mask, texts of a batch have the same length."""
    batch: list[int] = []
    for row in order:
        differs = inputs.lengths is not None and batch and inputs.lengths[row] != inputs.lengths[batch[0]]
        if len(batch) == size or (differs and not inputs.takes_mask):
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def _texts(data: Any, tokenizer: Any, template: str | None, column: str) -> tuple[list[Row], str | None, bool]:
    if hasattr(data, "to_dict") and hasattr(data, "columns"):
        data = data.to_dict("records")
    if isinstance(data, (str, bytes)):
        raise ExportError("data: expected a list of texts, found a single one.")
    rows: list[Row] = []
    for place, item in enumerate(data):
        if isinstance(item, Mapping):
            row = dict(item)
        else:
            row = {"messages" if isinstance(item, (list, tuple)) else column: item}
        if template is not None:
            try:
                row["text"] = template.format_map(row)
            except (KeyError, IndexError, ValueError) as error:
                raise ExportError(f"sample {place}: expected the columns of the template {template!r}: {error!r}.") from error
        elif isinstance(row.get(column), str):
            row["text"] = row[column]
        elif "messages" not in row:
            raise ExportError(f"sample {place}: expected a text in {column!r}, or messages, found {sorted(row)}.")
        rows.append(row)
    if not rows:
        raise ExportError("data: expected samples, found none.")
    chats = sum("text" not in row for row in rows)
    if chats not in (0, len(rows)):
        raise ExportError(f"data: expected texts or chats, found {len(rows) - chats} texts and {chats} chats.")
    return rows, template, chats > 0


def _from_chat(tokenizer: Any, messages: Any, place: int) -> str:
    if not getattr(tokenizer, "chat_template", None):
        raise ExportError("tokenizer: expected one with a chat template, as the data are chats, found none.")
    try:
        asked = messages[-1]["role"] != "assistant"
        return str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=asked))
    except Exception as error:  # Templates raise whatever they like.
        raise ExportError(f"sample {place}: expected messages with role and content: {error}") from error


def _with_columns(rows: list[Row], metadata: Any) -> list[Row]:
    if metadata is not None:
        if hasattr(metadata, "to_dict") and hasattr(metadata, "columns"):
            metadata = metadata.to_dict("records")
        if isinstance(metadata, Mapping):
            columns = {name: list(values) for name, values in metadata.items()}
            counts = {len(values) for values in columns.values()} or {0}
            if len(counts) > 1:
                raise ExportError(f"metadata: expected columns of one length, found {sorted(counts)}.")
            metadata = [{name: values[place] for name, values in columns.items()} for place in range(counts.pop())]
        if len(metadata) != len(rows):
            raise ExportError(f"metadata: expected {len(rows)} rows, one a sample, found {len(metadata)}.")
        rows = [{**row, **extra} for row, extra in zip(rows, metadata, strict=True)]
    return [{name: _plain(value, name, place) for name, value in {"id": place, **row}.items()} for place, row in enumerate(rows)]


def _plain(value: Any, name: str, place: int) -> Any:
    """Returns a value as JSON can hold it; what is not a number there becomes null."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ExportError(f"sample {place}: expected a value for JSON in column {name!r}, found {type(value).__name__}.") from error
    return value


def tokenizer_for(model: torch.nn.Module, tokenizer: Any) -> Any:
    """Returns the tokenizer: the one given, by its folder if that is given, or the model's own.

    :raises ExportError: if it is not known.
    """
    source = getattr(model, "name_or_path", None) if tokenizer is None else tokenizer
    if source is None or source == "":
        raise ExportError("tokenizer: expected one for texts, found none. Give it as tokenizer=...")
    if not isinstance(source, str) and not hasattr(source, "__fspath__"):
        return source
    return needed("transformers", "A tokenizer").AutoTokenizer.from_pretrained(source)


def _longest(model: torch.nn.Module, tokenizer: Any) -> int | None:
    config = getattr(model, "config", None)
    limits = [getattr(config, "max_position_embeddings", None), getattr(tokenizer, "model_max_length", None)]
    # Tokenizers without a limit say a number with thirty digits.
    known = [int(limit) for limit in limits if isinstance(limit, (int, float)) and 0 < limit < 10_000_000]
    return min(known, default=None)


def _identity(tokenizer: Any) -> str:
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        what = tokenizer.get_vocab() if hasattr(tokenizer, "get_vocab") else {}
    else:
        # Both change whenever the tokenizer is called.
        what = {key: value for key, value in json.loads(backend.to_str()).items() if key not in ("truncation", "padding")}
    return f"{type(tokenizer).__name__} {hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()}"


def device_of(model: torch.nn.Module) -> torch.device:
    """Returns where the model's first weights lie."""
    import torch

    return next((parameter.device for parameter in model.parameters()), torch.device("cpu"))


def hash_of_tensors(tensors: Mapping[str, torch.Tensor]) -> str:
    """Returns a SHA-256 of the tensors' names, types, shapes and bytes, wherever they lie."""
    import torch

    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach()
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
        bytes_of_tensor: NDArray[np.uint8] = tensor.to("cpu").contiguous().reshape(-1).view(torch.uint8).numpy()
        digest.update(bytes_of_tensor.data)
    return digest.hexdigest()
