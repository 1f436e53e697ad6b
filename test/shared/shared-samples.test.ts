import { describe, expect, it } from 'vitest';
import { shortRunNames } from '../../shared/run-names.ts';
import { ranksOf } from '../../shared/scores/ranks.ts';
import {
  drawnPoints,
  rankHistograms,
  scoreHistograms,
  type SharedSamples,
} from '../../shared/scores/shared-samples.ts';

/** Two runs on five samples, three of them clean; the second has not scored the first. */
const scores = [Float32Array.of(1, 2, 3, 4, 5), Float32Array.of(NaN, 10, 40, 20, 30)];
const samples: SharedSamples = {
  runs: [0, 2],
  sampleIndex: Int32Array.of(0, 1, 2, 0, 1),
  labels: Uint8Array.of(0, 0, 0, 1, 1),
  scores,
  ranks: scores.map(ranksOf),
};
const filled = (counts: readonly number[]) => counts.flatMap((count, bin) => Array<number>(count).fill(bin));

describe('scores laid over each other', () => {
  it('stand at their ranks in percent of all samples, 100 the most anomalous, whatever the scores are', () => {
    const clean = rankHistograms(samples, 0);
    // 0, 25 and 50 % of five samples; 0 and 100 % of four; the last bin holds its upper edge.
    expect(clean.counts.map(filled)).toEqual([
      [0, 10, 20],
      [0, 39],
    ]);
    const anomalous = rankHistograms(samples, 1);
    expect(anomalous.counts.map(filled)).toEqual([
      [30, 39],
      [13, 26],
    ]);
    expect(anomalous.edges).toHaveLength(41);
  });

  it('stand at their scores over the range of both histograms', () => {
    const histogram = (low: number, high: number) => ({
      scale: 'linear' as const,
      edges: [low, high],
      clean: [0],
      anomalous: [0],
    });
    const { edges, counts } = scoreHistograms(samples, 1, [histogram(0, 5), histogram(10, 60)]);
    expect([edges[0], edges.at(-1), edges.length]).toEqual([0, 60, 61]);
    expect(counts.map(filled)).toEqual([
      [4, 5],
      [20, 30],
    ]);
  });

  it('as points are those that both have scored, each once, or evenly spread ones', () => {
    const points = drawnPoints(samples, 0, 1, 100);
    expect([...points.places].sort()).toEqual([1, 2, 3, 4]);
    for (const [k, place] of points.places.entries())
      expect([points.x[k], points.y[k], points.anomalous[k]]).toEqual([
        scores[0]![place],
        scores[1]![place],
        samples.labels[place],
      ]);
    expect([...drawnPoints(samples, 0, 1, 2).places].sort()).toEqual([1, 3]);
  });
});

describe('names of compared runs', () => {
  const run = { id: 'r-0001', detector: 'knn', detectorDetail: '', taskDetail: 'corner', seed: 0, details: [] };
  it('say no more than tells them apart', () => {
    expect(shortRunNames([run, { ...run, detector: 'que' }])).toEqual(['knn', 'que']);
    expect(shortRunNames([run, { ...run, detectorDetail: 'k 3' }])).toEqual(['knn', 'knn, k 3']);
    expect(shortRunNames([run, { ...run, taskDetail: 'noise' }])).toEqual(['knn, corner', 'knn, noise']);
    expect(shortRunNames([run, { ...run, seed: 1 }])).toEqual(['knn, seed 0', 'knn, seed 1']);
    const small = { ...run, details: [{ label: 'Trusted fraction', value: '10 %' }] };
    expect(shortRunNames([run, small])).toEqual(['knn', 'knn, trusted fraction 10 %']);
    expect(shortRunNames([run, { ...run, id: 'r-0002' }])).toEqual(['knn 0001', 'knn 0002']);
  });
});
