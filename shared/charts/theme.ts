import { lightTokens } from './light-tokens.ts';
/** A line that stands for one of several things compared. */
export interface SeriesStyle {
  colour: string;
  /** Lengths of dashes and gaps in px; empty is a solid line. */
  dash: readonly number[];
}

/** The colours and the typeface a chart is drawn with. */
export interface ChartTheme {
  font: string;
  surface: string;
  ink: string;
  ink2: string;
  ink3: string;
  accent: string;
  /** Behind what is selected. */
  accentSoft: string;
  grid: string;
  axis: string;
  /** A single series with no class meaning. */
  dataInk: string;
  clean: string;
  anomalous: string;
  /** Opacity of filled areas under an outline. */
  fill: number;
  /** Compared runs or layers; a ninth means small multiples. */
  series: readonly SeriesStyle[];
  heat: HeatTheme;
}

/** Seven steps of one ink laid over the surface; the other ink for what lies below the middle of a scale. */
interface HeatTheme {
  ink: string;
  inkBelow: string;
  /** Opacity of each step. */
  steps: readonly number[];
  /** Of figures in cells: on all steps but the last, and on the last. */
  cellInk: string;
  cellInkDeep: string;
}

/** The lines of things compared, in the order of their colours. */
const dashes: readonly (readonly number[])[] = [
  [],
  [8, 3],
  [2, 3],
  [8, 3, 2, 3],
  [12, 4],
  [5, 5],
  [14, 3, 2, 3, 2, 3],
  [2, 6],
];
/** Steps of heat from none to the whole ink. */
const heatSteps = 7;

/**
 * Returns the theme that design tokens make (renderer/styles/tokens.css): `token` returns the value of one by its name, without
 * the dashes in front.
 */
export function themeOf(token: (name: string) => string, font: string): ChartTheme {
  return {
    font,
    surface: token('surface'),
    ink: token('ink'),
    ink2: token('ink-2'),
    ink3: token('ink-3'),
    accent: token('accent'),
    accentSoft: token('accent-soft'),
    grid: token('chart-grid'),
    axis: token('chart-axis'),
    dataInk: token('data-ink'),
    clean: token('c-clean'),
    anomalous: token('c-anomalous'),
    fill: Number(token('c-fill')),
    series: dashes.map((dash, i) => ({ colour: token(`c-${i + 1}`), dash })),
    heat: {
      ink: token('heat-ink'),
      inkBelow: token('heat-ink-below'),
      steps: Array.from({ length: heatSteps }, (_, i) => Number.parseFloat(token(`heat-${i}`)) / 100),
      cellInk: token('cell-ink'),
      cellInkDeep: token('cell-ink-deep'),
    },
  };
}

/** Light paper; exports always use it. */
export const lightTheme: ChartTheme = themeOf(
  (name) => lightTokens[name] ?? '',
  'Inter, "Segoe UI", system-ui, sans-serif',
);

/** `#rrggbb` with an opacity of 0 to 1. */
export function withOpacity(colour: string, opacity: number): string {
  const part = (at: number) => Number.parseInt(colour.slice(at, at + 2), 16);
  return `rgba(${part(1)}, ${part(3)}, ${part(5)}, ${opacity})`;
}
