import fc from 'fast-check';
import { expect, it } from 'vitest';
import { csvText, tsvText, type CsvRow } from '../../shared/csv.ts';

/** Cells as a spreadsheet reads them (RFC 4180): its own reading, which shares nothing with the writer. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < text.length) {
    let cell = '';
    if (text[at] === '"') {
      for (at++; text[at] !== '"' || text[at + 1] === '"'; at += text[at] === '"' ? 2 : 1) cell += text[at];
      at++;
    } else while (text[at] !== ',' && text[at] !== '\n') cell += text[at++];
    row.push(cell);
    if (text[at++] === '\n') {
      rows.push(row);
      row = [];
    }
  }
  return rows;
}

const isNumber = (cell: string) => cell.trim() !== '' && Number.isFinite(Number(cell));

it.each([
  ['=HYPERLINK("https://example.org";A1)', `"'=HYPERLINK(""https://example.org"";A1)"\n`],
  ["=cmd|' /C calc'!A0", `'=cmd|' /C calc'!A0\n`],
  ['+1+2', "'+1+2\n"],
  ['-1+2', "'-1+2\n"],
  ['@SUM(A1)', "'@SUM(A1)\n"],
  ['\t=1', `"'\t=1"\n`],
  ['\rx', `"'\rx"\n`],
  ['\nx', `"'\nx"\n`],
  ['  =1', "'  =1\n"],
  ['＝1+1', "'＝1+1\n"],
  ['-inf', "'-inf\n"],
  ['--1', "'--1\n"],
])('shows %j as text', (cell, line) => expect(csvText([[cell]])).toBe(line));

it.each(['-0.5', '+1e-3', '-12', '-.5', '5.', '-1E+300'])('leaves the number %s a number', (cell) =>
  expect(csvText([[cell]])).toBe(`${cell}\n`),
);

it('writes numbers, nothing and harmless words as they are', () => {
  expect(csvText([['a', 'b'], [-0.5, null], [-Infinity, 1e-9], ['x-1', 'a=b']])).toBe('a,b\n-0.5,\n-Infinity,1e-9\nx-1,a=b\n'); // prettier-ignore
});

it('quotes what would break it', () => {
  expect(csvText([['a', 'b'], ['x,y', null], ['say "so"', 1.5]])).toBe('a,b\n"x,y",\n"say ""so""",1.5\n'); // prettier-ignore
});

it('leaves no cell that a spreadsheet computes, and loses none', () => {
  const piece = fc.oneof(
    fc.constantFrom('=', '+', '-', '@', '\t', '\r', '\n', '"', "'", ',', ';', ' ', '\0', '＝', '1', '.5', 'e3', 'A1'),
    fc.string({ unit: 'binary', maxLength: 3 }),
  );
  const text = fc.array(piece, { maxLength: 6 }).map((parts) => parts.join(''));
  const cell = fc.oneof(text, fc.double(), fc.integer(), fc.constant(null));
  fc.assert(
    fc.property(fc.array(fc.array(cell, { minLength: 1, maxLength: 4 }), { maxLength: 4 }), (rows: CsvRow[]) => {
      const read = readCsv(csvText(rows));
      const expected = rows.map((row) => row.map((value) => (value === null ? '' : String(value))));
      expect(read.map((row) => row.length)).toEqual(expected.map((row) => row.length));
      read.forEach((row, i) =>
        row.forEach((shown, k) => {
          const value = rows[i]![k]!;
          if (typeof value === 'string' && !isNumber(shown)) expect(shown).not.toMatch(/^[=+\-@＝\t\r\n]/);
          expect([expected[i]![k], `'${expected[i]![k]}`]).toContain(shown);
        }),
      );
    }),
    { numRuns: 2000 },
  );
});

it.each<[string | number | null, string]>([
  ['a\tb\nc', 'a b c'],
  ['a, b; c', 'a, b; c'],
  ['"a', '"""a"'],
  ['=1+1', "'=1+1"],
  ['\t=1', "' =1"],
  ['"=1', '"""=1"'],
  ['-0.5', '-0.5'],
  [-0.5, '-0.5'],
  [null, ''],
])('writes %j as one field between tabs', (value, field) => {
  expect(tsvText([['x', value, 'y'], [1]])).toBe(`x\t${field}\ty\n1\n`);
});
