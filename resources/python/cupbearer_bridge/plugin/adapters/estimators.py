"""Any detector of PyOD, any outlier estimator of scikit-learn."""

from __future__ import annotations

import importlib
import inspect
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from .. import fields
from ..detector import Floats, Layer, LayerDetector
from ..fields import Field
from .pickled import dumps, loads

#: Parameters that have no effect on scores, and those that the adapter sets.
_UNUSED = ("contamination", "n_jobs", "verbose", "check_estimator", "random_state", "device", "copy", "warm_start", "behaviour")
#: Detectors of PyOD that rank new samples together with the ones they learned from.
_TOGETHER = ("CD", "COF", "COPOD", "ECOD", "RGraph", "ROD", "SOD", "SOS")


def pyod_detector(
    module: str,
    name: str,
    *,
    id: str | None = None,
    title: str | None = None,
    summary: str | None = None,
    source: str | None = None,
    params: Mapping[str, Field] | None = None,
    fixed: Mapping[str, Any] | None = None,
    depends_on_batch: bool | None = None,
    depends_on_scale: str | None = None,
) -> type[LayerDetector]:
    """Returns a detector that fits one of PyOD to each layer: ``pyod_detector("pyod.models.ecod", "ECOD")``.

    :param id: by default ``pyod-`` and the name of its module.
    :param params: fields in place of those that are read off the constructor, by name.
    :param fixed: arguments of the constructor that are no parameters.
    :param depends_on_batch: whether scores depend on what else is in a batch, as those of ECOD do.
    :param depends_on_scale: why samples are ranked differently where activations are on another scale, if they are.
    """
    estimator = getattr(importlib.import_module(module), name)
    short = module.rpartition(".")[2].replace("_", "-")
    return _made(
        estimator,
        id=id or f"pyod-{short}",
        title=title or f"{name} (PyOD)",
        summary=summary or _summary(estimator, f"{name} of PyOD"),
        source=source or "PyOD, https://pyod.readthedocs.io",
        params=params,
        fixed=fixed,
        depends_on_batch=name in _TOGETHER if depends_on_batch is None else depends_on_batch,
        depends_on_scale=depends_on_scale,
        method="decision_function",
        sign=1,
    )


def sklearn_detector(
    module: str,
    name: str,
    *,
    id: str | None = None,
    title: str | None = None,
    summary: str | None = None,
    source: str | None = None,
    params: Mapping[str, Field] | None = None,
    fixed: Mapping[str, Any] | None = None,
    depends_on_scale: str | None = None,
) -> type[LayerDetector]:
    """Returns a detector that fits an estimator of scikit-learn to each layer: ``sklearn_detector("sklearn.svm", "OneClassSVM")``.

    It may be any with ``score_samples`` or ``decision_function``, which are high for normal samples: also ``GaussianMixture`` or ``PCA``.
    """
    estimator = getattr(importlib.import_module(module), name)
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", name).lower()
    given = dict(fixed or {})
    if "novelty" in inspect.signature(estimator).parameters:
        given.setdefault("novelty", True)
    method = "score_samples" if hasattr(estimator(**given), "score_samples") else "decision_function"
    return _made(
        estimator,
        id=id or f"sklearn-{words}",
        title=title or f"{name} (scikit-learn)",
        summary=summary or _summary(estimator, f"{name} of scikit-learn"),
        source=source or f"scikit-learn, https://scikit-learn.org/stable/modules/generated/{module}.{name}.html",
        params=params,
        fixed=given,
        depends_on_batch=False,
        depends_on_scale=depends_on_scale,
        method=method,
        sign=-1,
    )


class _EstimatorDetector(LayerDetector):
    """Fits an estimator to each layer, and keeps it as bytes."""

    estimator: ClassVar[type]
    fixed: ClassVar[Mapping[str, Any]]
    method: ClassVar[str]
    sign: ClassVar[int]
    _loaded: dict[int, Any]

    def __init__(self) -> None:
        self._loaded = {}

    def fit_layer(self, x: Floats, layer: Layer) -> Mapping[str, Any]:
        given = {key: _number(value) for key, value in vars(self.params).items() if value is not None}
        if "random_state" in inspect.signature(self.estimator).parameters:
            given["random_state"] = int(self.rng.integers(2**31))
        model = self.estimator(**given, **self.fixed)
        model.fit(x.astype(np.float64))
        return {"model": dumps(model)}

    def score_layer(self, x: Floats, state: Mapping[str, Any]) -> NDArray[np.float64]:
        # A state stays the same object as long as a detector is loaded.
        if id(state) not in self._loaded:
            own = self.estimator.__module__.partition(".")[0]
            self._loaded[id(state)] = loads(state["model"], (own, "scipy", "sklearn"))
        scores = getattr(self._loaded[id(state)], self.method)(x.astype(np.float64))
        return self.sign * np.asarray(scores, np.float64)


def _number(value: Any) -> Any:
    """Returns the number in a text: an argument that is "auto" by default may be one."""
    for kind in (int, float):
        if isinstance(value, str):
            try:
                value = kind(value)
            except ValueError:
                pass
    return value


def _made(
    estimator: type,
    *,
    id: str,
    title: str,
    summary: str,
    source: str,
    params: Mapping[str, Field] | None,
    fixed: Mapping[str, Any] | None,
    depends_on_batch: bool,
    depends_on_scale: str | None,
    method: str,
    sign: int,
) -> type[LayerDetector]:
    given = dict(fixed or {})
    read = {key: field for key, field in read_fields(estimator).items() if key not in given}
    return type(
        estimator.__name__,
        (_EstimatorDetector,),
        {
            "id": id,
            "title": title[:100],
            "summary": summary,
            "source": source,
            "params": {**read, **(params or {})},
            "needs": {"trusted": True},
            "depends_on_batch": depends_on_batch,
            "depends_on_scale": depends_on_scale,
            "estimator": estimator,
            "fixed": given,
            "method": method,
            "sign": sign,
            "__module__": __name__,
        },
    )


def read_fields(estimator: type) -> dict[str, Field]:
    """Returns fields for the arguments of a constructor that are numbers, words or flags, with help from its docstring."""
    help = _documented(inspect.getdoc(estimator) or "")
    found = {}
    for key, parameter in inspect.signature(estimator).parameters.items():
        if key not in _UNUSED and re.fullmatch(r"[a-z][a-z0-9_]{0,63}", key):
            constraints = getattr(estimator, "_parameter_constraints", {}).get(key, [])
            field = _field(parameter.default, help.get(key, ""), constraints)
            if field is not None:
                found[key] = field
    return found


def _field(default: Any, help: str, constraints: Sequence[Any]) -> Field | None:
    if isinstance(default, bool):
        return fields.flag(default=default, help=help)
    if isinstance(default, str):
        # scikit-learn knows the words that an argument may be.
        options = sorted({word for constraint in constraints for word in getattr(constraint, "options", ()) if isinstance(word, str)})
        if len(options) > 1 and default in options:
            return fields.choice(options, default=default, help=help)
        return fields.text(default=default, help=help) if default and not options else None
    if isinstance(default, int):
        return fields.integer(default=default, min=_least(constraints), help=help)
    if isinstance(default, float) and math.isfinite(default):
        return fields.number(default=default, min=_least(constraints), help=help)
    if isinstance(default, (list, tuple)) and default and all(type(item) is int for item in default):
        return fields.integers(default=default, help=help)
    return None


def _least(constraints: Sequence[Any]) -> int | None:
    bounds = [constraint.left for constraint in constraints if getattr(constraint, "left", None) is not None]
    # A bound that is itself allowed, and no fraction of something else.
    return int(min(bounds)) if bounds and all(float(bound).is_integer() for bound in bounds) else None


def _documented(text: str) -> dict[str, str]:
    """Returns the first sentence on each parameter of a docstring in numpy's manner."""
    found: dict[str, str] = {}
    for key, body in re.findall(r"^(\w+) ?:[^\n]*\n((?:(?:[ \t]+[^\n]*)?\n)+)", text + "\n", re.MULTILINE):
        first = " ".join(body.split("\n\n")[0].split())
        first = re.sub(r":[a-z]+:(?=`)", "", first)
        sentence = re.split(r"(?<=[a-z)`'\"])\.(?: |$)", first)[0].replace("`", "").strip(" .:")
        found.setdefault(key, sentence[:300])
    return found


def _summary(estimator: type, fallback: str) -> str:
    first = " ".join((inspect.getdoc(estimator) or "").split("\n\n")[0].split()).strip(" .")
    return re.split(r"\. ", first)[0].rstrip(".")[:300] or fallback
