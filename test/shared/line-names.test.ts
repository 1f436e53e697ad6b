import type { Chart } from 'chart.js';
import { describe, expect, it } from 'vitest';
import { lineNamesPlugin, placeNames, type NameBox } from '../../shared/charts/line-names.ts';
import type { Pen } from '../../shared/charts/pen.ts';
import { lightTheme } from '../../shared/charts/theme.ts';

const area = { left: 0, right: 300, top: 0, bottom: 200 };
const height = 18;

/** Distance of a name's box from the nearest point of a straight line, looked at every px. */
function distance({ left, top, width }: NameBox, [from, to]: [[number, number], [number, number]]): number {
  const steps = 300;
  return Math.min(
    ...Array.from({ length: steps + 1 }, (_, i) => {
      const x = from[0] + ((to[0] - from[0]) * i) / steps;
      const y = from[1] + ((to[1] - from[1]) * i) / steps;
      return Math.hypot(Math.max(left - x, 0, x - left - width), Math.max(top - y, 0, y - top - height));
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
    const [first, second] = placeNames([flat, steep], [80, 60], area) as [NameBox, NameBox];
    for (const { left, top, width } of [first, second]) {
      expect(left).toBeGreaterThanOrEqual(0);
      expect(left + width).toBeLessThanOrEqual(300);
      expect(top).toBeGreaterThanOrEqual(0);
      expect(top + height).toBeLessThanOrEqual(200);
    }
    expect(distance(first, flat)).toBeLessThan(distance(first, steep));
    expect(distance(second, steep)).toBeLessThan(distance(second, flat));
    for (const box of [first, second]) for (const line of [flat, steep]) expect(distance(box, line)).toBeGreaterThan(0);
  });

  it('do not lie on one another where lines coincide', () => {
    const boxes = placeNames([flat, flat, flat], [80, 80, 80], area);
    for (const [i, a] of boxes.entries())
      for (const b of boxes.slice(i + 1))
        expect(Math.abs(a.top - b.top) >= height || a.left + a.width <= b.left || b.left + b.width <= a.left).toBe(
          true,
        );
  });

  it('keep off a line that has no name', () => {
    const obstacle: [[number, number], [number, number]] = [
      [0, 80],
      [300, 80],
    ];
    const [box] = placeNames([flat, obstacle], [80], area) as [NameBox];
    expect(distance(box, obstacle)).toBeGreaterThan(0);
  });

  it('that are wider than the plot still have a place each', () => {
    const tops = placeNames([flat, steep], [400, 400], area).map(({ top }) => top);
    expect(new Set(tops).size).toBe(2);
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
