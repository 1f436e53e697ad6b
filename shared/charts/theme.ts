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
  /** Compared runs or layers; a sixth means small multiples. */
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

// The values are those of the design tokens of the same names (--ink, --chart-grid, --c-1, ...).
const data = {
  font: 'Inter, "Segoe UI", system-ui, sans-serif',
  clean: '#3b7ac0',
  anomalous: '#d55f1e',
  fill: 0.24,
  series: [
    { colour: '#3b7ac0', dash: [] },
    { colour: '#d55f1e', dash: [8, 3] },
    { colour: '#7b949b', dash: [2, 3] },
    { colour: '#af4a57', dash: [8, 3, 2, 3] },
    { colour: '#7c3ff5', dash: [12, 4] },
  ],
} as const;

const heat = {
  ink: '#1f64a8',
  inkBelow: '#a9541a',
  steps: [0, 0.11, 0.23, 0.36, 0.49, 0.62, 1],
  cellInkDeep: '#ffffff',
} as const;

/** Light paper; exports always use it. */
export const lightTheme: ChartTheme = {
  ...data,
  surface: '#ffffff',
  ink: '#141c1b',
  ink2: '#43504e',
  ink3: '#5b6866',
  accent: '#0b6b66',
  accentSoft: '#deeeec',
  grid: '#e7eaea',
  axis: '#97a2a0',
  dataInk: '#55625f',
  heat: { ...heat, cellInk: '#141c1b' },
};

export const darkTheme: ChartTheme = {
  ...data,
  surface: '#161b1c',
  ink: '#e5ebea',
  ink2: '#b0bbb9',
  ink3: '#8f9c9a',
  accent: '#4fbfb4',
  accentSoft: '#15302f',
  grid: '#232b2c',
  axis: '#677473',
  dataInk: '#a5b1af',
  heat: { ...heat, cellInk: '#eef3f2' },
};

/** `#rrggbb` with an opacity of 0 to 1. */
export function withOpacity(colour: string, opacity: number): string {
  const part = (at: number) => Number.parseInt(colour.slice(at, at + 2), 16);
  return `rgba(${part(1)}, ${part(3)}, ${part(5)}, ${opacity})`;
}
