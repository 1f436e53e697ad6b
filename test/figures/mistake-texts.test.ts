import { describe, expect, it } from 'vitest';
import { drawMistakeTexts, type MistakeText } from '../../main/figures/mistake-texts.ts';
import { differenceFromStored, visibleDifference } from './compare.ts';

const textsOf = (...texts: string[]) =>
  texts.map((text, i): MistakeText => ({
    position: i,
    sample_index: 31 * i + 4,
    score: 12.25 - 3.5 * i,
    true_class: '19',
    predicted_class: i === 0 ? '21' : i === 1 ? '19' : null,
    words: text.split(' ').filter(Boolean),
  }));
const long = Array.from({ length: 90 }, (_, i) => `word${i}`).join(' ');

describe('a sheet of mistaken texts', () => {
  const heads = {
    title: 'Worst mistakes',
    subtitle: 'by the score over all layers, mean; flagged from 9.81 at 1 % FPR',
    clean: textsOf('Alice 12 + 7 =', 'Ada 3 + 16 =', ''),
    anomalousWord: 'Triggered',
  };
  const sheet = drawMistakeTexts('mistakes', { ...heads, anomalous: textsOf(long, `Bob ${'x'.repeat(90)} = 4`) });
  const svg = sheet.svg.toString();

  it('looks as it did when it was last looked at (else see its .actual.png)', async () => {
    expect(await differenceFromStored('mistake-texts', sheet.png, 0.01)).toBeLessThanOrEqual(0.01);
  });

  it('has text as text in the SVG, which shows the same', async () => {
    // Short texts, since letters that are a hair wider in another renderer add up along a line.
    const short = drawMistakeTexts('mistakes', { ...heads, anomalous: textsOf('Bob 4 + 9 =', 'Ben 14 + 5 =') });
    expect(await visibleDifference(short.svg, short.png)).toBeLessThan(0.02);
    for (const text of [
      'Alice 12 + 7 =',
      'Ben 14 + 5 =',
      '#4',
      '#35',
      '12.25',
      '8.75',
      '21',
      'Least suspicious triggered',
    ])
      expect(short.svg.toString()).toContain(`>${text}</text>`);
  });

  it('breaks a long text into four lines and says where it goes on', () => {
    const lines = [...svg.matchAll(/>(word[^<]*)<\/text>/g)].map(([, text]) => text!);
    expect(lines).toHaveLength(4);
    expect(lines[3]).toMatch(/…$/);
    // Nothing is lost on the way.
    expect(lines.join(' ').replace(/ ?\S*…$/, '')).toBe(long.slice(0, lines.join(' ').replace(/ ?\S*…$/, '').length));
    expect(svg).toMatch(/>x+…<\/text>/);
  });

  it('says what it shows, and the numbers', () => {
    expect(sheet.description).toContain('Most suspicious clean, 3 texts, first "Alice 12 + 7 =" with 12.25; Least');
    expect(sheet.table.rows[1]).toEqual(['clean', 8.75, 35, 'Ada 3 + 16 =', '19', '19']);
    expect(sheet.table.rows).toHaveLength(5);
    expect(sheet.table.rows[4]!.slice(0, 3)).toEqual(['anomalous', 8.75, 35]);
  });

  it('has its headings where there is no mistake of a kind', () => {
    const { description, svg: empty } = drawMistakeTexts('m', { title: 'T', subtitle: 's', clean: [], anomalous: [] });
    expect(description).toBe('T, s: Most suspicious clean, none; Least suspicious anomalous, none.');
    expect(empty.toString()).not.toMatch(/NaN|undefined|Infinity/);
  });
});
