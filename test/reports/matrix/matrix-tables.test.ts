import fc from 'fast-check';
import { Marked, type Tokens } from 'marked';
import { describe, expect, it } from 'vitest';
import { matrixStatistics } from '../../../main/evaluation/across/matrix-statistics.ts';
import { csvTable, jsonTable } from '../../../main/reports/matrix/data-tables.ts';
import { htmlTable } from '../../../main/reports/matrix/html-table.ts';
import { matrixTableFormats } from '../../../main/reports/matrix/index.ts';
import { latexTable } from '../../../main/reports/matrix/latex-table.ts';
import { latexText } from '../../../main/reports/matrix/latex-text.ts';
import { markdownTable } from '../../../main/reports/matrix/markdown-table.ts';
import { matrixTable, type MatrixTableOptions } from '../../../main/reports/matrix/matrix-table.ts';
import { tsvTable } from '../../../main/reports/matrix/tsv-table.ts';
import { matrixStatisticsSchema } from '../../../shared/domain/matrix-statistics.ts';
import { resultMatrixSchema, type ResultMatrix } from '../../../shared/domain/result-matrix.ts';
import { doneCell, partOf, triggersOnMnist } from '../../evaluation/across/matrices.ts';
import { readLatex, readLatexTable } from './read-latex.ts';

const options: MatrixTableOptions = { spread: 'deviation', settings: 'mlp 128-128, 1 % of the images poisoned' };
const matrix = triggersOnMnist();
const statistics = matrixStatistics(matrix, 1);
const laidOut = (own: ResultMatrix = matrix, chosen = options, baseline: number | null = 1) =>
  matrixTable(own, matrixStatistics(own, baseline), chosen, 'underlined');
const standings = (row: number) => laidOut().rows[row]!.cells.map(({ standing }) => standing);

describe('what a table says', () => {
  it('marks the best and the second of each column that counts, among ranked detectors with all seeds', () => {
    const [b, s, n] = ['best', 'second', null];
    expect(standings(0)).toEqual(Array(12).fill(null));
    // WaNet does not count; nobody has all seeds of OOD.
    expect(standings(1)).toEqual([b, b, n, b, s, s, n, n, b, n, b, b]);
    expect(standings(2)).toEqual([s, n, n, s, b, b, s, s, n, n, s, s]);
    expect(standings(3)).toEqual([n, s, n, n, n, n, b, b, s, n, n, n]);
  });

  it('goes by the direction of the metric, and by figures as they read', () => {
    const pool = partOf({ ...matrix, metric: 'fpr_at_95' }, [5, 6], [0, 1]);
    // 0.905 is the lower of .905 and .920; .934 is both.
    expect(laidOut(pool).rows.map(({ cells }) => cells.map(({ standing }) => standing))).toEqual([
      ['best', 'best', 'best', 'best'],
      ['second', 'best', 'second', 'second'],
    ]);
    const alone = partOf(matrix, [0, 1], [0]);
    expect(laidOut(alone, options, null).rows[1]!.cells[0]!.standing).toBeNull();
  });

  it('has marks of their own, with a note, for cells without a figure and for those that do not count', () => {
    const { head, rows, notes } = laidOut();
    const noteOf = (marks: readonly string[]) => marks.map((mark) => notes.find((note) => note.mark === mark)?.text);
    expect(noteOf(head[3]!.marks)).toEqual(['Not counted: Attack failed (4.7 % success).']);
    const cell = (d: number, t: number) => [rows[d]!.cells[t]!.value, ...noteOf(rows[d]!.cells[t]!.marks)];
    expect(cell(4, 8)).toEqual(['failed', 'Failed: The loss is not finite.']);
    expect(cell(7, 9)).toEqual(['n/a', 'Not possible: The task has no untrusted data.']);
    expect(cell(2, 9)).toEqual(['–', 'Not computed yet.']);
    expect(cell(1, 9)).toEqual(['0.912', '2 of 3 seeds done, so it does not count.']);
    expect(cell(1, 0)).toEqual(['0.995']);
    expect(noteOf(rows[0]!.detector.marks)).toEqual(['Sees anomaly labels.']);
    expect(noteOf(rows[7]!.detector.marks)).toEqual(['Sees untrusted data.']);
    expect(rows[1]!.detector.marks).toEqual([]);
  });

  it('marks differences to the baseline that a test found, after correction', () => {
    const { rows, notes } = laidOut();
    expect(rows.map(({ cells }) => cells[10]!.marks.join(''))).toEqual(['', '', '', '', '*', '*', '*', '*']);
    expect(notes.find(({ mark }) => mark === '*')?.text).toBe(
      'Differs from mahalanobis: Wilcoxon signed-rank test over 7 to 8 tasks, two-sided, p < .05 after Holm’s correction for 6 comparisons.',
    );
  });

  it('says that there was no test where tasks are too few', () => {
    const { notes } = laidOut(partOf(matrix, [1, 2, 3], [0, 1, 3]), options, 0);
    expect(notes.map(({ text }) => text)).toContainEqual(
      expect.stringContaining('Too few tasks for a test across tasks: 3'),
    );
    expect(notes.some(({ mark }) => mark === '*')).toBe(false);
  });

  it('repeats the doubts about a cell', () => {
    const doubted = { ...doneCell(0.3), warnings: ['Clean samples score higher than anomalous ones'] };
    const cells = matrix.cells.map((row, d) => row.map((cell, t) => (d === 7 && t < 2 ? doubted : cell)));
    const { rows, notes } = laidOut({ ...matrix, cells });
    const [first, second] = rows[7]!.cells;
    expect(second!.marks).toEqual(first!.marks);
    expect(notes.find(({ mark }) => mark === first!.marks[0])?.text).toBe(
      'Clean samples score higher than anomalous ones.',
    );
  });

  it('captions with metric, direction, aggregation, seeds and settings', () => {
    expect(laidOut().caption).toBe(
      'Triggers on MNIST. AUROC, higher is better; mean of layers; mean ± standard deviation over 3 seeds (0 to 2). 7 of 10 tasks in means and ranks. Mlp 128-128, 1 % of the images poisoned.',
    );
    const other = laidOut({ ...matrix, metric: 'fpr_at_95', seeds: [4] }, { spread: 'interval', settings: '' });
    expect(other.caption).toBe(
      'Triggers on MNIST. FPR at 95 % TPR, lower is better; mean of layers; seed 4 with its 95 % interval. 7 of 10 tasks in means and ranks.',
    );
    const samples = (...counts: number[]) =>
      laidOut(matrix, { ...options, samples: new Map(counts.map((count, i) => [`task ${i}`, new Set([count])])) })
        .caption;
    expect(samples(400, 400)).toContain('. 400 test samples a task. ');
    expect(samples(1000, 400)).toContain('. 400 to 1\u202f000 test samples a task. ');
    expect(laidOut({ ...matrix, seeds: [0, 1, 7] }).caption).toContain('over 3 seeds (0, 1, 7)');
    expect(other.rows[1]!.cells[0]!.spread).toBe('(0.980–1.010)');
    expect(laidOut(matrix, { spread: 'none', settings: '' }).rows[1]!.cells[0]!.spread).toBe('');
  });

  it('has as many notes as it needs', () => {
    const cells = matrix.cells.map((row, d) => row.map((cell, t) => ({ ...cell, warnings: [`Doubt ${d} ${t}`] })));
    const { notes } = laidOut({ ...matrix, cells });
    const marks = notes.map(({ mark }) => mark).filter((mark) => /^[a-z]/.test(mark));
    expect(new Set(marks).size).toBe(marks.length);
    expect(marks.slice(25, 28)).toEqual(['z', 'aa', 'ab']);
  });
});

describe('LaTeX', () => {
  it('is a booktabs table', () => {
    const text = latexTable(matrix, statistics, options);
    const { columns, rows } = readLatexTable(text);
    expect(columns).toBe(`l${'c'.repeat(12)}`);
    expect(rows[0]).toEqual(['Detector', 'Corner', 'Noise', 'WaNet<a>', 'Patch', 'Blended', 'SIG', 'Frequency', 'Clean label', 'Adversarial', 'OOD', 'Mean', 'Rank']); // prettier-ignore
    // Two rows a detector: what stands beside figures would make twelve columns too wide.
    expect(rows).toHaveLength(1 + 2 * 8);
    expect(rows.slice(3, 5).map((row) => row.slice(0, 2))).toEqual([['mahalanobis', '0.995'], ['', '± 0.010']]); // prettier-ignore
    expect(rows[9]!.at(-2)).toBe('0.918<*>');
    expect(text).toContain('\\textbf{0.995}');
    const narrow = partOf(matrix, [1, 2], [0, 1]);
    const beside = readLatexTable(latexTable(narrow, matrixStatistics(narrow, 0), options)).rows;
    expect(beside.map((row) => row.slice(0, 2))).toEqual([
      ['Detector', 'Corner'],
      ['mahalanobis', '0.995 ± 0.010'],
      ['functional-attribution', '0.988 ± 0.010'],
    ]);
    expect(text).toContain('\\underline{0.988}');
    expect(text.split('\n')[0]).toBe('% Needs \\usepackage{booktabs} in the preamble.');
    expect(text).toContain('\\label{tab:triggers-on-mnist}');
    // Behind the skyline, and nowhere else.
    expect(text.split('\\addlinespace\n')).toHaveLength(2);
  });

  it.each([
    ['&%$#_{}~^\\', '\\&\\%\\$\\#\\_\\{\\}\\textasciitilde{}\\textasciicircum{}\\textbackslash{}'],
    ['[x] *y* <z> a|b', '{[}x{]} {*}y{*} \\textless{}z\\textgreater{} a\\textbar{}b'],
    ['--- \'\' ,, "q" `', "-{}-{}- '{}' ,{}, {''}q{''} \\`{}"],
    ['a – b — c…', 'a -- b --- c\\ldots{}'],
    ['1\u00a0% ± 0,5\u202f°', '1~\\% $\\pm$ 0,5\\,$^\\circ$'],
    ['Demšar, Erdős, Ångström, naïve, façade', 'Dem\\v{s}ar, Erd\\H{o}s, \\AA{}ngstr\\"{o}m, na\\"{i}ve, fa\\c{c}ade'],
    ['ε ≤ 8/255', '$\\varepsilon$ $\\leq$ 8/255'],
    ['中 😀 ą ế', '{[}U+4E2D{]} {[}U+1F600{]} {[}U+0105{]} {[}U+1EBF{]}'],
    ['a\n\nb\tc\0d\u202ee', 'a b c de'],
  ])('text %j', (text, expected) => {
    expect(latexText(text)).toBe(expected);
  });

  it('shows any ASCII text and Latin letters as they are', () => {
    const unit = fc.oneof(
      fc.constantFrom(...'&%$#_{}~^\\[]*<>|`-,!?=+@()/ .:;', 'é', 'ü', 'ç', 'š', 'ß', 'ø', '±', 'α', '≠'),
      fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 3 }).map((text) => text.replaceAll(/["']/g, '')),
    );
    fc.assert(
      fc.property(fc.array(unit), (parts) => {
        const text = parts.join('');
        expect(readLatex(latexText(text))).toBe(text.replaceAll(/\s+/g, ' '));
      }),
    );
  });
});

/** Names made to break out of a table. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '&', '%', '$', '#', '_', '{', '}', '~', '^', '\\', '\\\\', '\n', '\r\n', '\t', '\u2028', '\0', '"', "'", ',', ';', '|', '||', '`', '**', '[x](y)', '<!--',
        '=cmd()', '+1', '-2+3', '@SUM(A1)', '<script>alert(1)</script>', '</td></table>', '&amp;', '\\end{tabular}', '\\input{/etc/passwd}', '%\n', '$$', '[2cm]',
        '中', '😀', 'é', '\u202e', '\ud800', '- a', '# b', '---', '"a\tb', ' ',
      ), // prettier-ignore
      fc.string({ unit: 'binary', maxLength: 4 }),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((parts) => parts.join(''));

/** The same matrix under other names. */
function renamed(names: readonly string[]): ResultMatrix {
  let next = 0;
  const name = () => names[next++ % names.length]!;
  const part = partOf(matrix, [0, 1, 4, 7], [0, 2, 8, 9]);
  return {
    ...part,
    title: name(),
    aggregation: name(),
    tasks: part.tasks.map(({ notCounted }) => ({ label: name(), notCounted: notCounted === null ? null : name() })),
    detectors: part.detectors.map(({ isSkyline }) => ({ label: name(), sees: name(), isSkyline })),
    cells: part.cells.map((row) =>
      row.map((cell) => ({ ...cell, reason: cell.reason === null ? null : name(), warnings: [name()] })),
    ),
  };
}

const sizes = (rows: readonly (readonly unknown[])[]) => rows.map(({ length }) => length);

/** Reads delimited values as RFC 4180 has them. */
function readDelimited(text: string, delimiter: string): string[][] {
  const rows: string[][] = [[]];
  for (let i = 0; i < text.length;) {
    let field = '';
    if (text[i] === '"') {
      for (i++; text[i] !== '"' || text[i + 1] === '"'; i++) {
        if (i >= text.length) throw new Error('A quote is missing');
        field += text[i]!;
        if (text[i] === '"') i++;
      }
      i++;
    } else while (i < text.length && text[i] !== delimiter && text[i] !== '\n') field += text[i++]!;
    rows.at(-1).push(field);
    if (text[i] === '\n') rows.push([]);
    i++;
  }
  return rows.slice(0, -1);
}

describe('hostile names', () => {
  const given = fc.array(hostile, { minLength: 1, maxLength: 12 }).map(renamed);
  const settings = hostile.map((text): MatrixTableOptions => ({ spread: 'interval', settings: text }));
  const check = (property: (own: ResultMatrix, chosen: MatrixTableOptions) => void) => {
    fc.assert(fc.property(given, settings, property), { numRuns: 150 });
  };

  it('do not break a LaTeX table', () => {
    check((own, chosen) => {
      const text = latexTable(own, matrixStatistics(own, 1), chosen);
      const { columns, rows } = readLatexTable(text);
      expect(sizes(rows)).toEqual(Array(9).fill(columns.length));
      // Each note, and the caption, stands on a line that can be read by itself.
      const lines = text.split('\n');
      const caption = lines.find((line) => line.startsWith('  \\caption{'))!;
      expect(caption.endsWith('}')).toBe(true);
      const commandsOf = (line: string) => [...line.matchAll(/\\(input|end|begin|write|def|include)\b/g)];
      const framed = lines.filter((line) => commandsOf(line).length > 0).map((line) => line.trim().slice(0, 12));
      expect(framed).toEqual(['\\begin{table', '\\begin{tabul', '\\end{tabular', '\\begin{minip', '\\end{minipag', '\\end{table}']); // prettier-ignore
      const depth = [...text.replaceAll(/\\[\\{}]/g, '')].reduce(
        (sum, c) => sum + (c === '{' ? 1 : c === '}' ? -1 : 0),
        0,
      );
      expect(depth).toBe(0);
    });
  });

  it('do not break a Markdown table, and are no markup in it', () => {
    check((own, chosen) => {
      const tokens = new Marked({ gfm: true }).lexer(markdownTable(own, matrixStatistics(own, 1), chosen));
      const kinds = tokens.map(({ type }) => type).filter((type) => type !== 'space');
      expect(new Set(kinds.slice(2))).toEqual(new Set(['paragraph']));
      expect(kinds.slice(0, 2)).toEqual(['paragraph', 'table']);
      const table = tokens.find((token): token is Tokens.Table => token.type === 'table')!;
      expect(sizes([table.header, ...table.rows])).toEqual(Array(5).fill(table.header.length));
      for (const cell of [...table.header, ...table.rows.flat()])
        for (const { type } of cell.tokens) expect(['text', 'escape', 'strong', 'em']).toContain(type);
    });
  });

  it('do not break an HTML table', () => {
    check((own, chosen) => {
      const html = htmlTable(own, matrixStatistics(own, 1), chosen);
      const tags = [...html.matchAll(/<\/?([a-z]+)[^<>]*>/g)].map(([, tag]) => tag);
      expect(html.match(/[<>]/g)).toHaveLength(2 * tags.length);
      const expected = ['caption', 'strong', 'sup', 'table', 'tbody', 'td', 'tfoot', 'th', 'thead', 'tr', 'u'];
      expect(expected).toEqual(expect.arrayContaining([...new Set(tags)]));
      expect(tags.filter((tag) => tag === 'table')).toHaveLength(2);
      expect(html.match(/<td>/g)).toHaveLength(4 * (own.tasks.length + (html.includes('>Rank<') ? 2 : 1)));
    });
  });

  it('do not break tab-separated values, nor become formulas', () => {
    check((own, chosen) => {
      const rows = readDelimited(tsvTable(own, matrixStatistics(own, 1), chosen), '\t');
      expect(sizes(rows.slice(0, 5))).toEqual(Array(5).fill(rows[0]!.length));
      expect(new Set(sizes(rows.slice(5)))).toEqual(new Set([1]));
      for (const field of rows.flat()) expect(field).not.toMatch(/^\s*[=@]/);
    });
  });

  it('do not break CSV, nor become formulas', () => {
    check((own) => {
      const rows = readDelimited(csvTable(own), ',');
      expect(new Set(sizes(rows))).toEqual(new Set([9]));
      for (const field of rows.flat()) expect(field).not.toMatch(/^\s*[=@]/);
      const names = rows.slice(1).map(([task]) => task!.replace(/^'/, ''));
      for (const [i, name] of names.entries()) expect([`'${name}`, name]).toContain(taskOf(own, i));
    });
  });

  it('come back from JSON as they are', () => {
    check((own) => {
      const read = JSON.parse(jsonTable(own, matrixStatistics(own, 1))) as Record<string, unknown>;
      expect(resultMatrixSchema.parse(read['matrix'])).toEqual(own);
      expect(matrixStatisticsSchema.parse(read['statistics'])).toEqual(matrixStatistics(own, 1));
    });
  });
});

/** The name of the task of a row of {@link csvTable}. */
function taskOf({ tasks, cells }: ResultMatrix, row: number): string {
  const rows = cells.flatMap((own) => own.flatMap(({ seeds }, t) => Array(Math.max(1, seeds.length)).fill(tasks[t]!.label) as string[])); // prettier-ignore
  return rows[row]!;
}

describe('data', () => {
  it('has a row a run, with full figures, and one for what is not possible', () => {
    const rows = readDelimited(csvTable(matrix), ',');
    expect(rows[0]).toEqual(['task', 'detector', 'seed', 'run', 'metric', 'value', 'lower', 'upper', 'state']);
    // Of 80 cells two are not possible.
    expect(rows).toHaveLength(1 + 78 * 3 + 2);
    expect(rows).toContainEqual(['Corner', 'mahalanobis', '1', 'run-1', 'auroc', '0.995', '0.975', '1.015', 'done']);
    expect(rows).toContainEqual(['OOD', 'spectral', '', '', 'auroc', '', '', '', 'impossible']);
    expect(rows).toContainEqual(['Adversarial', 'vae', '2', '', 'auroc', '', '', '', 'failed']);
  });
});

describe('an experiment without results', () => {
  it('has tables in every format', () => {
    const empty = { ...matrix, tasks: [], detectors: [], cells: [] };
    const none = matrixStatistics(empty, null);
    expect(readLatexTable(latexTable(empty, none, options)).rows).toEqual([['Detector', 'Mean']]);
    expect(markdownTable(empty, none, options)).toContain('| Detector | Mean |\n|---|---:|\n');
    expect(htmlTable(empty, none, options)).toContain('<tbody>\n</tbody>');
    expect(tsvTable(empty, none, options).split('\n')[0]).toBe('Detector\tMean');
    expect(csvTable(empty)).toBe('task,detector,seed,run,metric,value,lower,upper,state\n');
    for (const { write } of Object.values(matrixTableFormats)) expect(write(empty, none, options)).toMatch(/\n$/);
  });
});
