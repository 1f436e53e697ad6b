import type { RunDetailWords, RunSummary } from '../../shared/domain/live.ts';
import type { RunKind } from '../../shared/domain/run.ts';
import { ownDetails, tellingDetails } from '../../shared/run-names.ts';
import { catalogue } from '../app/catalogue.svelte.ts';

/** What distinguishes runs with the same title. */
class Siblings {
  readonly #groups = $derived.by(() => {
    const groups = new Map<string, RunSummary[]>();
    for (const run of catalogue.runs.values()) {
      const key = keyOf(run);
      const group = groups.get(key);
      if (group) group.push(run);
      else groups.set(key, [run]);
    }
    return groups;
  });
  /** By group, which a change of any run replaces. */
  readonly #words = new WeakMap<readonly RunSummary[], ReadonlyMap<string, Telling>>();

  /** Returns in what a run differs from others of its title; nothing for a run whose title is its own. */
  of(run: RunSummary): Telling {
    const group = this.#groups.get(keyOf(run));
    if (!group || group.length === 1) return nothing;
    let words = this.#words.get(group);
    if (!words) {
      words = wordsOf(group, catalogue.runs);
      this.#words.set(group, words);
    }
    return words.get(run.id) ?? nothing;
  }

  /** As {@link of}, in one line: "seed 1, epochs 4". */
  wordsFor(run: RunSummary): string {
    const { own, classifier, detector } = this.of(run);
    return [own, detector && `detector ${detector}`, classifier && `classifier ${classifier}`]
      .filter(Boolean)
      .join(', ');
  }
}

/**
 * In what a run differs from others of its title: by itself, "seed 1", and by the classifier and detector that it
 * builds on.
 */
interface Telling {
  own: string;
  classifier: string;
  detector: string;
}

const nothing: Telling = { own: '', classifier: '', detector: '' };

/** Runs that are the same in all of these have the same title. */
const keys = new WeakMap<RunSummary, string>();

function keyOf(run: RunSummary): string {
  let key = keys.get(run);
  if (key === undefined) {
    const { kind, name, task, subject, taskDetail, dataset, ownDataset, detector, detectorDetail, model } = run;
    key = [kind, name, task, subject.training, taskDetail, dataset, ownDataset, detector, detectorDetail, kind === 'classifier' ? model : '']
      .join('\n'); // prettier-ignore
    keys.set(run, key);
  }
  return key;
}

/** By id. Runs that do not differ in anything known are distinguished by the end of their ids. */
function wordsOf(group: readonly RunSummary[], runs: ReadonlyMap<string, RunSummary>): ReadonlyMap<string, Telling> {
  const parents = group.map((run) => parentsOf(run, runs));
  const of = (kind: RunKind) =>
    tellingDetails(parents.map((all) => all.filter((run) => run.kind === kind).flatMap(parentDetails)));
  const [own, classifier, detector] = [tellingDetails(group.map(ownDetails)), of('classifier'), of('detector')];
  const all = group.map((_, i) => ({ own: own[i]!, classifier: classifier[i]!, detector: detector[i]! }));
  const textOf = (telling: Telling) => Object.values(telling).join('\n');
  const counts = new Map<string, number>();
  for (const telling of all) counts.set(textOf(telling), (counts.get(textOf(telling)) ?? 0) + 1);
  return new Map(
    group.map(({ id }, i) => {
      const telling = all[i]!;
      if (counts.get(textOf(telling)) === 1) return [id, telling];
      return [id, { ...telling, own: [telling.own, `run ${id.slice(-4)}`].filter(Boolean).join(', ') }];
    }),
  );
}

const parentsOf = (run: RunSummary, runs: ReadonlyMap<string, RunSummary>) =>
  run.parents.map((id) => runs.get(id)).filter((parent) => parent !== undefined);

function parentDetails(parent: RunSummary): RunDetailWords[] {
  const named = [
    { label: '', value: parent.name },
    { label: '', value: parent.model },
  ];
  return [...named.filter(({ value }) => value !== ''), ...ownDetails(parent)];
}

export const siblings = new Siblings();
