import { lightTheme, themeOf, type ChartTheme } from '../../shared/charts/theme.ts';

/** Colours and typeface of the page's tokens as they are in force. */
function themeOfPage(): ChartTheme {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return themeOf(token, token('font-ui'));
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
