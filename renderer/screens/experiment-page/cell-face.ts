import type { MatrixCell } from '../../../shared/domain/result-matrix.ts';
import { formatMetric } from '../../../shared/format.ts';
import { heatStep, type HeatScale } from '../../../shared/charts/heat.ts';
import { shortInterval, shortReason } from './matrix-words.ts';

/** What a cell looks like. */
export interface CellFace {
  /** Classes of its ground and ink. */
  look: string;
  /** Its figure, or the word for what has none; "" where the line below says it. */
  top: string;
  below: string;
  /** Whether pips tell how many seeds are done. */
  hasPips: boolean;
  /** Whether a mark says that the figure is to be doubted. */
  isDoubtful: boolean;
}

/** Returns the face of a cell. `isCounted`: whether its task counts; `share`: how far its running seed is, 0 to 1. */
export function cellFace(cell: MatrixCell, isCounted: boolean, scale: HeatScale, share: number | null): CellFace {
  const { state, mean, reason, seeds, warnings } = cell;
  const done = seeds.filter((seed) => seed.state === 'done').length;
  const plain = { look: `${state} bare`, top: '', below: '', hasPips: false, isDoubtful: false };
  if (state === 'impossible') return { ...plain, below: shortReason(reason) };
  if (mean !== null) {
    const step = heatStep(mean, scale);
    const heat = step < 0 ? `below-${-step}` : `heat-${step}`;
    const hasPips = done < seeds.length;
    return {
      look: `${state} ${isCounted ? heat : 'off'}`,
      top: formatMetric(mean),
      below: shortInterval(cell),
      hasPips,
      isDoubtful: !hasPips && warnings.length > 0,
    };
  }
  if (state === 'failed') return { ...plain, top: 'Failed', below: shortReason(reason) };
  if (state === 'running') {
    const seed = seeds.find((each) => each.state === 'running');
    return { ...plain, top: `${Math.floor(100 * (share ?? 0))}\u00a0%`, below: `seed ${seed?.seed}`, hasPips: true };
  }
  // It ended without the figure that is asked for: another layer, say.
  if (state === 'done') return { ...plain, below: 'no figure' };
  return { ...plain, below: 'waiting', hasPips: true };
}
