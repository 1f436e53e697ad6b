"""Checks the exporter of cupbearer_bridge on real models."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the exporter is tested where PyTorch is installed")
transformers = pytest.importorskip("transformers", reason="the exporter is tested where transformers is installed")

from conftest import english, german
from safetensors.numpy import load_file

from cupbearer_bridge import ExportError, check, export
from cupbearer_bridge.__main__ import main

TEXTS = english(40) + ["Yes."]


@pytest.fixture(scope="session")
def bert(bert_folder: Path) -> Any:
    return transformers.AutoModel.from_pretrained(bert_folder)


@pytest.fixture(scope="session")
def gpt2(gpt2_folder: Path) -> Any:
    return transformers.AutoModel.from_pretrained(gpt2_folder)


def tensors(folder: Path) -> dict[str, np.ndarray]:
    """Reads all shards of an export, one after another."""
    parts: dict[str, list[np.ndarray]] = {}
    for file in sorted(folder.glob("activations*.safetensors")):
        for name, values in load_file(file).items():
            parts.setdefault(name, []).append(values)
    return {name: np.concatenate(values) for name, values in parts.items()}


def contract(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "activations.json").read_text())


def rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "metadata.jsonl").read_text().splitlines()]


def one_by_one(model: Any, texts: list[str]) -> list[list[np.ndarray]]:
    """What transformers itself says of each text alone: the output of each block, ``[tokens, d]``."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(model.name_or_path)
    with torch.inference_mode():
        outputs = [model(**tokenizer(text, return_tensors="pt"), output_hidden_states=True) for text in texts]
    return [[state[0].numpy() for state in output.hidden_states[1:]] for output in outputs]


@pytest.mark.parametrize(
    ("positions", "expected"),
    [
        ("last", lambda tokens: tokens[-1]),
        ("mean", lambda tokens: tokens.mean(0)),
        ("max", lambda tokens: tokens.max(0)),
        ([0, -2], lambda tokens: tokens[[0, -2]]),
    ],
)
def test_blocks_are_what_transformers_says_of_each_text_alone(bert: Any, tmp_path: Path, positions: Any, expected: Any) -> None:
    export(bert, TEXTS, positions=positions, out=tmp_path / "out", batch_size=16, progress=False)
    written = tensors(tmp_path / "out")
    assert list(written) == [f"encoder.layer.{block}" for block in range(6)]
    alone = one_by_one(bert, TEXTS)
    for block, values in enumerate(written.values()):
        np.testing.assert_allclose(values, [expected(text[block]) for text in alone], atol=2e-5)


def test_all_tokens_of_texts_lie_one_after_another(gpt2: Any, tmp_path: Path) -> None:
    texts = [text[: 5 + 3 * place] for place, text in enumerate(TEXTS[:12])]
    export(gpt2, texts, layers="h.0", positions="all", out=tmp_path / "out", batch_size=5, progress=False)
    written = tensors(tmp_path / "out")
    alone = [states[0] for states in one_by_one(gpt2, texts)]
    assert written["lengths"].tolist() == [len(tokens) for tokens in alone]
    np.testing.assert_allclose(written["h.0"], np.concatenate(alone), atol=1e-5)
    described = contract(tmp_path / "out")
    assert described["lengths"] == "lengths"
    assert described["layers"]["h.0"]["shape"] == [max(map(len, alone)), 32]
    for row, text in zip(rows(tmp_path / "out"), texts, strict=True):
        assert "".join(row["tokens"]) == text == row["text"]


def test_the_contract_says_how_they_were_made(bert: Any, tmp_path: Path) -> None:
    made = export(bert, TEXTS, layers=["encoder.layer.[05]", "pooler"][1:], out=tmp_path / "out", name="minilm", progress=False)
    described = contract(tmp_path / "out")
    assert made.contract == described
    assert described["model"]["name"] == "minilm"
    assert (described["model"]["class"], described["model"]["library"]) == ("BertModel", "transformers")
    assert len(described["model"]["hash"]) == 64
    assert described["model"]["library_version"] == transformers.__version__
    assert (described["samples"], described["dtype"], described["positions"]) == (41, "float32", "last")
    assert described["layers"] == {"pooler": {"hook": "output", "module": "pooler", "shape": [384]}}
    assert described["preprocessing"]["max_length"] == 512
    assert described["reference"]["inputs"] == [TEXTS[row] for row in described["reference"]["rows"]]
    reference = load_file(tmp_path / "out" / "reference.safetensors")
    np.testing.assert_array_equal(reference["pooler"], tensors(tmp_path / "out")["pooler"][described["reference"]["rows"]])
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == [
        *("activations.json", "activations.safetensors", "metadata.jsonl", "reference.safetensors")
    ]


def test_files_are_split_by_size(gpt2: Any, tmp_path: Path) -> None:
    for name, size in [("whole", 2**30), ("split", 20_000)]:
        export(gpt2, TEXTS, positions="all", out=tmp_path / name, shard_bytes=size, batch_size=4, progress=False)
    whole, split = tensors(tmp_path / "whole"), tensors(tmp_path / "split")
    for name in whole:
        np.testing.assert_allclose(split[name], whole[name], atol=1e-5)
    index = json.loads((tmp_path / "split" / "model.safetensors.index.json").read_text())
    spans = index["cupbearer"]["rows"]
    assert len(spans) > 3
    assert all((tmp_path / "split" / file).stat().st_size < 21_000 for file in spans)
    assert [first for first, _ in spans.values()] == [0, *(last for _, last in spans.values())][:-1]
    assert list(spans.values())[-1][1] == 41
    assert set(index["weight_map"]) == {"h.0", "h.1", "lengths"}


KILLED = """
import os, signal, sys
from cupbearer_bridge import export
def progress(done, total):
    if done > 20: os.kill(os.getpid(), signal.SIGKILL)
export(sys.argv[1], sys.stdin.read().splitlines(), out=sys.argv[2], shard_bytes=2048, batch_size=1, progress=progress)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system kills otherwise")
def test_goes_on_after_a_kill_without_doing_anything_twice(gpt2: Any, gpt2_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    killed = subprocess.run([sys.executable, "-c", KILLED, gpt2_folder, out], input="\n".join(TEXTS), text=True, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not out.exists()
    partial = tmp_path / "out.partial"
    assert not (partial / "activations.json").exists()
    (partial / ".activations-00004-of-00006.safetensors.1.tmp").write_bytes(b"half")
    finished = {file.name: file.stat().st_mtime_ns for file in partial.glob("activations-*")}
    assert len(finished) == 2

    passes = []
    handle = gpt2.h[0].register_forward_hook(lambda *_: passes.append(1))
    try:
        made = export(gpt2, TEXTS, out=out, shard_bytes=2048, batch_size=1, progress=False)
    finally:
        handle.remove()
    assert made.resumed == 16
    assert len(passes) == 1 + 41 - 16  # One pass looks at the shapes.
    assert {name: (out / name).stat().st_mtime_ns for name in finished} == finished
    assert not partial.exists() and not list(out.glob(".*"))
    export(gpt2, TEXTS, out=tmp_path / "in one go", shard_bytes=2048, batch_size=1, progress=False)
    for name, values in tensors(tmp_path / "in one go").items():
        np.testing.assert_array_equal(tensors(out)[name], values)


def test_does_not_go_on_with_another_export(gpt2: Any, tmp_path: Path) -> None:
    class Stopped(Exception):
        pass

    def stop(done: int, total: int) -> None:
        if done > 20:
            raise Stopped

    options: dict[str, Any] = {"out": tmp_path / "out", "shard_bytes": 2048, "batch_size": 1}
    with pytest.raises(Stopped):
        export(gpt2, TEXTS, progress=stop, **options)
    with pytest.raises(ExportError, match="with other positions"):
        export(gpt2, TEXTS, positions="mean", progress=False, **options)
    with pytest.raises(ExportError, match="with other data"):
        export(gpt2, [text.upper() for text in TEXTS], progress=False, **{**options, "shard_bytes": 2048})
    assert export(gpt2, TEXTS, positions="mean", progress=False, overwrite=True, **options).resumed == 0
    with pytest.raises(ExportError, match="found an export"):
        export(gpt2, TEXTS, positions="mean", progress=False, **options)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").touch()
    with pytest.raises(ExportError, match="found one with other files"):
        export(gpt2, TEXTS, progress=False, overwrite=True, out=tmp_path / "mine")


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_stores_and_computes_in_half_precision(bert_folder: Path, bert: Any, tmp_path: Path, dtype: str) -> None:
    half = transformers.AutoModel.from_pretrained(bert_folder, dtype=getattr(torch, dtype))
    export(half, TEXTS[:8], layers="encoder.layer.5", out=tmp_path / "computed", progress=False)
    export(bert, TEXTS[:8], layers="encoder.layer.5", out=tmp_path / "stored", dtype=dtype, progress=False)
    from safetensors.torch import load_file as load_tensors

    exact = np.array([states[5][-1] for states in one_by_one(bert, TEXTS[:8])])
    for name in ("computed", "stored"):
        assert contract(tmp_path / name)["dtype"] == dtype
        values = load_tensors(tmp_path / name / "activations.safetensors")["encoder.layer.5"]
        assert values.dtype == getattr(torch, dtype)
        np.testing.assert_allclose(values.float().numpy(), exact, atol=0.1)
    assert all(found.agrees for found in check(tmp_path / "computed", half).values())
    assert all(found.agrees for found in check(tmp_path / "stored", bert).values())


class Pictures(torch.nn.Module):
    """A network on pictures, with a layer of channels and one of features."""

    def __init__(self, factor: float = 1.0) -> None:
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 4, 3)
        self.head = torch.nn.Linear(4, 5)
        self.dropout = torch.nn.Dropout(0.5)
        self.factor = factor

    def forward(self, images: Any, scale: Any = None) -> Any:
        features = self.conv(images).mean((2, 3)) * self.factor
        return self.head(self.dropout(features if scale is None else features * scale[:, None]))


def test_takes_any_module_and_arrays(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = Pictures().train()
    images = np.random.default_rng(0).random((10, 3, 6, 6), dtype=np.float32)
    columns = {"label": np.arange(10) % 2, "split": ["test"] * 10}
    made = export(
        model, images, layers=["*", "head:input"][:1] + ["head:input"], out=tmp_path / "out", batch_size=3, metadata=columns,
        preprocessing={"range": [0, 1]}, progress=False,
    )  # fmt: skip
    assert model.training and model.dropout.training and not model.conv._forward_hooks
    written = tensors(tmp_path / "out")
    places = model.conv(torch.from_numpy(images)).detach()
    assert written["conv"].shape == (10, 16, 4)
    np.testing.assert_allclose(written["conv"], places.flatten(2).transpose(1, 2).numpy(), atol=1e-6)
    np.testing.assert_allclose(written["head.input"], places.mean((2, 3)).numpy(), atol=1e-6)
    assert made.contract["preprocessing"] == {"range": [0, 1]}
    assert made.contract["layers"]["head.input"] == {"hook": "input", "module": "head", "shape": [4]}
    assert rows(tmp_path / "out")[3] == {"id": 3, "label": 1, "split": "test"}
    assert all(found.agrees for found in check(tmp_path / "out", model).values())
    arguments = {"images": images, "scale": np.full(10, 2, np.float32)}
    export(model, arguments, layers={"features": "head:input"}, out=tmp_path / "named", progress=False)
    np.testing.assert_allclose(tensors(tmp_path / "named")["features"], 2 * written["head.input"], atol=1e-6)
    assert all(found.agrees for found in check(tmp_path / "named", model).values())
    export(model, images, layers="conv", positions="mean", out=tmp_path / "pooled", progress=False)
    np.testing.assert_allclose(tensors(tmp_path / "pooled")["conv"], written["head.input"], atol=1e-6)


def test_says_which_values_half_precision_cannot_hold(tmp_path: Path) -> None:
    images = np.ones((2, 3, 6, 6), np.float32)
    with pytest.raises(ExportError, match=r"expected values of float16, up to 65504"):
        export(Pictures(1e7), images, layers="head", out=tmp_path / "out", dtype="float16", progress=False)
    images[1] = np.nan
    with pytest.warns(UserWarning, match="layer 'head': 5 values are NaN or infinite"):
        export(Pictures(), images, layers="head", out=tmp_path / "nan", progress=False)


def test_texts_come_from_columns_templates_and_chats(gpt2: Any, tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"question": ["Who?", "Where?"], "answer": ["I", "there"], "label": [0, 1], "score": [1.5, np.nan]})
    made = export(gpt2, table, template="Q: {question} A: {answer}", out=tmp_path / "table", progress=False)
    assert made.contract["prompt_template"] == "Q: {question} A: {answer}"
    assert rows(tmp_path / "table")[1] == {
        "id": 1, "question": "Where?", "answer": "there", "label": 1, "score": None, "text": "Q: Where? A: there",
    }  # fmt: skip
    chats = [{"messages": [{"role": "user", "content": word}], "group": place} for place, word in enumerate(["Hi", "Hello"])]
    made = export(gpt2, chats, out=tmp_path / "chats", progress=False)
    assert "add_generation_prompt" in made.contract["prompt_template"]
    assert made.contract["preprocessing"]["special_tokens"] is False
    assert rows(tmp_path / "chats")[1] == {"id": 1, "group": 1, "text": "user: Hello\nassistant:"}
    assert all(found.agrees for found in check(tmp_path / "chats", gpt2).values())


def test_long_texts_are_cut_and_counted(gpt2: Any, tmp_path: Path) -> None:
    made = export(gpt2, ["word " * 500, "short"], positions="all", layers="h.1", out=tmp_path / "out", progress=False)
    assert made.truncated == 1
    assert tensors(tmp_path / "out")["lengths"].tolist()[0] == 128
    assert all(found.agrees for found in check(tmp_path / "out", gpt2).values())


class Unmasked(torch.nn.Module):
    """A model that takes no mask, and whose values depend on padding."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = torch.nn.Embedding(600, 8)
        self.mixed = torch.nn.Identity()

    def forward(self, tokens: Any) -> Any:
        embedded = self.embedding(tokens)
        return self.mixed(embedded + embedded.sum(1, keepdim=True))


def test_a_model_without_a_mask_never_sees_padding(gpt2_folder: Path, tmp_path: Path) -> None:
    model = Unmasked()
    texts = ["one", "two", "a much longer text", "one"]
    export(model, texts, layers="mixed", tokenizer=gpt2_folder, out=tmp_path / "out", progress=False)
    tokenizer = transformers.AutoTokenizer.from_pretrained(gpt2_folder)
    alone = [model(torch.tensor([tokenizer(text)["input_ids"]]))[0, -1].detach().numpy() for text in texts]
    np.testing.assert_allclose(tensors(tmp_path / "out")["mixed"], alone, atol=1e-5)


def test_parity_finds_another_model(gpt2: Any, gpt2_folder: Path, tmp_path: Path) -> None:
    export(gpt2, TEXTS, out=tmp_path / "out", progress=False)
    assert all(found.agrees for found in check(tmp_path / "out", gpt2).values())
    other = transformers.AutoModel.from_pretrained(gpt2_folder)
    with torch.no_grad():
        other.h[1].mlp.c_fc.weight.mul_(1.05)
    found = check(tmp_path / "out", other, tokenizer=gpt2_folder)
    assert found["h.0"].agrees and not found["h.1"].agrees
    assert found["h.1"].largest > found["h.1"].limit > 0
    (tmp_path / "out" / "reference.safetensors").write_bytes(b"half")
    with pytest.raises(ExportError, match="expected reference rows"):
        check(tmp_path / "out", gpt2)


class Twice(torch.nn.Module):
    """A model that runs a module twice, another never, and one on token numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.shared = torch.nn.Linear(3, 3)
        self.idle = torch.nn.Linear(3, 3)
        self.counted = torch.nn.Identity()
        self.turned = torch.nn.Identity()

    def forward(self, x: Any) -> Any:
        self.counted(torch.ones(len(x), 1, dtype=torch.int64))
        return self.turned(self.shared(self.shared(x)).T)


@pytest.mark.parametrize(
    ("layers", "found"),
    [
        ("shared", "layer 'shared': the module runs more than once"),
        ("idle", "layer 'idle': the module does not run"),
        ("counted", r"layer 'counted': expected a tensor of floating point numbers, found torch.int64"),
        ("turned", r"layer 'turned': expected \[1, positions, d\] or \[1, d\], found \[3, 1\]"),
        ("nothing.*", r"expected modules of the model, found none. It has shared, idle"),
        ("shared:middle", "expected :input or :output"),
        ({"a": "*"}, "expected one module, found 4"),
        ({"lengths": "shared"}, "layer 'lengths': the name is taken"),
        ([], "expected at least one"),
        (None, "the model has no list of blocks"),
    ],
)
def test_says_which_layer_cannot_be_read(tmp_path: Path, layers: Any, found: str) -> None:
    with pytest.raises(ExportError, match=found):
        export(Twice(), np.ones((4, 3), np.float32), layers=layers, out=tmp_path / "out", progress=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("data", "options", "found"),
    [
        ("a text", {}, "expected a list of texts"),
        ([], {}, "expected samples, found none"),
        ([{"prompt": "Hi"}], {}, r"sample 0: expected a text in 'text', or messages, found \['prompt'\]"),
        ([{"prompt": "Hi"}], {"template": "{text}"}, "sample 0: expected the columns of the template"),
        (["a", [{"role": "user", "content": "b"}]], {}, "found 1 texts and 1 chats"),
        (["a", ""], {}, "sample 1: expected at least 1 tokens, found 0"),
        (["abc abc", "a"], {"positions": [-2]}, "sample 1: expected at least 2 tokens, found 1"),
        (["a"], {"positions": "first"}, "positions: expected last, mean, max, all or numbers"),
        (["a"], {"positions": []}, "positions: expected"),
        (["a"], {"dtype": "int8"}, "dtype: expected one of float64"),
        (["a"], {"metadata": {"label": [0, 1]}}, "metadata: expected 1 rows, one a sample, found 2"),
        (["a"], {"metadata": {"label": [object()]}}, "sample 0: expected a value for JSON in column 'label', found object"),
        (["a"], {"batch_size": 0}, "batch_size"),
    ],
)
def test_says_what_is_wrong_with_data(gpt2: Any, tmp_path: Path, data: Any, options: dict[str, Any], found: str) -> None:
    with pytest.raises(ExportError, match=found):
        export(gpt2, data, out=tmp_path / "out", progress=False, **options)
    assert list(tmp_path.iterdir()) == []


def test_commands_export_and_check(gpt2_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "texts.txt").write_text("\n".join(TEXTS))
    lines = [json.dumps({"prompt": text, "label": place % 2}) for place, text in enumerate(TEXTS)]
    (tmp_path / "texts.jsonl").write_text("\n".join(lines))
    model, on_cpu = str(gpt2_folder), ["--device", "cpu"]
    out = [str(tmp_path / name) for name in ("txt", "jsonl")]
    assert main(["export", model, str(tmp_path / "texts.txt"), out[0], "--layers", "h.*", *on_cpu]) == 0
    assert "41 samples of float32" in capsys.readouterr().out
    assert main(["export", model, str(tmp_path / "texts.jsonl"), out[1], "--text-column", "prompt", "--positions=-1,0", *on_cpu]) == 0
    assert contract(tmp_path / "jsonl")["layers"]["h.1"]["shape"] == [2, 32]
    assert rows(tmp_path / "jsonl")[1]["label"] == 1
    np.testing.assert_array_equal(tensors(tmp_path / "jsonl")["h.1"][:, 0], tensors(tmp_path / "txt")["h.1"])
    capsys.readouterr()
    assert main(["check", out[0], model, "--json", *on_cpu]) == 0
    assert json.loads(capsys.readouterr().out)["agrees"] is True
    saved = json.loads((tmp_path / "txt" / "parity.json").read_text())
    assert saved["contract"] == hashlib.sha256((tmp_path / "txt" / "activations.json").read_bytes()).hexdigest()
    assert all(found["largest"] <= found["limit"] for found in saved["layers"].values()) and len(saved["layers"]) == 2
    assert main(["export", model, str(tmp_path / "none.txt"), str(tmp_path / "none"), *on_cpu]) == 2
    assert "none.txt: expected .txt" in capsys.readouterr().err
    assert main(["export", str(tmp_path), str(tmp_path / "texts.txt"), str(tmp_path / "none"), *on_cpu]) == 2
    assert "expected a model of Hugging Face" in capsys.readouterr().err


def test_another_language_lies_apart(bert: Any, tmp_path: Path) -> None:
    """Exports as the guide does, and looks with numpy whether anomalies are there to be found."""
    export(bert, english(200, seed=1), positions="mean", out=tmp_path / "trusted", progress=False)
    labels = {"label": [0] * 60 + [1] * 60}
    export(bert, english(60, seed=2) + german(60), positions="mean", out=tmp_path / "test", metadata=labels, progress=False)
    assert [row["label"] for row in rows(tmp_path / "test")] == labels["label"]
    trusted, test = tensors(tmp_path / "trusted")["encoder.layer.3"], tensors(tmp_path / "test")["encoder.layer.3"]
    distance = ((test - trusted.mean(0)) ** 2 / trusted.var(0)).sum(1)
    assert distance[:60].max() < distance[60:].min()
    for name in ("model", "dtype", "preprocessing", "prompt_template", "positions", "layers"):
        assert contract(tmp_path / "trusted")[name] == contract(tmp_path / "test")[name]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda contract: contract.update(version=2), r"expected cupbearer-activations of version 1, found \('cupbearer-activations', 2\)"),
        (lambda contract: contract.pop("reference"), "expected reference rows, found none"),
        (lambda contract: contract["reference"].pop("inputs"), "found one without: 'inputs'"),
        (lambda contract: contract["reference"].update(file="../elsewhere.safetensors"), "expected a file beside the contract"),
        (lambda contract: contract["reference"].update(inputs=None), "expected arrays, found none"),
        (lambda contract: contract["layers"]["h.0"].update(module="h.9"), "expected modules of the model, found none"),
        (lambda contract: contract.update(positions="mean", layers={"h.2": contract["layers"]["h.0"]}), r"'h.2': expected \[8, 32\]"),
    ],
)
def test_parity_says_what_is_wrong_with_a_contract(gpt2: Any, tmp_path: Path, change: Any, found: str) -> None:
    export(gpt2, TEXTS[:9], out=tmp_path / "out", progress=False)
    described = contract(tmp_path / "out")
    change(described)
    (tmp_path / "out" / "activations.json").write_text(json.dumps(described))
    with pytest.raises(ExportError, match=found):
        check(tmp_path / "out", gpt2)
