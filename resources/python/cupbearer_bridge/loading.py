"""Models of Hugging Face by their folder or name."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from .needed import ExportError, needed

if TYPE_CHECKING:
    import torch


def loaded(
    model: torch.nn.Module | str | os.PathLike[str], *, device: str | None = None, dtype: str | None = None
) -> torch.nn.Module:
    """Returns a model, loaded from its folder if that is given, on the device if one is given.

    Code that comes with a model is not run, and weights are read from safetensors only.

    :raises ExportError: if the folder holds no model that transformers knows.
    """
    if isinstance(model, (str, os.PathLike)):
        transformers: Any = needed("transformers", "A model of Hugging Face")
        try:
            own: torch.nn.Module = transformers.AutoModel.from_pretrained(
                os.fspath(model), dtype=dtype or "auto", use_safetensors=True, trust_remote_code=False
            )
        except (OSError, ValueError) as error:
            raise ExportError(f"{os.fspath(model)}: expected a model of Hugging Face: {error}") from error
        model = own
    return model if device is None else model.to(device)
