"""
Times scikit-learn's search for neighbours and prints what it took as JSON, milliseconds of the clock and of the processor; used where
it is installed. Takes how many queries and references, columns, neighbours, and how often.
"""

import json
import statistics
import sys
import time

import numpy
from sklearn.neighbors import NearestNeighbors

queries, references, columns, k, calls = map(int, sys.argv[1:])
random = numpy.random.default_rng(0)
x = random.standard_normal((queries, columns), dtype=numpy.float32)
model = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(random.standard_normal((references, columns), dtype=numpy.float32))
model.kneighbors(x)
wall, processor = [], []
for _ in range(calls):
    start, before = time.perf_counter(), time.process_time()
    model.kneighbors(x)
    wall.append(1000 * (time.perf_counter() - start))
    processor.append(1000 * (time.process_time() - before))
print(json.dumps([statistics.median(wall), statistics.median(processor)]))
