/** Figures are sums of thousands of terms: what differs by less than this does so by rounding. */
const rounding = 1e-12;

/** Returns differences with those that are only rounding as 0, and equal ones equal to the last bit. */
export function withoutRounding(differences: readonly number[]): number[] {
  return differences.map((difference) => Math.round(difference / rounding) * rounding + 0);
}

/** On how many tasks one detector does better than another, as well, and worse. */
interface WinTieLoss {
  win: number;
  tie: number;
  loss: number;
}

/**
 * Counts on how many tasks the first detector does better. `differences` are its figures minus the other's; `higher`:
 * more is better.
 */
export function winTieLoss(differences: readonly number[], higher: boolean): WinTieLoss {
  const signs = withoutRounding(differences).map((difference) => Math.sign(higher ? difference : -difference));
  const count = (sign: number) => signs.filter((own) => own === sign).length;
  return { win: count(1), tie: count(0), loss: count(-1) };
}
