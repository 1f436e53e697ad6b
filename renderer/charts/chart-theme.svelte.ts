import { lightTheme } from '../../shared/charts/theme.ts';
import type { ChartTheme } from '../../shared/charts/theme.ts';

/** Colours and typeface of the page's tokens as they are in force. */
function themeOfPage(): ChartTheme {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    font: token('font-ui'),
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
    series: lightTheme.series.map(({ dash }, i) => ({ colour: token(`c-${i + 1}`), dash })),
    heat: {
      ink: token('heat-ink'),
      inkBelow: token('heat-ink-below'),
      steps: lightTheme.heat.steps.map((_, i) => Number.parseFloat(token(`heat-${i}`)) / 100),
      cellInk: token('cell-ink'),
      cellInkDeep: token('cell-ink-deep'),
    },
  };
}

/** The theme that charts are drawn in on the page; another one when the page's changes. */
class PageTheme {
  current = $state.raw(themeOfPage());

  constructor() {
    const read = () => (this.current = themeOfPage());
    new MutationObserver(read).observe(document.documentElement, { attributeFilter: ['data-theme'] });
    for (const query of ['(prefers-color-scheme: dark)', '(prefers-contrast: more)'])
      matchMedia(query).addEventListener('change', read);
  }
}

export const pageTheme = new PageTheme();

/** Light paper and the bundled typeface, as figures that the program writes have them. */
export const paperTheme: ChartTheme = { ...lightTheme, font: 'Inter' };
