import fc from 'fast-check';
import { Marked } from 'marked';
import { describe, expect, it } from 'vitest';
import type { CellRun } from '../../../main/experiments/matrix-subject.ts';
import { composeReport } from '../../../main/reports/experiment-report/compose.ts';
import { htmlDocument } from '../../../main/reports/experiment-report/html.ts';
import { markdownDocument } from '../../../main/reports/experiment-report/markdown.ts';
import { experimentTable } from '../../../main/reports/experiment-table.ts';
import { reportRequest } from './subject.ts';

const composed = (...asked: Partial<Parameters<typeof reportRequest>>) =>
  composeReport({ ...reportRequest(asked[0] ?? {}, asked[1]), file: '' });

describe('a report of an experiment', () => {
  it('has all of its chapters, and those that are empty are left out', () => {
    const titles = (spec = {}) => composed(spec).sections.map(({ title }) => title);
    expect(titles({ question: 'Which?', notes: '*So* it was' })).toEqual([
      'Question', 'Notes', 'Threat model', 'Results', 'Statistics', 'Doubts', 'Classifiers', 'Cells, seed by seed',
      'How to repeat it', 'What it was made with', 'The experiment’s file',
    ]); // prettier-ignore
    expect(titles()[0]).toBe('Threat model');
  });

  it('says what the attacker can do in the words of the task, and what is not there yet', () => {
    const page = htmlDocument(composed());
    expect(page).toContain('The attacker puts a trigger on a share of the training data');
    expect(page).toContain('0 of 1 run are done');
    expect(page).toContain('No figure: There are no differences to draw');
    expect(page).toContain('Not computed yet.');
    expect(page).toContain('npx cupbearer experiment new experiment.yaml --from triggers.html');
  });

  it('says how detectors do where there was something to find, and what share of the untrusted data is poison', () => {
    const request = reportRequest({});
    const done = (successful: number, poison?: number): CellRun => ({
      id: 'r', folder: '/nowhere', status: 'done', ms: 2000, progress: null, reason: null,
      metrics: { auroc_successful: successful, auroc_other_classes: successful / 2, ...(poison === undefined ? {} : { poison_share: poison }) },
    }); // prettier-ignore
    const cells = [done(0.9, 0.1), done(0.8)].map((run) => [{ impossible: null, seeds: [{ seed: 0, run }] }]);
    const document = composeReport({ ...request, subject: { ...request.subject, cells }, file: '' });
    const rowsOf = (id: string) =>
      document.sections
        .find((section) => section.id === id)!
        .blocks.flatMap((block) => (block.kind === 'table' ? block.table.rows : []));
    expect(rowsOf('attacks')).toEqual([
      ['mahalanobis', '0.900 / 0.450'],
      ['knn', '0.800 / 0.400'],
    ]);
    expect(rowsOf('classifiers')[0]!.slice(0, 5)).toEqual(['Corner', '0', 'waiting', '–', '10.0\u00a0%']);
    const [first, second, ...differences] = rowsOf('statistics');
    expect([first!.at(-1), second!.at(-1)]).toEqual(['2.0\u00a0s', '2.0\u00a0s']);
    // To the baseline, whose scores nobody finds in this folder.
    expect(differences).toEqual([['knn', '–']]);
    expect(composed().sections.map(({ id }) => id)).not.toContain('attacks');
  });

  it('has figures unless none are wanted', () => {
    const request = reportRequest({});
    const kinds = (figures: boolean) =>
      composeReport({ ...request, options: { ...request.options, figures }, file: '' }).sections.flatMap(({ blocks }) =>
        blocks.map(({ kind }) => kind),
      );
    expect(kinds(true)).toContain('figure');
    expect(kinds(false)).not.toContain('figure');
    expect(kinds(false)).toContain('spec');
  });

  it('names no folder of the machine, whatever errors say and specs hold', () => {
    const failure = 'Could not read "/home/me/secret/run.json" and /var/lib/other/thing.';
    const spec = { tasks: [{ name: 'backdoor', run_path: '/home/me/runs/first' }] };
    const document = composed(spec, { failure });
    for (const text of [htmlDocument(document), markdownDocument(document)]) {
      // Without fonts and figures, whose letters are chance.
      expect(/home.me|var.lib|secret/.exec(text.replaceAll(/base64,[\w+/=]*/g, ''))?.[0]).toBeUndefined();
      expect(text).toContain('run.json');
      expect(text).toContain('Paths of the machine that it was made on are shortened');
    }
  });

  it.each(['latex', 'markdown', 'csv', 'json', 'tsv', 'html'] as const)('nor does a table as %s', (format) => {
    const { subject } = reportRequest({}, { failure: 'Could not read "/home/me/secret/run.json".' });
    const options = { metric: 'auroc' as const, format, spread: 'interval' as const };
    const table = new TextDecoder().decode(experimentTable({ subject, options, settings: '' }).bytes);
    expect(table).not.toMatch(/home.me|secret/);
    expect(table).toContain('failed');
  });

  it('shows what anybody has typed as it was typed', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }),
      fc.constantFrom(
        '<img src=x onerror=alert(1)>',
        '</section><script>alert(1)</script>',
        '" onload="x',
        '![](http://e.example/x)',
        '|a|\n# b',
      ),
    );
    const elements = (page: string) => page.match(/<(?!\/)[a-z]+/g)!.filter((tag) => !['<p', '<li', '<br', '<pre'].includes(tag)).sort(); // prettier-ignore
    const plain = elements(htmlDocument(composed({ question: 'q' }, { labels: ['a', 'b'], failure: 'c' })));
    fc.assert(
      fc.property(hostile, hostile, hostile, hostile, (a, b, task, failure) => {
        const question = `q ${a}`;
        const page = htmlDocument(
          composed({ question }, { labels: [`a${a}`, `b${b}`], task: `t${task}`, failure: `f${failure}` }),
        );
        expect(elements(page)).toEqual(plain);
        expect(page).not.toMatch(/<script|<[^>]* on\w+=/i);
        const markdown = markdownDocument(
          composed({ question }, { labels: [`a${a}`, `b${b}`], task: `t${task}`, failure: `f${failure}` }),
        );
        const made = new Marked().parse(markdown, { async: false });
        expect(made).not.toMatch(/<script|<img(?![^>]*src="data:)/i);
      }),
      { numRuns: 60 },
    );
  });
});
