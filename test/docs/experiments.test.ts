import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { planExperiment } from '../../main/experiments/plan.ts';
import { parseExperiment } from '../../main/experiments/read-spec.ts';
import { experimentSpecSchema } from '../../shared/domain/experiment.ts';

const page = readFileSync(new URL('../../docs/experiments.md', import.meta.url), 'utf8');

describe('docs/experiments.md', () => {
  it('has an example that can be planned', () => {
    const [, example] = /^```yaml\n(.*?)^```/ms.exec(page) ?? [];
    const spec = parseExperiment(example ?? '', 'The example');
    const { cells, rows, runs } = planExperiment({
      spec,
      dataDir: '/data',
      workingDir: '/work',
      version: '1',
      runFolders: {},
      mostCells: 1000,
    });
    expect(cells.filter(({ impossible }) => impossible !== null)).toEqual([]);
    expect(rows.map(({ label }) => label)).toEqual(['mahalanobis', 'neighbours 3', 'neighbours 5']);
    expect([cells.length, runs.size]).toEqual([12, 16]);
  });

  it('names every key of the file', () => {
    const named = [...page.matchAll(/^\| (`[^|]*`) \|/gm)].flatMap(([, keys]) =>
      keys!.match(/`\w+`/g)!.map((key) => key.slice(1, -1)),
    );
    expect(named.sort()).toEqual(
      Object.keys(experimentSpecSchema.shape)
        .filter((key) => key !== 'format')
        .sort(),
    );
  });
});
