"""Checks cupbearer_bridge on runs that bridge.test.ts has made; their folder is in CUPBEARER_TEST_RUNS."""

import importlib.util
import json
import os
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from cupbearer_bridge import RunError, catalogue, export, read_run

made = Path(os.environ["CUPBEARER_TEST_RUNS"])


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(made / "detector", tmp_path / "detector"))


def test_reads_scores_and_what_they_are_of() -> None:
    run = read_run(made / "detector")
    assert run.kind == "detector"
    assert run.spec["detector"]["name"] == "mahalanobis"
    assert run.labels is not None and run.labels.dtype == np.uint8
    assert set(run.labels) == {0, 1}
    assert set(run.scores) == set(run.metrics)
    for scores in run.scores.values():
        assert scores.dtype == np.float32 and scores.shape == run.labels.shape


def test_scores_give_the_auroc_of_the_program() -> None:
    run = read_run(made / "detector")
    scores = run.scores["all"].astype(float)
    clean, anomalous = scores[run.labels == 0], scores[run.labels == 1]
    above = (anomalous[:, None] > clean).mean() + (anomalous[:, None] == clean).mean() / 2
    assert run.auroc == pytest.approx(above, abs=1e-12)


def test_a_classifier_has_no_scores() -> None:
    run = read_run(made / "classifier")
    assert (run.kind, run.auroc, run.labels) == ("classifier", None, None)
    with pytest.raises(RunError, match="expected a run with scores, found a classifier"):
        run.frame()


def test_a_frame_has_a_line_a_sample() -> None:
    run = read_run(made / "detector")
    frame = run.frame()
    assert len(frame) == len(run.labels)
    assert list(frame["anomalous"]) == list(run.labels == 1)
    np.testing.assert_array_equal(frame["all"], run.scores["all"])


def test_the_catalogue_lists_runs_and_experiments() -> None:
    known = catalogue(made / "home")
    runs = known.runs().set_index("id")
    [detector] = runs.index[runs.kind == "detector"]
    assert runs.loc[detector, ["detector", "task", "seed", "status"]].tolist() == ["mahalanobis", "backdoor", 0, "done"]
    assert runs.loc[detector, "auroc"] == pytest.approx(known.run(detector).auroc, abs=1e-12)
    assert known.experiments().empty
    with pytest.raises(RunError, match="no run has the id 'nobody'"):
        known.run("nobody")


def test_the_catalogue_is_not_written_to() -> None:
    with catalogue(made / "home")._opened() as database, pytest.raises(sqlite3.OperationalError, match="readonly"):
        database.execute("DELETE FROM runs")


def test_there_may_be_no_catalogue(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="expected a catalogue, found none"):
        catalogue(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("spec.json", b"{", "expected JSON"),
        ("spec.json", b"[]", "expected an object, found list"),
        ("spec.json", json.dumps({"format": 2}).encode(), "expected a run of format 1, found 2"),
        ("spec.json", None, "found one without spec.json"),
        ("scores/all.npy", b"", "expected an array"),
        ("scores/all.npy", None, None),
        ("scores/anomaly_labels.npy", None, "expected an array"),
    ],
)
def test_says_what_is_wrong(copy: Path, name: str, content: bytes | None, found: str | None) -> None:
    if content is None:
        (copy / name).unlink()
    else:
        (copy / name).write_bytes(content)
    if found is None:
        assert "all" not in read_run(copy).scores
        return
    with pytest.raises(RunError, match=found):
        read_run(copy)


def test_refuses_pickled_and_misshapen_arrays(copy: Path) -> None:
    file = copy / "scores" / "all.npy"
    np.save(file, np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(RunError, match="expected an array"):
        read_run(copy)
    np.save(file, np.zeros(3, np.float32))
    with pytest.raises(RunError, match=r"expected float32 \[\d+\], found float32 \[3\]"):
        read_run(copy)
    np.save(file, np.zeros((len(read_labels(copy)), 2)))
    with pytest.raises(RunError, match="found float64"):
        read_run(copy)


def read_labels(folder: Path) -> np.ndarray:
    return np.load(folder / "scores" / "anomaly_labels.npy")


@pytest.mark.skipif(importlib.util.find_spec("torch") is not None, reason="PyTorch is installed here")
def test_exporting_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ImportError, match="Exporting activations needs torch: pip install torch"):
        export("model", ["a text"], out=tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
