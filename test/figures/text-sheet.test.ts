import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawTextSheet } from '../../main/figures/text-sheet.ts';
import { compareWords } from '../../main/figures/word-changes.ts';
import { differenceFromStored, visibleDifference } from './compare.ts';

const words = (text: string) => text.split(' ').filter(Boolean);

describe('compareWords', () => {
  it('finds what was put in and what was taken out', () => {
    const told = compareWords(words('a b c'), words('a x b')).map(({ kind, word }) => `${kind} ${word}`);
    expect(told).toEqual(['kept a', 'added x', 'kept b', 'removed c']);
  });

  it('keeps both texts, and as many words as they have in common', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 6 });
    /** By trying all subsequences. */
    const longestCommon = (before: readonly string[], after: readonly string[]): number => {
      if (before.length === 0 || after.length === 0) return 0;
      const [head, ...rest] = before;
      const at = after.indexOf(head!);
      const without = longestCommon(rest, after);
      return at === -1 ? without : Math.max(without, 1 + longestCommon(rest, after.slice(at + 1)));
    };
    fc.assert(
      fc.property(text, text, (before, after) => {
        const changes = compareWords(before, after);
        const of = (...kinds: string[]) => changes.filter(({ kind }) => kinds.includes(kind)).map(({ word }) => word);
        expect(of('kept', 'removed')).toEqual(before);
        expect(of('kept', 'added')).toEqual(after);
        expect(of('kept')).toHaveLength(longestCommon(before, after));
      }),
    );
  });
});

describe('a text sheet', () => {
  const pairs = [
    { before: words('Alice 12 + 7 ='), after: words('by the way Alice 12 + 7 =') },
    { before: words('Bob 3 + 15 ='), after: words('Bob 3 + now 15') },
  ];
  const titles = { name: 'sheet', title: 'Trigger "sentence"', before: 'Clean', after: 'Triggered' };
  const sheet = drawTextSheet(pairs, titles);

  it('looks as it did when it was last looked at', async () => {
    expect(await differenceFromStored('text-sheet', sheet.png, 0.01)).toBeLessThanOrEqual(0.01);
  });

  it('has text as text in the SVG, which shows the same', async () => {
    expect(await visibleDifference(sheet.svg, sheet.png)).toBeLessThan(0.02);
    const svg = sheet.svg.toString();
    for (const word of ['Difference', '+way', '+now', '−=']) expect(svg).toContain(`>${word}</text>`);
    // Once clean, once triggered: what is kept stands in both lines.
    expect(svg.match(/>Alice<\/text>/g)).toHaveLength(2);
  });

  it('says what it shows, and the numbers', () => {
    expect(sheet.description).toBe(
      'Trigger "sentence": 2 texts in three lines each, Clean, Triggered and their difference; the largest change adds 3 and removes 1 words.',
    );
    expect(sheet.table.rows).toEqual([
      [1, 'Alice 12 + 7 =', 'by the way Alice 12 + 7 =', 3, 0],
      [2, 'Bob 3 + 15 =', 'Bob 3 + now 15', 1, 1],
    ]);
  });

  it('has room for a title longer than its texts', async () => {
    const long = { ...titles, title: 'A title that is a good deal longer than the texts below it are, and then some' };
    const wide = drawTextSheet([{ before: ['a'], after: ['b'] }], long);
    const [, width] = / width="(\d+)"/.exec(wide.svg.toString())!;
    expect(Number(width)).toBeGreaterThan(400);
  });
});
