"""Frames of JSON over pipes: the length of what follows (4 bytes, little-endian) and that many bytes in UTF-8."""

from __future__ import annotations

import json
import os
import queue
import struct
import threading
import time
from typing import Any, NoReturn

from .definition import Cancelled
from .questions import ProtocolError, checked_question

MOST_FRAME_BYTES = 16 * 2**20

Frame = dict[str, Any]

#: Seconds between two reports of progress.
_REPORT_EVERY = 0.1


def read_frame(pipe: int) -> Frame | None:
    """Returns the next question; None at the end of the pipe. :raises ProtocolError: for anything else."""
    head = _exactly(pipe, 4)
    if head is None:
        return None
    (length,) = struct.unpack("<I", head)
    if length > MOST_FRAME_BYTES:
        raise ProtocolError(f"expected a frame of at most {MOST_FRAME_BYTES} bytes, found {length}.")
    body = _exactly(pipe, length)
    if body is None:
        raise ProtocolError("the pipe ended within a frame.")
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"expected JSON, found something else: {error}") from None
    return checked_question(value)


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of JSON")


def _exactly(pipe: int, count: int) -> bytes | None:
    """Returns so many bytes; None if the pipe ends before the first. :raises ProtocolError: if it ends after it."""
    parts, found = [], 0
    while found < count:
        part = os.read(pipe, min(count - found, 2**20))
        if not part:
            if found == 0:
                return None
            raise ProtocolError("the pipe ended within a frame.")
        parts.append(part)
        found += len(part)
    return b"".join(parts)


class Conversation:
    """Questions in order, answers, and what a plugin says meanwhile. A thread reads, so that a cancellation is seen at once."""

    def __init__(self, reader: int, writer: int) -> None:
        self._reader = reader
        self._writer = writer
        self._writing = threading.Lock()
        self._arrived: queue.SimpleQueue[Frame | None] = queue.SimpleQueue()
        self._cancelled: int | None = None
        self._reported = 0.0
        #: The question that is being answered.
        self.current: int | None = None
        threading.Thread(target=self._read, name="cupbearer frames", daemon=True).start()

    def _read(self) -> None:
        try:
            while True:
                frame = read_frame(self._reader)
                if frame is None:
                    break
                if frame["ask"] == "cancel":
                    self._cancelled = frame["of"]
                self._arrived.put(frame)
        except (OSError, ProtocolError) as error:
            os.write(2, f"The program sent what is no question: {error}\n".encode())
            os._exit(3)
        # Nobody waits for an answer any more. Whatever the plugin is computing is ended if it does not end by itself.
        self._arrived.put(None)
        time.sleep(2)
        os._exit(0)

    def question(self) -> Frame | None:
        """Waits for the next question; returns None once the program is gone. Leftovers of the one before are dropped."""
        while True:
            frame = self._arrived.get()
            if frame is None or frame["ask"] not in ("cancel", "take"):
                self.current = None if frame is None else frame["id"]
                return frame

    def batch(self, stream: str, restart: bool) -> Any:
        """Asks for a batch and returns it. :raises Cancelled: if the question is cancelled."""
        self.check()
        self.send({"call": "batch", "of": self.current, "stream": stream, "restart": restart})
        while True:
            frame = self._arrived.get()
            if frame is None:
                # The reading thread ends the process.
                raise Cancelled
            self.check()
            if frame["ask"] == "take":
                return frame["batch"]
            if frame["ask"] != "cancel":
                raise ProtocolError(f"expected a batch, found the question {frame['ask']!r}.")

    def check(self) -> None:
        """:raises Cancelled: if the question that is being answered was cancelled."""
        if self.current is not None and self._cancelled == self.current:
            raise Cancelled

    def progress(self, done: float, total: float, phase: str) -> None:
        self.check()
        now = time.monotonic()
        if now - self._reported >= _REPORT_EVERY or done >= total:
            self._reported = now
            self.send({"say": "progress", "phase": phase, "done": done, "total": total})

    def log(self, text: str) -> None:
        self.check()
        self.send({"say": "log", "text": text})

    def send(self, frame: Frame) -> None:
        """Sends a frame whole. :raises ValueError: if it is too long, or holds what JSON cannot."""
        body = json.dumps(frame, allow_nan=False, separators=(",", ":")).encode()
        if len(body) > MOST_FRAME_BYTES:
            raise ValueError(f"expected an answer of at most {MOST_FRAME_BYTES} bytes besides its arrays, found {len(body)}.")
        rest = memoryview(struct.pack("<I", len(body)) + body)
        with self._writing:
            while rest:
                rest = rest[os.write(self._writer, rest) :]
