"""
Times the same kernels in PyTorch and prints them as JSON, milliseconds of the clock and of the processor by name; used where
torch is installed. Takes the number of threads, and a word that the names must contain.
"""

import json
import statistics
import sys
import time

import torch

torch.set_num_threads(int(sys.argv[1]))
word = sys.argv[2].lower()
torch.manual_seed(0)


def median_ms(calls, action):
    for _ in range(max(1, calls // 10)):
        action()
    wall, processor = [], []
    for _ in range(calls):
        start, before = time.perf_counter(), time.process_time()
        action()
        wall.append(1000 * (time.perf_counter() - start))
        processor.append(1000 * (time.process_time() - before))
    return statistics.median(wall), statistics.median(processor)


def training_step(model, x):
    labels = torch.arange(x.shape[0]) % 10
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def step():
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(x), labels)
        loss.backward()
        optimizer.step()
        loss.item()

    return step


def mlp(inputs, hidden):
    return [torch.nn.Linear(inputs, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, 10)]


def cnn():
    block = lambda a, b: [torch.nn.Conv2d(a, b, 3, padding="same"), torch.nn.ReLU(), torch.nn.MaxPool2d(2)]
    return torch.nn.Sequential(*block(1, 32), *block(32, 64), torch.nn.AdaptiveMaxPool2d(1), torch.nn.Flatten(), *mlp(64, 256))


def product():
    a, b = torch.randn(1024, 1024), torch.randn(1024, 1024)
    return lambda: a @ b


def nearest():
    queries, references = torch.randn(5000, 512), torch.randn(5000, 512)
    normalise = torch.nn.functional.normalize
    return lambda: torch.topk(normalise(queries) @ normalise(references).T, 10)


def covariance(columns, dtype):
    rows = torch.rand(20000, columns)
    return lambda: torch.cov(rows.to(dtype).T)


def eigenpairs(n):
    m = torch.randn(n, n, dtype=torch.float64)
    return lambda: torch.linalg.eigh(m + m.T)


# How often each is timed, and what sets it up.
benches = {
    "matmul 1024^3, float32": (9, product),
    "MLP 784-128-128-10 Adam step, batch 64": (300, lambda: training_step(torch.nn.Sequential(*mlp(784, 128)), torch.randn(64, 784))),
    "MLP 784-256-256-10 Adam step, batch 128": (150, lambda: training_step(torch.nn.Sequential(*mlp(784, 256)), torch.randn(128, 784))),
    "CNN (32, 64; 256, 256) Adam step, batch 128, 28 x 28": (11, lambda: training_step(cnn(), torch.randn(128, 1, 28, 28))),
    "cosine top-10, 5000 x 5000 x 512": (3, nearest),
    "covariance 20000 x 1024, float64": (3, lambda: covariance(1024, torch.float64)),
    "covariance 20000 x 1024, float64 here, float32 in PyTorch": (3, lambda: covariance(1024, torch.float32)),
    "covariance 20000 x 4096, float64": (3, lambda: covariance(4096, torch.float64)),
    "covariance 20000 x 4096, float64 here, float32 in PyTorch": (3, lambda: covariance(4096, torch.float32)),
    **{f"eigenpairs {n} x {n}, float64": (3, lambda n=n: eigenpairs(n)) for n in (512, 1024)},
}
print(json.dumps({name: median_ms(calls, set_up()) for name, (calls, set_up) in benches.items() if word in name.lower()}))
