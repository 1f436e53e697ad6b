"""
Works out the mean and covariance of the array x of a safetensors file from a memory map, block by block, in PyTorch on the CPU, in float64
and in float32. Prints seconds of the clock and of the processor and peak memory as JSON; used where torch and safetensors are installed.
"""

import json
import resource
import sys
import time

import torch
from safetensors import safe_open

ROWS = 4096


def moments(path, dtype):
    with safe_open(path, "pt") as file:
        x = file.get_slice("x")
        n, d = x.get_shape()
        total = torch.zeros(d, dtype=dtype)
        products = torch.zeros(d, d, dtype=dtype)
        for start in range(0, n, ROWS):
            block = x[start : start + ROWS].to(dtype)
            total += block.sum(0)
            products.addmm_(block.T, block)
        mean = total / n
        return mean, (products - n * torch.outer(mean, mean)) / (n - 1)


result = {}
for dtype in (torch.float32, torch.float64):
    start, before = time.perf_counter(), time.process_time()
    moments(sys.argv[1], dtype)
    result[str(dtype).removeprefix("torch.")] = {
        "seconds": time.perf_counter() - start,
        "processor": time.process_time() - before,
        "peakBytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }
print(json.dumps(result))
