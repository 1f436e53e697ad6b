"""The program's end of the protocol, for tests of the Python end."""

import json
import os
import struct
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

PACKAGE = Path(__file__).resolve().parents[2] / "resources" / "python"


class PluginProcess:
    """A plugin in a process of its own."""

    def __init__(self, folder: Path, exchange: Path, entry: str = "detector.py", python: str = sys.executable) -> None:
        self._exchange = exchange
        exchange.mkdir(exist_ok=True)
        path = os.pathsep.join(filter(None, [str(PACKAGE), os.environ.get("PYTHONPATH")]))
        env = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
        self.process = subprocess.Popen(
            [python, "-m", "cupbearer_bridge.plugin.run"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
            cwd=exchange,
        )
        self._id = 0
        self.reports: list[dict[str, Any]] = []
        self.folder = folder
        self.entry = entry

    def hello(self, protocol: int = 1) -> dict[str, Any]:
        return self.ask("hello", protocol=protocol, program="0.1.0", folder=str(self.folder), entry=self.entry, exchange=str(self._exchange))

    def send(self, frame: Mapping[str, Any]) -> None:
        self.send_raw(json.dumps(frame).encode())

    def send_raw(self, body: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(struct.pack("<I", len(body)) + body)
        self.process.stdin.flush()

    def receive(self) -> dict[str, Any] | None:
        assert self.process.stdout is not None
        head = self.process.stdout.read(4)
        if len(head) < 4:
            return None
        return json.loads(self.process.stdout.read(struct.unpack("<I", head)[0]))

    def ask(self, ask: str, **words: Any) -> dict[str, Any]:
        """Sends a question and returns its answer, serving batches meanwhile."""
        streams: dict[str, list[dict[str, np.ndarray]]] = words.pop("streams", {})
        self._id += 1
        self.send({"ask": ask, "id": self._id, **words})
        places: dict[str, int] = {}
        turn = 0
        while True:
            answer = self.receive()
            assert answer is not None, self.stderr()
            if "say" in answer:
                self.reports.append(answer)
            elif "call" in answer:
                batches = streams[answer["stream"]]
                at = 0 if answer["restart"] else places[answer["stream"]]
                places[answer["stream"]] = at + 1
                turn = 1 - turn
                self.send({"ask": "take", "batch": self.batch(batches[at], f"take-{turn}") if at < len(batches) else None})
            else:
                assert answer.pop("id") == self._id
                return answer

    def put(self, file: str, array: np.ndarray, at: int = 0) -> dict[str, Any]:
        """Writes an array and returns its place."""
        path = self._exchange / file
        with open(path, "r+b" if path.exists() else "w+b") as opened:
            opened.seek(at)
            opened.write(array.tobytes())
        return {"file": file, "at": at, "type": array.dtype.name, "shape": list(array.shape)}

    def batch(self, layers: dict[str, np.ndarray], file: str) -> dict[str, Any]:
        size = len(next(iter(layers.values())))
        at = 0
        places = {}
        for name, array in [("indices", np.arange(size, dtype=np.int32)), ("labels", np.zeros(size, np.int32)), *layers.items()]:
            places[name] = self.put(file, array, at)
            at += array.nbytes
        return {"size": size, "indices": places.pop("indices"), "labels": places.pop("labels"), "layers": places}

    def got(self, place: Mapping[str, Any]) -> np.ndarray:
        count = int(np.prod(place["shape"]))
        return np.fromfile(self._exchange / place["file"], place["type"], count, offset=place["at"]).reshape(place["shape"])

    def fit(self, definition: str, trusted: list[dict[str, np.ndarray]], params: Mapping[str, Any] | None = None, seed: int = 0) -> dict[str, Any]:
        return self.ask(
            "fit",
            definition=definition,
            params=params or {},
            layers=[{"name": name, "dims": array.shape[1]} for name, array in trusted[0].items()],
            trusted={"length": sum(len(next(iter(batch.values()))) for batch in trusted)},
            seed=seed,
            streams={"trusted": trusted},
        )

    def kept(self, state: Mapping[str, Any], file: str = "state") -> dict[str, Any]:
        """Copies a state to where the program keeps it."""
        at = 0
        tensors = {}
        for name, place in state["tensors"].items():
            array = self.got(place)
            tensors[name] = self.put(file, array, at)
            at += array.nbytes
        return {"tensors": tensors, "values": state["values"]}

    def scores(self, batch: dict[str, np.ndarray], file: str = "scored") -> Any:
        answer = self.ask("score", batch=self.batch(batch, file))
        return {name: self.got(place) for name, place in answer["scores"].items()} if "scores" in answer else answer

    def stderr(self) -> str:
        self.process.kill()
        assert self.process.stderr is not None
        return self.process.stderr.read().decode()

    def close(self) -> tuple[int, str]:
        """Ends the conversation and returns exit status and what was printed."""
        assert self.process.stdin is not None and self.process.stderr is not None
        self.process.stdin.close()
        text = self.process.stderr.read().decode()
        return self.process.wait(20), text
