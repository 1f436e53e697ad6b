"""Runs a plugin: ``python -m cupbearer_bridge.plugin.run``. It is started by the program, not by people.

Standard input and output carry the protocol, so they are taken away from the plugin first: what it prints reaches the log. This
file parses on old versions of Python, to say that they are too old.
"""

import json
import os
import struct
import sys

LEAST_PYTHON = (3, 10)


def main() -> None:
    reader, writer = _pipes()
    problem = _problem()
    if problem:
        _refuse(reader, writer, problem)
        return
    from .serving import serve

    serve(reader, writer)


def _pipes() -> "tuple[int, int]":
    """Returns file descriptors of what were standard input and output; in their place are nothing and standard error."""
    reader, writer = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    if os.name == "nt":
        import msvcrt

        for pipe in (reader, writer):
            msvcrt.setmode(pipe, os.O_BINARY)  # type: ignore[attr-defined, unused-ignore]
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(line_buffering=True)
    # "-m" puts the current folder before everything else, where any file may hide a package of the same name.
    if sys.path and sys.path[0] in ("", os.getcwd()):
        del sys.path[0]
    return reader, writer


def _problem() -> "dict[str, str] | None":
    """Returns why plugins cannot run here, as a fault; None if they can."""
    if sys.version_info < LEAST_PYTHON:
        found = "%d.%d" % sys.version_info[:2]
        return {"message": "Plugins need Python %d.%d or newer. This is Python %s: %s" % (LEAST_PYTHON + (found, sys.executable))}
    try:
        import numpy  # noqa: F401
    except ImportError as error:
        if getattr(error, "name", None) != "numpy":
            return {"message": "numpy cannot be loaded by %s: %s" % (sys.executable, error)}
        return {"message": "This Python lacks numpy: %s" % sys.executable, "missing": "numpy"}
    return None


def _refuse(reader: int, writer: int, fault: "dict[str, str]") -> None:
    """Answers the first question with the fault."""
    with os.fdopen(reader, "rb") as questions, os.fdopen(writer, "wb") as answers:
        (length,) = struct.unpack("<I", questions.read(4))
        if length > 2**20:
            return
        question = json.loads(questions.read(length).decode("utf-8"))
        answer = json.dumps({"id": question["id"], "error": fault}).encode("utf-8")
        answers.write(struct.pack("<I", len(answer)) + answer)


if __name__ == "__main__":
    main()
