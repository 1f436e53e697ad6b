import { LinearScale, LogarithmicScale, type Tick } from 'chart.js';
import { scaleIds } from './chart.ts';

/**
 * Scales whose ticks a chart gives, in `afterBuildTicks`. Those of Chart.js make ticks of their own first, which takes for ever
 * where a range is so wide, or so far from zero, that the next tick is no greater than the last.
 */
export class LinearAxis extends LinearScale {
  static override id = scaleIds.linear;
  override buildTicks(): Tick[] {
    return [];
  }
}

/** See {@link LinearAxis}. */
export class LogarithmicAxis extends LogarithmicScale {
  static override id = scaleIds.logarithmic;
  override buildTicks(): Tick[] {
    return [];
  }
}
