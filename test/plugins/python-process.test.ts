import { spawnSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PluginProcess, type PluginOptions, type SampleBatch } from '../../main/plugins/plugin-process.ts';

const python = process.env['PYTHON'] ?? 'python3';
const hasNumpy = spawnSync(python, ['-c', 'import numpy']).status === 0;

const detector = `
import numpy as np
from cupbearer_bridge.plugin import Detector, LayerDetector, fields


class MeanDistance(LayerDetector):
    """Distance to the mean of the trusted activations."""

    id = "mean-distance"
    params = {"scale": fields.number(default=1, min=0, help="Factor of all scores")}

    def fit_layer(self, x, layer):
        print("printed at", layer)
        return {"mean": x.mean(0, dtype=np.float64), "count": len(x), "mask": x[0] > 0}

    def score_layer(self, x, state):
        assert state["mask"].dtype == bool and isinstance(state["count"], int)
        return self.params.scale * np.linalg.norm(x - state["mean"], axis=1)


class Endless(Detector):
    """Never ends."""

    id = "endless"

    def fit(self, features):
        while True:
            self.progress(1, 2, "Waiting")

    def score(self, batch):
        return batch.indices


class Broken(Detector):
    """Fails."""

    id = "broken"

    def fit(self, features):
        self.state["n"] = len(features.trusted)

    def score(self, batch):
        return batch["a"].mean(1) / (batch.indices * 0)
`;

const layers = [
  { name: 'a', dims: 3 },
  { name: 'b', dims: 2 },
];

function batch(size: number, offset: number): SampleBatch {
  const values = (dims: number) => Float32Array.from({ length: size * dims }, (_, i) => Math.sin(offset + i));
  return {
    size,
    labels: new Int32Array(size),
    indices: Int32Array.from({ length: size }, (_, i) => i),
    layers: new Map(layers.map(({ name, dims }) => [name, values(dims)])),
  };
}

const batches = [batch(4, 0), batch(4, 50), batch(2, 100)];
const trusted = {
  length: 10,

  async *batches() {
    yield* batches;
  },
};

function distances(name: string, dims: number, tested: SampleBatch) {
  const rows = (of: SampleBatch) =>
    Array.from({ length: of.size }, (_, row) => of.layers.get(name)!.subarray(row * dims, (row + 1) * dims));
  const all = batches.flatMap(rows);
  const mean = Array.from({ length: dims }, (_, j) => all.reduce((sum, row) => sum + row[j]!, 0) / all.length);
  return rows(tested).map((row) => Math.hypot(...mean.map((value, j) => row[j]! - value)));
}

describe.skipIf(!hasNumpy)('the Python end of plugins (skipped without numpy)', () => {
  let folder: string;
  const started: PluginProcess[] = [];

  beforeEach(() => (folder = realpathSync(mkdtempSync(join(tmpdir(), 'cupbearer-plugin-')))));
  afterEach(async () => {
    for (const plugin of started.splice(0)) await plugin.close();
    rmSync(folder, { recursive: true });
  });

  async function start(options: PluginOptions = {}, text = detector) {
    writeFileSync(join(folder, 'detector.py'), text);
    const plugin = await PluginProcess.start(
      {
        version: { id: 'mine', version: '0.1.0', hash: '0'.repeat(64) },
        manifest: {
          id: 'mine',
          version: '0.1.0',
          language: 'python',
          entry: 'detector.py',
          adds: [{ kind: 'detector', id: 'mean-distance' }],
        },
        folder,
        content: folder,
        python: spawnSync(python, ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).stdout.trim(),
      },
      options,
    );
    started.push(plugin);
    return plugin;
  }

  it('describes, learns, and scores in another process', async () => {
    const printed: string[] = [];
    const plugin = await start({ log: (line) => printed.push(line) });
    expect(await plugin.describe()).toMatchObject([
      {
        kind: 'detector',
        id: 'mean-distance',
        title: 'Mean distance',
        summary: 'Distance to the mean of the trusted activations',
        fields: [{ key: 'scale', type: 'number', default: 1, min: 0 }],
        needs: { trusted: true },
      },
      { id: 'endless' },
      { id: 'broken' },
    ]);
    const state = await plugin.fit('mean-distance', { scale: 2, layers: null }, { layers, trusted }, 7);
    // What it prints comes by another pipe than its answer.
    await vi.waitFor(() => expect(printed).toEqual(['printed at a', 'printed at b']));
    await plugin.close();

    const other = await start();
    await other.load('mean-distance', { scale: 2 }, state, 7);
    const tested = batch(5, 1000);
    const scores = await other.score(tested);
    expect([...scores.keys()]).toEqual(['a', 'b']);
    for (const { name, dims } of layers) {
      const expected = distances(name, dims, tested);
      expected.forEach((value, i) => expect(scores.get(name)![i]).toBeCloseTo(2 * value, 6));
    }
  });

  it('stops when it is cancelled', async () => {
    const cancelling = new AbortController();
    const plugin = await start({ signal: cancelling.signal, progress: () => cancelling.abort() });
    await expect(plugin.fit('endless', {}, { layers, trusted }, 0)).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('names file and line of what fails', async () => {
    const plugin = await start();
    const state = await plugin.fit('broken', {}, { layers, trusted }, 0);
    await plugin.load('broken', {}, state, 0);
    await expect(plugin.score(batch(5, 0))).rejects.toMatchObject({
      message: expect.stringContaining('expected finite scores, found 5 of 5') as string,
      details: { file: join(folder, 'detector.py'), line: 42 },
    });
  });

  it('says which package is missing', async () => {
    const plugin = await start({}, 'import cv2_that_nobody_has\n');
    await expect(plugin.describe()).rejects.toMatchObject({
      message: expect.stringContaining('cv2_that_nobody_has') as string,
    });
  });
});
