import fc from 'fast-check';
import type { Chart } from 'chart.js';
import { describe, expect, it } from 'vitest';
import { lineNamesPlugin, placeNames } from '../../shared/charts/line-names.ts';
import { isInside, meet, type Area, type Pen } from '../../shared/charts/pen.ts';
import { lightTheme } from '../../shared/charts/theme.ts';

const area = { left: 0, right: 300, top: 0, bottom: 200 };

/** Names that lie on one another. */
const meeting = (boxes: readonly Area[]) =>
  boxes.flatMap((a, i) => boxes.slice(i + 1).flatMap((b) => (meet(a, b) ? [[a, b]] : [])));

/** Distance of a name's box from the nearest point of a straight line, looked at every px. */
function distance({ left, right, top, bottom }: Area, [from, to]: [[number, number], [number, number]]): number {
  const steps = 300;
  return Math.min(
    ...Array.from({ length: steps + 1 }, (_, i) => {
      const x = from[0] + ((to[0] - from[0]) * i) / steps;
      const y = from[1] + ((to[1] - from[1]) * i) / steps;
      return Math.hypot(Math.max(left - x, 0, x - right), Math.max(top - y, 0, y - bottom));
    }),
  );
}

describe('names within a plot', () => {
  const flat: [[number, number], [number, number]] = [
    [0, 60],
    [300, 60],
  ];
  const steep: [[number, number], [number, number]] = [
    [20, 200],
    [280, 100],
  ];

  it('stand within it, beside their own line and on none', () => {
    const [first, second] = placeNames([flat, steep], [80, 60], area) as [Area, Area];
    for (const box of [first, second]) expect(isInside(box, area)).toBe(true);
    expect(distance(first, flat)).toBeLessThan(distance(first, steep));
    expect(distance(second, steep)).toBeLessThan(distance(second, flat));
    for (const box of [first, second]) for (const line of [flat, steep]) expect(distance(box, line)).toBeGreaterThan(0);
  });

  it('do not lie on one another where lines coincide', () => {
    const boxes = placeNames([flat, flat, flat], [80, 80, 80], area)!;
    expect(meeting(boxes)).toEqual([]);
  });

  it('keep off a line that has no name', () => {
    const obstacle: [[number, number], [number, number]] = [
      [0, 80],
      [300, 80],
    ];
    const [box] = placeNames([flat, obstacle], [80], area) as [Area];
    expect(distance(box, obstacle)).toBeGreaterThan(0);
  });

  it('never meet and never leave the plot, whatever the lines, as long as there is a row for each', () => {
    const point = fc.tuple(fc.double({ min: 0, max: 300, noNaN: true }), fc.double({ min: 0, max: 200, noNaN: true }));
    const line = fc.array(point, { minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(
        fc.array(line, { minLength: 1, maxLength: 8 }),
        fc.array(fc.integer({ min: 30, max: 296 }), { minLength: 8, maxLength: 8 }),
        fc.integer({ min: 150, max: 200 }),
        (lines, widths, bottom) => {
          const plot = { ...area, bottom };
          const boxes = placeNames(lines, widths.slice(0, lines.length), plot)!;
          expect(boxes).toHaveLength(lines.length);
          expect(boxes.filter((box) => !isInside(box, plot))).toEqual([]);
          expect(meeting(boxes)).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('stand in a column where no other place is left for all of them', () => {
    const boxes = placeNames([flat, steep, flat], [290, 290, 290], { ...area, bottom: 60 })!;
    expect(boxes.map(({ top }) => top)).toEqual([6, 24, 42]);
  });

  it('are left out where the plot is too small for them', () => {
    expect(placeNames([flat, steep], [400, 400], area)).toBeUndefined();
    expect(placeNames([flat, steep], [200, 200], { ...area, bottom: 30 })).toBeUndefined();
  });

  it('keep their places until the size of the plot or what is on its axes changes', () => {
    const written: [string, number, number][] = [];
    let asked = 0;
    const pen = new Proxy({} as Pen, {
      get: (_, name) =>
        name === 'measureText'
          ? (text: string) => ({ width: 6 * text.length })
          : name === 'fillText'
            ? (text: string, x: number, y: number) => written.push([text, x, y])
            : () => {},
      set: () => true,
    });
    const scale = (min: number, max: number) => ({ min, max, getPixelForValue: (value: number) => (asked++, value) });
    const chart = { ctx: pen, chartArea: area, scales: { x: scale(0, 300), y: scale(0, 200) } };
    const line = { text: 'knn', style: lightTheme.series[0]!, data: flat.map(([x, y]) => ({ x, y })) };
    const plugin = lineNamesPlugin(lightTheme, [line]);
    const draw = (changed: object = {}) => {
      [asked, written.length] = [0, 0];
      plugin.afterDatasetsDraw!({ ...chart, ...changed } as unknown as Chart, {}, {}, false);
      return { asked, written: [...written] };
    };
    const first = draw();
    expect(first.asked).toBe(4);
    expect(first.written).toHaveLength(1);
    expect(draw()).toEqual({ asked: 0, written: first.written });
    expect(draw({ chartArea: { ...area, right: 200 } }).asked).toBe(4);
    expect(draw({ scales: { ...chart.scales, x: scale(0, 400) } }).asked).toBe(4);
  });
});
