/** A drawn line as points, x and y alternating. */
export type Polyline = Float64Array;

/** Straight pieces that each Bézier segment is cut into; fewer show as corners at 28x28, more change no pixel. */
const piecesPerCurve = 7;

/**
 * Cuts a path ("M x y L x y C x1 y1 x2 y2 x y", absolute, one or more strokes) into polylines, dividing all coordinates
 * by `scale`. Uses + - * / only, so that the points are the same on every machine.
 */
export function flattenPath(path: string, scale: number): Polyline[] {
  const tokens = path.split(' ');
  const strokes: number[][] = [];
  let stroke: number[] = [];
  let at = 0;
  const coordinate = () => Number(tokens[at++]) / scale;
  while (at < tokens.length) {
    // The command letter is glued to its first number.
    const command = tokens[at]!.charAt(0);
    tokens[at] = tokens[at]!.slice(1);
    if (command === 'M') {
      stroke = [coordinate(), coordinate()];
      strokes.push(stroke);
    } else if (command === 'L') {
      stroke.push(coordinate(), coordinate());
    } else {
      const points = Array.from({ length: 6 }, coordinate);
      addCurve(stroke, points);
    }
  }
  return strokes.map((points) => Float64Array.from(points));
}

function addCurve(stroke: number[], [x1, y1, x2, y2, x3, y3]: number[]): void {
  const x0 = stroke.at(-2);
  const y0 = stroke.at(-1);
  for (let piece = 1; piece <= piecesPerCurve; piece++) {
    const t = piece / piecesPerCurve;
    const s = 1 - t;
    stroke.push(
      s * s * s * x0 + 3 * s * s * t * x1! + 3 * s * t * t * x2! + t * t * t * x3!,
      s * s * s * y0 + 3 * s * s * t * y1! + 3 * s * t * t * y2! + t * t * t * y3!,
    );
  }
}
