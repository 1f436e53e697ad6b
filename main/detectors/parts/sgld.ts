import { CupbearerError } from '../../../shared/errors.ts';
import type { RandomStream } from '../../tensor/random.ts';
import { parameter, worded } from '../../../shared/wording.ts';

export interface SgldOptions {
  chains: number;
  /** Number of draws per chain. */
  draws: number;
  /** Steps from one draw to the next. */
  thinning: number;
  /** eps */
  stepSize: number;
  /** gamma: strength of the pull towards the start. */
  localisation: number;
  /** n beta: number of samples times inverse temperature, by which the mean loss's gradient is multiplied. */
  nBeta: number;
}

/** @throws CupbearerError `usage` if the pull towards the trained weights overshoots at every step. */
export function checkStepSize(stepSize: number, localisation: number): void {
  if (stepSize * localisation < 4) return;
  throw new CupbearerError(
    'usage',
    `Step size times localisation must be below 4 or the chains diverge, found ${stepSize} x ${localisation} = ${stepSize * localisation}.`,
    {
      hint: worded`Lower ${parameter('detector.step_size')}; a product of about 1 makes one draw nearly independent of the next.`,
    },
  );
}

/**
 * Stochastic gradient Langevin dynamics localised at `start`, `[d]` (Welling & Teh, ICML 2011; with the localising term
 * of arXiv 2509.26544): `w <- w - eps/2 (n beta g(w) + gamma (w - start)) + sqrt(eps) N(0, I)`, every chain starting
 * from `start`. `gradient` gives g, an estimate of the mean loss's gradient at `w`; it is not called if n beta is 0.
 * Yields every `thinning`-th `w`, the same array each time.
 *
 * On a quadratic loss of curvature h a coordinate's variance settles at `1 / (lambda (1 - eps lambda / 4))` with
 * `lambda = n beta h + gamma`. @throws CupbearerError `usage` if the pull alone overshoots (eps gamma >= 4);
 * `non-finite` if a chain diverges.
 */
export async function* sgld(
  start: Float64Array,
  gradient: (w: Float64Array, random: RandomStream) => Promise<ArrayLike<number>>,
  { chains, draws, thinning, stepSize, localisation, nBeta }: SgldOptions,
  stream: RandomStream,
): AsyncGenerator<Float64Array> {
  checkStepSize(stepSize, localisation);
  const noise = Math.sqrt(stepSize);
  const w = new Float64Array(start.length);
  for (let chain = 0; chain < chains; chain++) {
    const random = stream.derive('noise', chain);
    const batches = stream.derive('batches', chain);
    w.set(start);
    for (let step = 1; step <= draws * thinning; step++) {
      const g = nBeta === 0 ? undefined : await gradient(w, batches);
      for (let i = 0; i < w.length; i++) {
        const drift = (g ? nBeta * g[i]! : 0) + localisation * (w[i]! - start[i]!);
        w[i]! += noise * random.normal() - (stepSize / 2) * drift;
      }
      if (!w.every(Number.isFinite)) {
        throw new CupbearerError('non-finite', `Chain ${chain + 1} diverged in step ${step}.`, {
          hint: worded`Lower ${parameter('detector.step_size')} or ${parameter('detector.n_beta')}.`,
          details: { chain: chain + 1, step },
        });
      }
      if (step % thinning === 0) yield w;
    }
  }
}
