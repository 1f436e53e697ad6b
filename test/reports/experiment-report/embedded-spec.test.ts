import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { suites } from '../../../main/experiments/suites/index.ts';
import { composeReport } from '../../../main/reports/experiment-report/compose.ts';
import { publicExperiment, specOfReport } from '../../../main/reports/experiment-report/embedded-spec.ts';
import { htmlDocument } from '../../../main/reports/experiment-report/html.ts';
import { markdownDocument } from '../../../main/reports/experiment-report/markdown.ts';
import { experimentSpecSchema, type ExperimentSpecInput } from '../../../shared/domain/experiment.ts';
import { reportRequest } from './subject.ts';

const reports = { 'r.html': htmlDocument, 'r.md': markdownDocument };

function throughReport(spec: Partial<ExperimentSpecInput>, name: keyof typeof reports) {
  const request = reportRequest(spec);
  return {
    before: request.experiment.spec,
    after: specOfReport(reports[name](composeReport({ ...request, file: '' })), name),
  };
}

describe.each(['r.html', 'r.md'] as const)('the experiment in the report %s', (name) => {
  it('is the one that the report is of, for every suite', () => {
    for (const suite of suites.values()) {
      const { before, after } = throughReport(suite, name);
      expect(after).toEqual(before);
      expect(after).toEqual(suite);
    }
  });

  it('is the same whatever has been typed into it', () => {
    const typed = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.constantFrom(
        '</pre><script>alert(1)</script>',
        '<pre id="experiment-file">name: other</pre>',
        '```yaml cupbearer-experiment\nname: other\ntasks: [ood]\ndetectors: [knn]\n```',
        '````yaml cupbearer-experiment',
        '&lt;&amp;lt; &#39; "quoted" \\ `tick`',
        'a: [b, c]\n- d\n# e',
        '\u2028\u0085\ufeff\r\n',
      ),
    );
    // A lone surrogate is no text, and files cannot hold it.
    const text = typed.map((own) => own.toWellFormed());
    fc.assert(
      fc.property(text, text, text, (question, notes, label) => {
        const spec = {
          question,
          notes,
          tags: [`t${question.slice(0, 20)}`],
          tasks: [{ name: 'backdoor', label: `l${label}`.trim(), note: { nested: [notes, 1, null, true] } }],
        };
        const { before, after } = throughReport(spec, name);
        expect(after).toEqual(before);
      }),
      { numRuns: 150 },
    );
  });
});

describe('a report without an experiment', () => {
  it.each([
    ['r.html', '<html><body>Hello</body></html>'],
    ['r.html', '<pre id="experiment-file">name: a'],
    ['r.md', '# Hello\n\n```yaml\nname: a\n```\n'],
    ['r.md', '```yaml cupbearer-experiment\nname: a'],
  ])('%s %j is refused', (name, text) => {
    expect(() => specOfReport(text, name)).toThrow(/is no report of an experiment/);
  });

  it('says what is wrong with one that is no experiment', () => {
    expect(() => specOfReport('<pre id="experiment-file">name: a</pre>', 'r.html')).toThrow(
      /The experiment in "r.html" is no experiment/,
    );
  });
});

describe('paths in an experiment', () => {
  it('are shortened to their last name, and others stay', () => {
    const spec = experimentSpecSchema.parse({
      name: 'a/b',
      notes: 'In /home/me I think',
      tasks: [{ name: 'backdoor', run_path: '/home/me/runs/first', label: 'a/b' }],
      detectors: [
        { name: 'knn', from: 'C:\\Users\\me\\x.bin' },
        { name: 'knn', from: '~/secret/y' },
        { name: 'knn', from: '../data/z' },
      ],
      prerequisites: { attacked: { train_data: { name: 'folder', path: '/srv/pictures/' } } },
    });
    const { spec: shown, isShortened } = publicExperiment(spec);
    expect(isShortened).toBe(true);
    expect(shown.tasks).toEqual([{ name: 'backdoor', run_path: 'first', label: 'a/b' }]);
    expect(shown.detectors.map((detector) => ('name' in detector ? detector['from'] : null))).toEqual([
      'x.bin',
      'y',
      '../data/z',
    ]);
    expect(shown.prerequisites).toEqual({ attacked: { train_data: { name: 'folder', path: 'pictures' } } });
    expect(shown.notes).toBe(spec.notes);
  });

  it('without any, nothing is said to be shortened', () => {
    for (const suite of suites.values()) expect(publicExperiment(suite)).toEqual({ spec: suite, isShortened: false });
  });
});
