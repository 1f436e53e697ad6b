"""Times the same kernels in PyTorch and prints them as JSON, milliseconds of the clock and of the processor by name; used where torch is installed."""

import json
import statistics
import sys
import time

import torch

torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
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


a, b = torch.randn(1024, 1024), torch.randn(1024, 1024)
rows = torch.rand(20000, 1024)
queries, references = torch.randn(5000, 512), torch.randn(5000, 512)


def nearest():
    normalise = torch.nn.functional.normalize
    return torch.topk(normalise(queries) @ normalise(references).T, 10)


symmetric = {n: torch.randn(n, n, dtype=torch.float64) for n in (512, 1024)}
print(
    json.dumps(
        {
            "matmul 1024^3, float32": median_ms(9, lambda: a @ b),
            "MLP 784-128-128-10 Adam step, batch 64": median_ms(300, training_step(torch.nn.Sequential(*mlp(784, 128)), torch.randn(64, 784))),
            "MLP 784-256-256-10 Adam step, batch 128": median_ms(150, training_step(torch.nn.Sequential(*mlp(784, 256)), torch.randn(128, 784))),
            "CNN (32, 64; 256, 256) Adam step, batch 128, 28 x 28": median_ms(11, training_step(cnn(), torch.randn(128, 1, 28, 28))),
            "cosine top-10, 5000 x 5000 x 512": median_ms(3, nearest),
            "covariance 20000 x 1024, float64": median_ms(3, lambda: torch.cov(rows.double().T)),
            **{f"eigenpairs {n} x {n}, float64": median_ms(3, lambda: torch.linalg.eigh(m + m.T)) for n, m in symmetric.items()},
        }
    )
)
