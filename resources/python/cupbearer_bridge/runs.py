"""What lies in a run's folder. The files are described in docs/file-formats.md."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas

#: The newest format of spec.json that is read.
FORMAT = 1

_BESIDE_LAYERS = {"anomaly_labels", "sample_index", "true_class", "predicted_class"}


class RunError(Exception):
    """A folder that holds no run, or one that cannot be read."""


@dataclass(frozen=True)
class Run:
    """A run: its spec, its record and, if a detector was evaluated, scores sample by sample.

    All arrays have the same length ``n``, the number of test samples.
    """

    folder: Path
    #: ``classifier``, ``detector`` or ``evaluation``.
    kind: str
    #: What was asked for, defaults included: the ``spec`` of spec.json.
    spec: Mapping[str, Any]
    #: The run's row in the catalogue: id, status, metrics, timings, tags and so on.
    record: Mapping[str, Any]
    #: By layer, and ``all`` for the aggregate over layers: AUC_ROC, AP, intervals and so on, as in eval.json.
    metrics: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    #: By layer, and ``all`` for the aggregate; float32 ``[n]``, higher means more anomalous.
    scores: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    #: 1 for anomalous and 0 for clean samples, uint8 ``[n]``.
    labels: NDArray[np.uint8] | None = None
    #: Places of the samples in their dataset, int32 ``[n]``.
    sample_index: NDArray[np.int32] | None = None
    #: Class of each sample before any poisoning, int32 ``[n]``; None if it is not known.
    true_class: NDArray[np.int32] | None = None
    #: Class that the model predicts, int32 ``[n]``; None if it is not known.
    predicted_class: NDArray[np.int32] | None = None

    @property
    def id(self) -> str:
        return str(self.record["id"])

    @property
    def auroc(self) -> float | None:
        """AUROC of the aggregate over layers; None if nothing was evaluated."""
        return self.metrics["all"]["AUC_ROC"] if "all" in self.metrics else None

    def frame(self) -> pandas.DataFrame:
        """Returns one line a test sample: index, label, classes where they are known, and a column of scores a layer.

        :raises RunError: if nothing was evaluated.
        """
        if self.labels is None:
            raise RunError(f"{self.folder}: expected a run with scores, found a {self.kind} without.")
        columns: dict[str, Any] = {"sample_index": self.sample_index, "anomalous": self.labels == 1}
        if self.true_class is not None:
            columns["true_class"] = self.true_class
        if self.predicted_class is not None:
            columns["predicted_class"] = self.predicted_class
        table: pandas.DataFrame = needed_pandas().DataFrame({**columns, **self.scores})
        return table


def read_run(folder: str | os.PathLike[str]) -> Run:
    """Reads the run in a folder.

    :raises RunError: if there is none, a newer version of the program wrote it, or a file is missing or damaged.
    """
    path = Path(folder)
    written = _object(path / "spec.json")
    if written.get("format") != FORMAT:
        raise RunError(
            f"{path}: expected a run of format {FORMAT}, found {written.get('format')!r}. "
            "Install the cupbearer_bridge of the program that wrote it."
        )
    return Run(
        folder=path,
        kind=str(written.get("kind")),
        spec=written.get("spec", {}),
        record=_object(path / "run.json"),
        **(_evaluation(path) if (path / "eval.json").exists() else {}),
    )


def _evaluation(folder: Path) -> dict[str, Any]:
    metrics = {name: of for name, of in _object(folder / "eval.json").items() if name != "evaluation"}
    place = folder / "scores"
    labels = _array(place / "anomaly_labels.npy", np.dtype(np.uint8))
    n = len(labels)

    def classes(name: str) -> NDArray[np.int32] | None:
        file = place / f"{name}.npy"
        return _array(file, np.dtype(np.int32), n) if file.exists() else None

    names = sorted(file.stem for file in place.glob("*.npy") if not file.name.startswith("."))
    return {
        "metrics": metrics,
        "labels": labels,
        "sample_index": _array(place / "sample_index.npy", np.dtype(np.int32), n),
        "true_class": classes("true_class"),
        "predicted_class": classes("predicted_class"),
        "scores": {
            name: _array(place / f"{name}.npy", np.dtype(np.float32), n) for name in names if name not in _BESIDE_LAYERS
        },
    }


def _array(file: Path, dtype: np.dtype[Any], length: int | None = None) -> NDArray[Any]:
    try:
        values: NDArray[Any] = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise RunError(f"{file}: expected an array of numpy, found none: {error}") from error
    if values.dtype != dtype or values.ndim != 1 or len(values) != (len(values) if length is None else length):
        wanted = f"{dtype} [{'n' if length is None else length}]"
        raise RunError(f"{file}: expected {wanted}, found {values.dtype} {list(values.shape)}.")
    return values


def _object(file: Path) -> dict[str, Any]:
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RunError(f"{file.parent}: expected the folder of a run, found one without {file.name}.") from error
    except (OSError, ValueError, RecursionError) as error:
        raise RunError(f"{file}: expected JSON, found something else: {error}") from error
    if not isinstance(value, dict):
        raise RunError(f"{file}: expected an object, found {type(value).__name__}.")
    return value


def needed_pandas() -> Any:
    """Returns pandas. :raises ImportError: with what to do if it is not installed."""
    try:
        import pandas
    except ImportError as error:
        raise ImportError("Tables need pandas: pip install pandas") from error
    return pandas
