/**
 * The design tokens that charts are drawn with, as they are on light paper: taken from renderer/styles/tokens.css by
 * test/shared/light-tokens.test.ts, for what is drawn without a page.
 */
export const lightTokens: Readonly<Record<string, string>> = {
  surface: '#ffffff',
  ink: '#141c1b',
  'ink-2': '#43504e',
  'ink-3': '#5b6866',
  accent: '#0b6b66',
  'accent-soft': '#deeeec',
  'chart-grid': '#e7eaea',
  'chart-axis': '#97a2a0',
  'data-ink': '#55625f',
  'c-clean': '#3b7ac0',
  'c-anomalous': '#d55f1e',
  'c-fill': '0.24',
  'c-1': '#3b7ac0',
  'c-2': '#d55f1e',
  'c-3': '#7b949b',
  'c-4': '#af4a57',
  'c-5': '#7c3ff5',
  'heat-ink': '#1f64a8',
  'heat-ink-below': '#a9541a',
  'heat-0': '0%',
  'heat-1': '11%',
  'heat-2': '23%',
  'heat-3': '36%',
  'heat-4': '49%',
  'heat-5': '62%',
  'heat-6': '100%',
  'cell-ink': '#141c1b',
  'cell-ink-deep': '#ffffff',
};
