import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { lightTokens } from '../../shared/charts/light-tokens.ts';
import { lightTheme, themeOf } from '../../shared/charts/theme.ts';

const css = readFileSync(new URL('../../renderer/styles/tokens.css', import.meta.url), 'utf8').replaceAll('\r\n', '\n');

/** The tokens of a block that begins with these words. */
function tokensOf(selector: string): Map<string, string> {
  const start = css.indexOf(`${selector} {`);
  const block = css.slice(start, css.indexOf('}', start));
  return new Map([...block.matchAll(/--([\w-]+):\s*([^;]+);/g)].map(([, name, value]) => [name!, value!]));
}

/** Those that make a theme for charts, in the order in which it asks for them. */
function lightTokensOfPage(): Record<string, string> {
  const light = tokensOf('\n:root');
  const wanted: Record<string, string> = {};
  themeOf((name) => {
    const value = light.get(name);
    if (value === undefined) throw new Error(`tokens.css has no --${name}.`);
    return (wanted[name] = value);
  }, '');
  return wanted;
}

describe('the design tokens', () => {
  it('are those that exports are drawn with ("npx vitest run test/shared/light-tokens.test.ts -u" writes them)', async () => {
    const lines = Object.entries(lightTokensOfPage()).map(([name, value]) => `  ${name.includes('-') ? `'${name}'` : name}: '${value}',\n`); // prettier-ignore
    const file = `/**
 * The design tokens that charts are drawn with, as they are on light paper: taken from renderer/styles/tokens.css by
 * test/shared/light-tokens.test.ts, for what is drawn without a page.
 */
export const lightTokens: Readonly<Record<string, string>> = {
${lines.join('')}};
`;
    await expect(file).toMatchFileSnapshot('../../shared/charts/light-tokens.ts');
  });

  it('have the dark theme twice, alike: as it is chosen and as the system has it', () => {
    const chosen = tokensOf(":root[data-theme='dark']");
    expect(chosen.size).toBeGreaterThan(30);
    expect(tokensOf('  :root:not([data-theme])')).toEqual(chosen);
  });

  it('make the theme of light paper', () => {
    expect(lightTokens).toEqual(lightTokensOfPage());
    expect(lightTheme).toMatchObject({ surface: '#ffffff', ink: '#141c1b', fill: 0.24 });
    expect(lightTheme.series[1]).toEqual({ colour: '#d55f1e', dash: [8, 3] });
    expect(lightTheme.heat.steps).toEqual([0, 0.11, 0.23, 0.36, 0.49, 0.62, 1]);
  });
});
