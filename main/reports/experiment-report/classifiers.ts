import { formatPercent } from '../../../shared/format.ts';
import type { MatrixSubject } from '../../experiments/matrix-subject.ts';
import { hashJson } from '../../storage/content-hash.ts';
import type { ExperimentResults } from '../experiment-results.ts';
import { heading, table, text, type Block } from './document.ts';
import { specText } from './embedded-spec.ts';
import { meanOf } from './mean-of-runs.ts';
import type { ExperimentReportRequest } from './request.ts';

const none = '–';
const share = (value: number | null) => (value === null ? none : formatPercent(value));

/** The classifiers that are watched: how good they are, whether the attack has worked, and how they were trained. */
export function classifiers(
  { columns, subject }: ExperimentReportRequest,
  { matrix, strip }: ExperimentResults,
): Block[] {
  const bySpec = new Map<string, { params: Readonly<Record<string, unknown>> | null; tasks: string[] }>();
  columns.forEach(({ classifier }, c) => {
    const key = hashJson(classifier);
    const known = bySpec.get(key) ?? { params: classifier, tasks: [] };
    known.tasks.push(matrix.tasks[c]!.label);
    bySpec.set(key, known);
  });
  return [
    table({
      caption:
        'Classifiers, a row a seed. Attack success: share of attacked samples of other classes that the classifier takes for the target. Poison share: of the untrusted data that it takes for the class with most anomalies, as runs have measured it that see these.',
      head: ['Task', 'Seed', 'Clean accuracy', 'Attack success', 'Poison share', 'Run'],
      numeric: [false, true, true, true, true, false],
      rows: strip.flatMap(({ seeds }, c) =>
        seeds.map(({ seed, state, cleanAccuracy, attackSuccess, run, reason }) => [
          matrix.tasks[c]!.label,
          String(seed),
          state === 'done' ? share(cleanAccuracy) : (reason ?? state),
          share(attackSuccess),
          share(poisonOf(subject, c, seed)),
          run ?? none,
        ]),
      ),
    }),
    ...specBlocks([...bySpec.values()]),
  ];
}

/** As the runs of a task and seed say, of which only those know it that see untrusted data. */
function poisonOf({ cells }: MatrixSubject, column: number, seed: number): number | null {
  const runs = cells.flatMap((row) => row[column]!.seeds.filter((each) => each.seed === seed));
  return meanOf(runs.map(({ run }) => (run?.status === 'done' ? run.metrics['poison_share'] : null)));
}

/** What all have that are trained, and then what is each one's own. */
function specBlocks(all: readonly { params: Readonly<Record<string, unknown>> | null; tasks: string[] }[]): Block[] {
  const trained = all.flatMap(({ params, tasks }) => (params === null ? [] : [{ params, tasks }]));
  const given = all.filter(({ params }) => params === null).flatMap(({ tasks }) => tasks);
  const [first] = trained;
  const isCommon = (key: string) => trained.length > 1 && trained.every(({ params }) => hashJson(params[key]) === hashJson(first?.params[key])); // prettier-ignore
  const part = (params: Readonly<Record<string, unknown>>, wanted: (key: string) => boolean) =>
    Object.fromEntries(Object.entries(params).filter(([key]) => wanted(key)));
  const blockOf = (title: string, params: Readonly<Record<string, unknown>>): Block[] =>
    Object.keys(params).length === 0
      ? []
      : [heading(title), { kind: 'code', language: 'yaml', text: specText(params).trimEnd() }];
  return [
    ...(first ? blockOf('Training of all of them', part(first.params, isCommon)) : []),
    ...trained.flatMap(({ params, tasks }) =>
      blockOf(
        tasks.join(', '),
        part(params, (key) => !isCommon(key)),
      ),
    ),
    ...(given.length > 0 ? [text(`Classifiers that were there before: ${given.join(', ')}.`)] : []),
  ];
}
