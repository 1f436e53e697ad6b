/** A rectangle in the plane of two scores; an end that is not bounded is infinite. */
export interface ScoreWindow {
  x: readonly [low: number, high: number];
  y: readonly [low: number, high: number];
}

/** Every score. */
export const wholePlane: ScoreWindow = { x: [-Infinity, Infinity], y: [-Infinity, Infinity] };

export const isBounded = ({ x, y }: ScoreWindow) => [...x, ...y].some(Number.isFinite);

export const isWithin = ({ x, y }: ScoreWindow, across: number, up: number) =>
  across >= x[0] && across <= x[1] && up >= y[0] && up <= y[1];

/** A bound that was drawn, as it is written and as it holds: three significant digits. */
export const tidyBound = (value: number) => Number(value.toPrecision(3));
