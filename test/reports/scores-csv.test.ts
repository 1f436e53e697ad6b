import { describe, expect, it } from 'vitest';
import { scoresCsv, type ScoredRun } from '../../main/reports/scores-csv.ts';
import type { Scores } from '../../main/storage/scores.ts';
import { errorOf } from '../storage/fixtures.ts';

function run(id: string, detector: string, scores: Scores): ScoredRun {
  return {
    id,
    detector,
    layout: { samples: scores.labels.length, layers: [...scores.layers.keys()] },
    scores: () => scores,
  };
}

function scoresOf(n: number, layers: Record<string, readonly number[]> = {}): Scores {
  return {
    layers: new Map(Object.entries(layers).map(([name, values]) => [name, Float32Array.from(values)])),
    labels: Uint8Array.from({ length: n }, (_, i) => i % 2),
    sampleIndex: Int32Array.from({ length: n }, (_, i) => 2 * i),
  };
}

const textOf = (blocks: Iterable<Uint8Array>) => new TextDecoder().decode(Buffer.concat([...blocks]));

describe('scores as CSV', () => {
  it('have a column for each layer that a run has, empty for the others', () => {
    const first = { ...scoresOf(2, { all: [0.1, 2] }), trueClass: Int32Array.from([3, 4]) };
    const second = { ...scoresOf(1, { 'a,b': [-1], all: [0.5] }), predictedClass: Int32Array.from([9]) };
    expect(textOf(scoresCsv([run('r1', 'knn', first), run('r2', '=ü', second)]))).toBe(
      [
        'id,detector,sample_index,anomalous,true_class,predicted_class,all,"a,b"',
        'r1,knn,0,0,3,,0.10000000149011612,',
        'r1,knn,2,1,4,,2,',
        "r2,'=ü,0,0,,9,0.5,-1",
        '',
      ].join('\n'),
    );
  });

  it('have all rows in their order where they are many', () => {
    const n = 20_000;
    const rows = textOf(scoresCsv([run('r', 'ü', scoresOf(n))])).split('\n');
    expect(rows.slice(1)).toEqual([...Array.from({ length: n }, (_, i) => `r,ü,${2 * i},${i % 2},,`), '']);
  });

  it('come in blocks, so that nobody need hold them whole', () => {
    const blocks = [...scoresCsv([run('r', 'knn', scoresOf(20_000))])];
    expect(blocks.length).toBeGreaterThan(2);
    for (const block of blocks) expect(block.length).toBeLessThan(2 ** 17);
  });

  it('are refused by the number of rows before any are read', () => {
    const read = { layout: { samples: 1_500_000, layers: ['all'] }, scores: () => expect.unreachable() };
    const error = errorOf('usage', () => scoresCsv(['a', 'b'].map((id) => ({ id, detector: 'knn', ...read }))));
    expect(error.message).toMatch(/^Scores as CSV: expected at most 2\s097\s152 rows, found 3\s000\s000\.$/);
    expect(error.hint).toContain('fewer runs');
  });

  it('are refused where their text becomes too large', () => {
    const { message } = errorOf('usage', () => [...scoresCsv([run('r', 'x'.repeat(2 ** 20), scoresOf(300))])]);
    expect(message).toMatch(/^Scores as CSV: expected at most 268\sMB, found more\.$/);
  });
});
