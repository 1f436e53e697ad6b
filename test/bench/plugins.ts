import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { PluginLaunch } from '../../main/plugins/plugin-launch.ts';
import { PluginProcess, type SampleBatch } from '../../main/plugins/plugin-process.ts';
import { manifestSchema } from '../../shared/plugin/manifest.ts';

export const pluginsName = 'plugins';

const samples = 60_000;
const dims = 256;
const rounds = 7;
/** That of a run by default. */
const batchSize = 1000;

const sources = {
  typescript: `import { defineDetector } from 'cupbearer/plugin';
export default defineDetector({
  id: 'nothing', title: 'Nothing', summary: 'Does nothing', needs: { trusted: true }, params: {},
  async fit({ trusted }) { for await (const batch of trusted.batches()); return { tensors: {}, values: {} }; },
  score: (state, { size, layers }) => new Map([...layers.keys()].map((layer) => [layer, new Float64Array(size)])),
});`,
  python: `import numpy as np
from cupbearer_bridge.plugin import Detector


class Nothing(Detector):
    """Does nothing."""

    id = "nothing"
    needs = {"trusted": True}

    def fit(self, features):
        for batch in features.trusted.batches():
            pass

    def score(self, batch):
        return {layer: np.zeros(len(batch)) for layer in batch.layers}
`,
};

/** Milliseconds of a detector that does nothing: to start it, and to have it see all samples twice, fitting and scoring; the least of some rounds. */
interface PluginTimes {
  what: string;
  start: number;
  fit: number;
  score: number;
  /** Bytes of activations that a second of fitting and scoring hands over. */
  rate: number;
}

/** Measures a detector that does nothing, in both languages. */
export async function measurePlugins(python: string): Promise<PluginTimes[]> {
  const x = Float32Array.from({ length: batchSize * dims }, Math.random);
  const batch = (at: number): SampleBatch => {
    const size = Math.min(batchSize, samples - at);
    return {
      size,
      indices: Int32Array.from({ length: size }, (_, i) => at + i),
      labels: new Int32Array(size),
      layers: new Map([['layer', x.subarray(0, size * dims)]]),
    };
  };
  const stream = {
    length: samples,
    async *batches() {
      await Promise.resolve();
      for (let at = 0; at < samples; at += batchSize) yield batch(at);
    },
  };
  const times: PluginTimes[] = [];
  for (const language of ['typescript', 'python'] as const) {
    const folder = mkdtempSync(join(tmpdir(), 'plugin-bench-'));
    const entry = language === 'python' ? 'detector.py' : 'detector.ts';
    writeFileSync(join(folder, entry), sources[language]);
    const launch: PluginLaunch = {
      version: { id: 'nothing', version: '0.1.0', hash: '0'.repeat(64) },
      manifest: manifestSchema.parse({
        id: 'nothing',
        version: '0.1.0',
        language,
        entry,
        adds: [{ kind: 'detector', id: 'nothing' }],
      }),
      folder,
      content: folder,
      python,
    };
    const begin = performance.now();
    const plugin = await PluginProcess.start(launch);
    await plugin.describe();
    const layers = [{ name: 'layer', dims }];
    // Once to have all code loaded and compiled.
    const state = await plugin.fit(
      'nothing',
      {},
      { layers, trusted: { length: 1, batches: () => stream.batches() } },
      0,
    );
    await plugin.load('nothing', {}, state, 0);
    const start = performance.now() - begin;
    const fits = [];
    const scores = [];
    for (let round = 0; round < rounds; round++) {
      const started = performance.now();
      await plugin.fit('nothing', {}, { layers, trusted: stream }, 0);
      const fitted = performance.now();
      await plugin.load('nothing', {}, state, 0);
      for (let at = 0; at < samples; at += batchSize) await plugin.score(batch(at));
      fits.push(fitted - started);
      scores.push(performance.now() - fitted);
    }
    times.push(timesOf(language, start, Math.min(...fits), Math.min(...scores)));
    await plugin.close();
    rmSync(folder, { recursive: true });
  }
  return times;
}

function timesOf(what: string, start: number, fit: number, score: number): PluginTimes {
  return { what, start, fit, score, rate: (2 * samples * dims * 4) / ((fit + score) / 1000) };
}
