import type { RankedScores } from '../../shared/scores/ranked-scores.ts';
import { rankScores, type Scores } from '../../shared/scores/ranked-scores.ts';

/** One point for each choice of threshold, from the one above every score to the lowest score. */
interface RocPoints {
  fpr: number[];
  tpr: number[];
  /** Samples scoring at least this are flagged; the first is Infinity. */
  threshold: number[];
}

/** The ROC curve at every distinct threshold, `[groups + 1]`, starting at (0, 0). */
export function rocPointsOf({ thresholds, anomalous, clean, nAnomalous, nClean }: RankedScores): RocPoints {
  const points: RocPoints = { fpr: [0], tpr: [0], threshold: [Infinity] };
  let tp = 0;
  let fp = 0;
  for (let g = 0; g < thresholds.length; g++) {
    tp += anomalous[g]!;
    fp += clean[g]!;
    points.fpr.push(fp / nClean);
    points.tpr.push(tp / nAnomalous);
    points.threshold.push(thresholds[g]!);
  }
  return points;
}

interface PrecisionRecallPoints {
  recall: number[];
  precision: number[];
  threshold: number[];
}

/** Precision and recall at every distinct threshold, `[groups]`, in order of rising recall. */
function precisionRecallPointsOf({ thresholds, anomalous, clean, nAnomalous }: RankedScores): PrecisionRecallPoints {
  const points: PrecisionRecallPoints = { recall: [], precision: [], threshold: [] };
  let tp = 0;
  let flagged = 0;
  for (let g = 0; g < thresholds.length; g++) {
    tp += anomalous[g]!;
    flagged += anomalous[g]! + clean[g]!;
    points.recall.push(tp / nAnomalous);
    points.precision.push(tp / flagged);
    points.threshold.push(thresholds[g]!);
  }
  return points;
}

/** {@link rocPointsOf} of scores `[n]` and labels `[n]` (1 = anomalous). @throws as `checkScores`. */
export function rocPoints(scores: Scores, labels: Uint8Array): RocPoints {
  return rocPointsOf(rankScores(scores, labels));
}

/** {@link precisionRecallPointsOf} of scores `[n]` and labels `[n]` (1 = anomalous). @throws as `checkScores`. */
export function precisionRecallPoints(scores: Scores, labels: Uint8Array): PrecisionRecallPoints {
  return precisionRecallPointsOf(rankScores(scores, labels));
}

type Vertex = readonly [x: number, y: number];

/** Distance of `p` from the segment between `a` and `b`. */
function distanceToSegment(p: Vertex, a: Vertex, b: Vertex): number {
  const dx = b[0] - a[0];
  const dy = b[1] - a[1];
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : Math.min(1, Math.max(0, ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / length));
  return Math.hypot(p[0] - a[0] - along * dx, p[1] - a[1] - along * dy);
}

/**
 * Which vertices of a polyline to keep, at most `limit`, ascending, ends included. Adds the vertex that lies furthest
 * from the line drawn so far until none is off it (Douglas & Peucker 1973 with a bound on the number); "furthest" is taken over
 * all `views`, the same vertices in other coordinates, so that corners of a logarithmic axis survive too.
 */
function keptVertices(views: readonly (readonly Vertex[])[], limit: number): number[] {
  const last = views[0]!.length - 1;
  if (last < 1) return [0];
  const furthest = (start: number, end: number) => {
    let at = start;
    let distance = 0;
    for (let i = start + 1; i < end; i++) {
      for (const view of views) {
        const off = distanceToSegment(view[i]!, view[start]!, view[end]!);
        if (off > distance) [at, distance] = [i, off];
      }
    }
    return { start, end, at, distance };
  };
  const kept = [0, last];
  const open = [furthest(0, last)];
  while (kept.length < limit && open.length > 0) {
    let worst = 0;
    for (let k = 1; k < open.length; k++) if (open[k]!.distance > open[worst]!.distance) worst = k;
    const [segment] = open.splice(worst, 1);
    // Below a tenth of a pixel in a plot of 1000 pixels nothing can be seen.
    if (segment === undefined || segment.distance < 1e-4) break;
    kept.push(segment.at);
    open.push(furthest(segment.start, segment.at), furthest(segment.at, segment.end));
  }
  return kept.sort((a, b) => a - b);
}

/**
 * The ROC curve for plotting with straight lines, at most `limit` points: what is left out lies on the line between its
 * neighbours, as nearly as the limit allows, on a linear and on a logarithmic FPR axis (which opens at half a sample).
 */
export function thinnedRoc(ranked: RankedScores, limit = 240): RocPoints {
  const { fpr, tpr, threshold } = rocPointsOf(ranked);
  const lowest = 0.5 / ranked.nClean;
  const decades = -Math.log10(lowest);
  const kept = keptVertices(
    [
      fpr.map((x, i): Vertex => [x, tpr[i]!]),
      fpr.map((x, i): Vertex => [1 + Math.log10(Math.max(x, lowest)) / decades, tpr[i]!]),
    ],
    limit,
  );
  const take = (values: number[]) => kept.map((i) => values[i]!);
  return { fpr: take(fpr), tpr: take(tpr), threshold: take(threshold) };
}

/**
 * The precision-recall curve for plotting with straight lines, at most `limit` points: the stepped outline whose area
 * is the average precision (precision holds back to the recall before it, nothing is interpolated).
 */
export function thinnedPrecisionRecall(ranked: RankedScores, limit = 240): { recall: number[]; precision: number[] } {
  const { recall, precision } = precisionRecallPointsOf(ranked);
  const corners: Vertex[] = [];
  let before = 0;
  for (let i = 0; i < recall.length; i++) {
    // Thresholds that catch nothing new add no area.
    if (recall[i] === before) continue;
    corners.push([before, precision[i]!], [recall[i]!, precision[i]!]);
    before = recall[i]!;
  }
  const kept = keptVertices([corners], limit).map((i) => corners[i]!);
  return { recall: kept.map(([x]) => x), precision: kept.map(([, y]) => y) };
}
