import type { ExperimentResults } from '../experiment-results.ts';

/** What must be known before figures are believed, a sentence each; equal ones of several cells are one. */
export function doubtsOf({ matrix, strip }: ExperimentResults): string[] {
  const places = new Map<string, string[]>();
  const add = (sentence: string, place: string) => places.set(sentence, [...(places.get(sentence) ?? []), place]);
  matrix.tasks.forEach(({ label, notCounted }, t) => {
    if (notCounted !== null) add(`Not counted. ${notCounted}`, label);
    for (const warning of strip[t]?.warnings ?? []) add(warning, `classifiers of ${label}`);
  });
  matrix.detectors.forEach(({ label }, d) => {
    matrix.cells[d]!.forEach(({ warnings, state, reason, seeds }, t) => {
      const place = `${label} on ${matrix.tasks[t]!.label}`;
      for (const warning of warnings) add(warning, place);
      const done = seeds.filter((seed) => seed.state === 'done').length;
      if (state === 'impossible') add(`Not possible. ${reason ?? ''}`.trim(), place);
      else if (state === 'failed') add(`Failed. ${reason ?? ''}`.trim(), place);
      else if (state !== 'done')
        add(done === 0 ? 'Not computed yet.' : 'Not all seeds are done, so it does not count.', place);
    });
  });
  return [...places].map(([sentence, where]) => `${where.join(', ')}: ${sentence}`);
}
