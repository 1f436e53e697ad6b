"""``python -m cupbearer_bridge export`` and ``check``, for models of Hugging Face and files of texts."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from pathlib import Path
from typing import Any

from .exporting import export
from .loading import loaded
from .needed import ExportError, needed
from .parity import check, save_parity


def _rows(file: Path) -> Any:
    """Reads .txt (a text a line), .jsonl, .json (a list), .csv and .parquet."""
    kind = file.suffix.lower()
    if kind == ".parquet":
        return needed("pandas", "Parquet").read_parquet(file)
    try:
        with open(file, encoding="utf-8", newline="" if kind == ".csv" else None) as lines:
            if kind == ".csv":
                return list(csv.DictReader(lines))
            if kind == ".jsonl":
                return [json.loads(line) for line in lines if line.strip()]
            if kind == ".json":
                return json.load(lines)
            return [line.rstrip("\n") for line in lines]
    except (OSError, ValueError) as error:
        raise ExportError(f"{file}: expected .txt, .jsonl, .json, .csv or .parquet: {error}") from error


def _positions(text: str) -> Any:
    if text in ("last", "mean", "max", "all"):
        return text
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError("expected last, mean, max, all, or numbers: --positions=-1,-5") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m cupbearer_bridge", description="Activations of Hugging Face models.")
    commands = parser.add_subparsers(dest="command", required=True)

    exporting = commands.add_parser("export", help="write activations of a model on texts")
    exporting.add_argument("model", help="folder or name of the model")
    exporting.add_argument("data", type=Path, help=".txt (a text a line), .jsonl, .json, .csv or .parquet")
    exporting.add_argument("out", type=Path, help="new folder")
    exporting.add_argument("--layers", nargs="+", metavar="LAYER", help="modules or patterns such as 'h.*'; default: the blocks")
    exporting.add_argument("--positions", type=_positions, help="last (default), mean, max, all, or numbers: --positions=-1,-5")
    exporting.add_argument("--text-column", default="text", metavar="NAME", help="column of the texts (default: text)")
    exporting.add_argument("--template", help="what the model is given, e.g. 'Question: {question} Answer:'")
    exporting.add_argument("--dtype", choices=["float32", "float16", "bfloat16"], help="of the stored values")
    exporting.add_argument("--batch-size", type=int, default=32, metavar="N")
    exporting.add_argument("--max-length", type=int, metavar="TOKENS", help="longer texts are cut")
    exporting.add_argument("--shard-mb", type=int, default=512, metavar="MB", help="size from which a file is split (default: 512)")
    exporting.add_argument("--overwrite", action="store_true", help="replace what is in the folder")

    checking = commands.add_parser("check", help="compute the reference rows of an export again")
    checking.add_argument("out", type=Path, help="folder of the export")
    checking.add_argument("model", help="folder or name of the model")
    checking.add_argument("--json", action="store_true", help="print JSON")

    for command in (exporting, checking):
        command.add_argument("--tokenizer", help="folder or name, where it does not lie with the model")
        command.add_argument("--model-dtype", metavar="TYPE", help="type to load the model in; default: as it was saved")
        command.add_argument("--device", help="cpu, cuda or mps; default: a GPU if there is one")
    return parser


def _device(given: str | None) -> str:
    torch = needed("torch", "Exporting activations")
    return given or ("cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu")


def _export(given: argparse.Namespace) -> int:
    data = _rows(given.data)
    made = export(
        loaded(given.model, device=_device(given.device), dtype=given.model_dtype),
        data,
        out=given.out,
        layers=given.layers,
        positions=given.positions,
        tokenizer=given.tokenizer or given.model,
        template=given.template,
        text_column=given.text_column,
        batch_size=given.batch_size,
        dtype=given.dtype,
        max_length=given.max_length,
        shard_bytes=given.shard_mb * 2**20,
        overwrite=given.overwrite,
    )
    print(f"{made.folder}: {made.contract['samples']} samples of {made.contract['dtype']}")
    for name, layer in made.contract["layers"].items():
        print(f"  {name} {layer['shape']}")
    if made.truncated > 0:
        print(f"{made.truncated} texts were cut to {made.contract['preprocessing']['max_length']} tokens.")
    return 0


def _check(given: argparse.Namespace) -> int:
    differences = check(
        given.out,
        given.model,
        tokenizer=given.tokenizer or given.model,
        device=_device(given.device),
        dtype=given.model_dtype,
    )
    try:
        save_parity(given.out, differences)
    except OSError as error:
        print(f"The result could not be saved beside the activations: {error}", file=sys.stderr)
    agree = all(difference.agrees for difference in differences.values())
    if given.json:
        layers = {name: {"largest": d.largest, "limit": d.limit} for name, d in differences.items()}
        print(json.dumps({"agrees": agree, "layers": layers}))
        return 0 if agree else 1
    for name, difference in differences.items():
        verdict = "agrees" if difference.agrees else "DIFFERS"
        print(f"{name}: largest difference {difference.largest:.3g}, rounding explains {difference.limit:.3g}: {verdict}")
    return 0 if agree else 1


def main(words: list[str] | None = None) -> int:
    given = _parser().parse_args(words)
    try:
        return _export(given) if given.command == "export" else _check(given)
    except (ExportError, ImportError) as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
