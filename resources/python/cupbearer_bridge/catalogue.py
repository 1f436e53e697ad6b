"""The catalogue of runs and experiments, a SQLite file of the program's."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .runs import Run, RunError, needed_pandas, read_run

if TYPE_CHECKING:
    import pandas


def home() -> Path:
    """Returns the folder of the program's own files for this user; it need not exist."""
    if own := os.environ.get("CUPBEARER_HOME"):
        return Path(own).absolute()
    user = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or user / "AppData" / "Local") / "Cupbearer"
    if sys.platform == "darwin":
        return user / "Library" / "Application Support" / "Cupbearer"
    return Path(os.environ.get("XDG_DATA_HOME") or user / ".local" / "share") / "cupbearer"


def catalogue(folder: str | os.PathLike[str] | None = None) -> Catalogue:
    """Returns the catalogue in the program's folder, :func:`home` unless another one is given.

    :raises RunError: if there is none.
    """
    path = (home() if folder is None else Path(folder).absolute()) / "catalogue.sqlite"
    if not path.is_file():
        raise RunError(f"{path.parent}: expected a catalogue, found none. Its folder is told by: npx cupbearer doctor")
    return Catalogue(path)


class Catalogue:
    """Runs and experiments as the program knows them. Nothing is ever written to it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def records(self) -> list[dict[str, Any]]:
        """Returns the rows of all runs, the newest first, with ``spec``, ``metrics``, ``timings`` and ``tags`` parsed."""
        with closing(self._opened()) as database:
            rows = [dict(row) for row in database.execute("SELECT * FROM runs ORDER BY created_at DESC, id DESC")]
            tags: dict[str, list[str]] = {}
            for run, tag in database.execute("SELECT run_id, tag FROM run_tags ORDER BY run_id, position"):
                tags.setdefault(run, []).append(tag)
            names = dict(
                database.execute(
                    "SELECT run_id, group_concat(name, ', ') FROM experiment_runs "
                    "JOIN experiments ON experiments.id = experiment_id GROUP BY run_id"
                )
            )
        for row in rows:
            for key in ("spec", "metrics", "timings"):
                row[key] = json.loads(row[key])
            row["tags"] = tags.get(row["id"], [])
            row["experiment"] = names.get(row["id"])
        return rows

    def runs(self) -> pandas.DataFrame:
        """Returns one line a run: what it is, how it went, ``detector``, ``task``, ``seed``, and a column a metric."""
        plain = ["id", "kind", "status", "title", "experiment", "folder", "created_at", "started_at", "ended_at", "engine"]
        lines = [
            {
                **{key: row.get(key) for key in plain},
                "detector": _name(row["spec"].get("detector")),
                "task": _name(row["spec"].get("task")),
                "seed": row["spec"].get("seed"),
                "tags": row["tags"],
                "took_ms": row["timings"].get("total"),
                **row["metrics"],
            }
            for row in self.records()
        ]
        table: pandas.DataFrame = needed_pandas().DataFrame(lines)
        return table

    def experiments(self) -> pandas.DataFrame:
        """Returns one line an experiment: id, name, folder, when it was made, and its spec."""
        with closing(self._opened()) as database:
            rows = [
                {**dict(row), "spec": json.loads(row["spec"])}
                for row in database.execute(
                    "SELECT id, name, folder, created_at, spec FROM experiments ORDER BY created_at DESC"
                )
            ]
        columns = ["id", "name", "folder", "created_at", "spec"]
        table: pandas.DataFrame = needed_pandas().DataFrame(rows, columns=columns)
        return table

    def run(self, id: str) -> Run:
        """Reads the run with this id. :raises RunError: if the catalogue has none, or it cannot be read."""
        with closing(self._opened()) as database:
            row = database.execute("SELECT folder FROM runs WHERE id = ?", (id,)).fetchone()
        if row is None:
            raise RunError(f"{self.path}: no run has the id {id!r}.")
        return read_run(row["folder"])

    def _opened(self) -> sqlite3.Connection:
        database = sqlite3.connect(f"file:{quote(str(self.path))}?mode=ro", uri=True)
        database.row_factory = sqlite3.Row
        return database


def _name(part: Any) -> str | None:
    return part.get("name") if isinstance(part, dict) else part
