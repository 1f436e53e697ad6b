"""Models that run in a plugin, and their samples: any module of PyTorch, or anything that gives activations."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np
from numpy.typing import NDArray

from ..needed import ExportError
from .definition import Definition, class_line
from .faults import Fault, code_of, cut
from .parts import Items, Part, count_of, part_of, samples_of
from .state import to_array

if TYPE_CHECKING:
    import torch

    from ..inputs import Inputs
    from ..observing import Place

_PARTS = ("trusted", "untrusted", "test")
#: Texts are shown beside samples; more of them than this do not travel.
_MOST_TEXT_BYTES = 8 * 2**20
_MOST_CHARACTERS = 10_000


class Model(Definition):
    """A model with data of its own, whose activations the program studies as those of its own models, without a dump.

    ``load`` returns a module of PyTorch, alone or with a tokenizer, or an object with ``activations(batch, layers)``; ``dataset``
    the samples: trusted ones, test ones, and perhaps untrusted ones.
    """

    kind: ClassVar[str] = "model"
    #: What the anomalous samples are, and what they threaten, in a word and in a sentence.
    anomalous: ClassVar[str | None] = None
    threat: ClassVar[str | None] = None

    #: Modules by name or pattern ("encoder.layer.*", "**.mlp:input"), or a mapping from names of one's own; the blocks unless given.
    layers: Sequence[str] | Mapping[str, str] | str | None = None
    #: Of texts: tokens after which they are cut, the template of the prompt, and the column with the text.
    max_length: int | None = None
    template: str | None = None
    text_column: str = "text"
    #: Samples that run through the model together.
    batch_size: int = 32

    def load(self) -> Any:
        """Returns the model, in evaluation mode or not; with its tokenizer if it cannot be found by the model's name."""
        raise NotImplementedError

    def dataset(self) -> Mapping[str, Any]:
        """Returns ``{"trusted": data, "test": {"normal": data, "anomalous": data}}``, and ``untrusted`` likewise; see :class:`Part`."""
        raise NotImplementedError

    @classmethod
    def describe(cls) -> dict[str, Any]:
        described = super().describe()
        for method in ("load", "dataset"):
            if getattr(cls, method) is getattr(Model, method):
                raise Fault(f"{cls.id}: expected the method {method}, found none.", where=class_line(cls), place=[method])
        return {**described, **_words(cls, anomalous=60, threat=500)}

    def open(self) -> OpenedModel:
        """Loads the model and its samples. :raises TypeError, ExportError: if they do not fit one another."""
        loaded = self.load()
        model, tokenizer = loaded if isinstance(loaded, tuple) else (loaded, None)
        given = self.dataset()
        if not isinstance(given, Mapping) or "test" not in given or not set(given) <= set(_PARTS):
            found = ", ".join(map(str, given)) if isinstance(given, Mapping) else type(given).__name__
            raise Fault(f"dataset: expected a dict of trusted, untrusted and test samples, found {found or 'none'}.", where=code_of(self.dataset))
        if len(given) == 1:
            raise Fault("dataset: expected trusted or untrusted samples beside those to test.", where=code_of(self.dataset))
        parts = {name: part_of(value, name) for name, value in given.items()}
        torch = sys.modules.get("torch")
        if torch is not None and isinstance(model, torch.nn.Module):
            return TorchModel(self, model, tokenizer, parts)
        if not callable(getattr(model, "activations", None)):
            found = type(model).__name__
            raise Fault(f"load: expected a module of PyTorch or an object with activations(batch, layers), found {found}.", where=code_of(self.load))
        return OtherModel(self, model, parts)


class Task(Model):
    """A question about a model: who threatens it, and which of its samples are the anomalous ones."""

    kind = "task"
    normal: ClassVar[str | None] = None

    @classmethod
    def describe(cls) -> dict[str, Any]:
        described = {**super().describe(), **_words(cls, normal=60)}
        if "threat" not in described:
            message = f"{cls.id}: expected threat, a sentence such as 'Somebody changed the training data', found none."
            raise Fault(message, where=class_line(cls), place=["threat"])
        return described


def _words(cls: type[Definition], **most: int) -> dict[str, str]:
    found = {}
    for name, characters in most.items():
        value = getattr(cls, name)
        if value is None:
            continue
        if not isinstance(value, str) or len(value) > characters:
            message = f"{cls.id}: expected {name} as text of at most {characters} characters, found {value!r:.80}."
            raise Fault(message, where=class_line(cls), place=[name])
        found[name] = value
    return found


@dataclass(frozen=True)
class LayerShape:
    """A layer's values of one sample, ``[d]`` or ``[positions, d]``; where sequences differ in length, of the longest."""

    shape: tuple[int, ...]
    is_ragged: bool


class OpenedModel:
    """A model at work."""

    layers: Mapping[str, LayerShape]
    #: Outputs of a classifier; None if it is none.
    logits: int | None = None
    parts: Mapping[str, Part]
    fingerprint: str

    def lengths(self, part: str) -> NDArray[np.int64] | None:
        """Returns the tokens of each sample; None if they are no sequences."""
        return None

    def texts(self, part: str) -> list[str] | None:
        """Returns what people read of the samples; None if there is nothing, or too much."""
        return None

    def part_fingerprint(self, part: str) -> str:
        """Returns a hash of a part's samples."""
        raise NotImplementedError

    def activations(self, part: str, rows: Sequence[int], layers: Sequence[str], logits: bool) -> tuple[dict[str, NDArray[np.float32]], NDArray[np.float32] | None]:
        """Returns activations by layer, ``[n, ...]``, of ragged layers ``[sum of lengths, d]``, and the outputs if asked for."""
        raise NotImplementedError


class TorchModel(OpenedModel):
    """A module of PyTorch, read by the hooks that the exporter uses, so that its values are those of an export."""

    def __init__(self, model: Model, module: torch.nn.Module, tokenizer: Any, parts: Mapping[str, Part]) -> None:
        from ..contract import described_model
        from ..inputs import Inputs, device_of, inputs_of
        from ..observing import places

        self.parts = parts
        self._module = module
        self._batch_size = max(1, int(model.batch_size))
        self._inputs: dict[str, Inputs] = {}
        for name, part in parts.items():
            samples = samples_of(part.data)
            if isinstance(samples, Items):
                self._inputs[name] = cast(Inputs, samples.on(device_of(module)))
                continue
            self._inputs[name], _ = inputs_of(
                module,
                samples,
                tokenizer=tokenizer,
                template=model.template,
                text_column=model.text_column,
                special_tokens=None,
                max_length=model.max_length,
                positions="all",
                metadata=None,
                preprocessing=None,
            )
        self._places = {place.name: place for place in places(module, model.layers)}
        self._measure()
        weights = described_model(module, None)["hash"]
        read = [[place.name, place.module, place.hook] for place in self._places.values()]
        self.fingerprint = hashlib.sha256(json.dumps([weights, read]).encode()).hexdigest()

    def _measure(self) -> None:
        """Runs one sample of a part through the whole model, to see what its layers and outputs are."""
        first = next(iter(self._inputs.values()))
        lengths = None if first.lengths is None else first.lengths[:1]
        seen, outputs = self._run(first, [0], list(self._places.values()), True)
        longest = max((int(inputs.lengths.max()) for inputs in self._inputs.values() if inputs.lengths is not None), default=0)
        self.layers = {}
        for name, (value, is_ragged) in seen.items():
            shape = value.shape[1:] if not is_ragged else (longest, value.shape[1])
            if lengths is None and len(shape) > 2:
                raise ExportError(f"layer {name!r}: expected [n, d] or [n, positions, d], found {list(value.shape)}.")
            self.layers[name] = LayerShape(tuple(shape), is_ragged)
        self.logits = None if outputs is None else outputs.shape[1]

    def _run(
        self, inputs: Inputs, rows: Sequence[int], at: Sequence[Place], logits: bool
    ) -> tuple[dict[str, tuple[NDArray[np.float32], bool]], NDArray[np.float32] | None]:
        """Returns a batch's values by layer and whether each is ragged, and the model's outputs if it is a classifier."""
        import torch

        from ..observing import by_position, kept, observing

        outputs: list[Any] = []
        lengths = None if inputs.lengths is None else torch.from_numpy(inputs.lengths[list(rows)])
        argument, named = inputs.batch(rows)
        handle = self._module.register_forward_hook(lambda *passed: outputs.append(passed[-1])) if logits else None
        try:
            with observing(self._module, at) as observer:
                seen = observer.values(named, argument, whole=logits)
        finally:
            if handle is not None:
                handle.remove()
        values = {}
        for place in at:
            value = by_position(place, seen.pop(place.name), len(rows), lengths)
            is_ragged = lengths is not None and value.dim() == 3
            values[place.name] = (kept(value, lengths, "all").float().cpu().numpy(), is_ragged)
        return values, _classes(outputs[0], len(rows)) if logits and outputs else None

    def lengths(self, part: str) -> NDArray[np.int64] | None:
        return self._inputs[part].lengths

    def texts(self, part: str) -> list[str] | None:
        inputs = self._inputs[part]
        texts = inputs.texts(range(len(inputs)))
        return None if texts is None else [cut(text, _MOST_CHARACTERS) for text in texts]

    def part_fingerprint(self, part: str) -> str:
        return self._inputs[part].fingerprint()

    def activations(self, part: str, rows: Sequence[int], layers: Sequence[str], logits: bool) -> tuple[dict[str, NDArray[np.float32]], NDArray[np.float32] | None]:
        from ..inputs import batches_of

        inputs = self._inputs[part]
        at = [self._places[layer] for layer in layers]
        ends = None if inputs.lengths is None else np.concatenate([[0], np.cumsum(inputs.lengths[list(rows)])])
        results: dict[str, NDArray[np.float32]] = {}
        for layer in layers:
            shape = self.layers[layer].shape
            count = int(ends[-1]) if ends is not None and self.layers[layer].is_ragged else len(rows)
            results[layer] = np.empty((count, *(shape[1:] if self.layers[layer].is_ragged else shape)), np.float32)
        outputs = np.empty((len(rows), self.logits or 0), np.float32) if logits else None
        # Texts of similar length share a batch, as in an export.
        order = list(range(len(rows)))
        if inputs.lengths is not None:
            order.sort(key=lambda place: -int(inputs.lengths[rows[place]]))  # type: ignore[index]
        done = 0
        for chosen in batches_of([rows[place] for place in order], inputs, self._batch_size):
            places = order[done : done + len(chosen)]
            done += len(chosen)
            values, found = self._run(inputs, chosen, at, logits)
            for layer, (value, is_ragged) in values.items():
                where = np.concatenate([np.arange(ends[i], ends[i + 1]) for i in places]) if is_ragged and ends is not None else places
                if value.shape[1:] != results[layer].shape[1:]:
                    wanted, found_shape = list(results[layer].shape[1:]), list(value.shape[1:])
                    raise ExportError(f"layer {layer!r}: expected {wanted} as for the first sample, found {found_shape}.")
                results[layer][where] = value
            if outputs is not None and found is not None:
                outputs[places] = found
        return results, outputs


def _classes(output: Any, size: int) -> NDArray[np.float32] | None:
    """Returns the outputs of a classifier, ``[size, classes]``; None if the model is none."""
    if isinstance(output, Mapping):
        output = output.get("logits")
    elif hasattr(output, "logits"):
        output = output.logits
    if output is None or not hasattr(output, "detach") or output.dim() != 2 or output.shape[0] != size:
        return None
    values: NDArray[np.float32] = output.float().cpu().numpy()
    return values


class OtherModel(OpenedModel):
    """An object with ``activations(batch, layers)``: values by layer, ``[n, d]`` or ``[n, positions, d]``, of all layers for None."""

    def __init__(self, model: Model, module: Any, parts: Mapping[str, Part]) -> None:
        self.parts = parts
        self._module = module
        self._batch_size = max(1, int(model.batch_size))
        self._samples = {name: samples_of(part.data) for name, part in parts.items()}
        first = next(iter(self._samples))
        self.layers = {layer: LayerShape(value.shape[1:], False) for layer, value in self._run(first, [0], None).items()}
        if not self.layers:
            raise ExportError("activations: expected values of at least one layer, found none.")
        known = getattr(module, "fingerprint", None)
        words = [type(module).__name__, sorted(self.layers), str(known() if callable(known) else known), str(vars(model.params))]
        self.fingerprint = hashlib.sha256(json.dumps(words).encode()).hexdigest()

    def _run(self, part: str, rows: Sequence[int], layers: Sequence[str] | None) -> dict[str, NDArray[np.float32]]:
        samples = self._samples[part]
        if isinstance(samples, Mapping):
            batch: Any = {name: array[list(rows)] for name, array in samples.items()}
        elif isinstance(samples, Items):
            batch = np.stack([samples.item(row) for row in rows])
        elif isinstance(samples, list):
            batch = [samples[row] for row in rows]
        else:
            batch = samples[list(rows)]
        values = self._module.activations(batch, None if layers is None else list(layers))
        found = {str(name): to_array(value).astype(np.float32) for name, value in values.items()}
        for name in found if layers is None else layers:
            if name not in found:
                raise ExportError(f"activations: expected values of layer {name!r}, found {', '.join(found) or 'none'}.")
            shape = found[name].shape
            wanted = None if layers is None else self.layers[name].shape
            if len(shape) not in (2, 3) or shape[0] != len(rows) or wanted not in (None, shape[1:]):
                expected = list(wanted) if wanted else "d] or [positions, d"
                raise ExportError(f"activations of layer {name!r}: expected {len(rows)} times {expected}, found the shape {list(shape)}.")
        return found

    def texts(self, part: str) -> list[str] | None:
        samples = self._samples[part]
        is_text = isinstance(samples, list) and all(isinstance(sample, str) for sample in samples)
        return [cut(sample, _MOST_CHARACTERS) for sample in samples] if is_text else None

    def part_fingerprint(self, part: str) -> str:
        samples = self._samples[part]
        if isinstance(samples, Items):
            return samples.fingerprint()
        digest = hashlib.sha256()
        columns = samples if isinstance(samples, Mapping) else {"": samples}
        for name, column in columns.items():
            if isinstance(column, list):
                digest.update(json.dumps([name, column], default=str).encode())
            else:
                array = to_array(column)
                digest.update(f"{name} {array.dtype} {array.shape}\n".encode() + array.tobytes())
        return digest.hexdigest()

    def activations(self, part: str, rows: Sequence[int], layers: Sequence[str], logits: bool) -> tuple[dict[str, NDArray[np.float32]], NDArray[np.float32] | None]:
        pieces = [self._run(part, rows[at : at + self._batch_size], layers) for at in range(0, len(rows), self._batch_size)]
        return {
            layer: np.concatenate([piece[layer] for piece in pieces]) if pieces else np.empty((0, *self.layers[layer].shape), np.float32)
            for layer in layers
        }, None


def described_parts(opened: OpenedModel) -> dict[str, tuple[dict[str, Any], dict[str, NDArray[Any]]]]:
    """Returns what the program is told of each part: facts, and arrays by name."""
    described = {}
    left = _MOST_TEXT_BYTES
    for name, part in opened.parts.items():
        lengths = opened.lengths(name)
        arrays = {
            key: np.ascontiguousarray(values, np.int32)
            for key, values in (("labels", part.labels), ("lengths", lengths), ("groups", part.groups))
            if values is not None
        }
        digest = hashlib.sha256(opened.part_fingerprint(name).encode())
        for key, values in arrays.items():
            digest.update(key.encode() + values.tobytes())
        facts: dict[str, Any] = {"length": count_of(part.data)}
        texts = opened.texts(name)
        if texts is not None:
            size = len(json.dumps(texts))
            if size <= left:
                left -= size
                facts["texts"] = texts
        described[name] = ({**facts, "fingerprint": digest.hexdigest()}, arrays)
    return described
