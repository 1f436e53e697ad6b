import BetterSqlite from 'better-sqlite3';
import type { ExperimentDraft } from '../../shared/domain/draft.ts';
import { cataloguePath } from '../../main/storage/home.ts';
import { tinyDraft } from '../e2e/drafts.ts';
import { finishedRuns } from '../e2e/finished-runs.ts';
import { runsEnded, startProgram } from '../e2e/program.ts';
import type { Client } from '../hosts/web-client.ts';

/** The runs of a week by what they are for; each list has the classifier first, then its detectors. */
interface WorkingWeek {
  /** The first example with more detectors, the newest of all. */
  example: string[];
}

interface Experiment {
  /** The preset that it starts from. */
  preset: string;
  change?: (draft: ExperimentDraft) => Partial<ExperimentDraft>;
  tags?: string[];
  daysAgo: number;
}

const named = (...names: string[]) => names.map((name) => ({ name }));

/** Oldest first. Everything is computed; the built-in data make most of it a matter of seconds. */
const week: readonly Experiment[] = [
  { preset: 'toy-features', daysAgo: 6, change: () => ({ detectors: named('mahalanobis', 'knn', 'vae') }) },
  { preset: 'quirky-arithmetic', daysAgo: 5, tags: ['language'], change: brief },
  {
    preset: 'ood-ablation',
    daysAgo: 3,
    tags: ['ablation'],
    change: () => ({ detectors: named('mahalanobis', 'pca-residual') }),
  },
  { preset: 'adversarial', daysAgo: 2, change: small },
  { preset: 'wanet', daysAgo: 1, tags: ['paper'] },
];

/** A third of the epochs: the transformer takes longest of all, and knows most sums by then. */
function brief({ classifier }: ExperimentDraft): Partial<ExperimentDraft> {
  if (classifier.source === 'run') return {};
  return { classifier: { source: 'train', params: { ...classifier.params, num_epochs: 5 } } };
}

/** The attack on a few hundred samples is as good to look at. */
function small({ task }: ExperimentDraft): Partial<ExperimentDraft> {
  return { task: { ...task, max_test_size: 400, success_threshold: 0.5 } };
}

/**
 * Does real experiments in the program's folder `home` as one does them in a week: several tasks, one training that fails,
 * one that is cancelled, tags, a pinned and an archived run. Takes a few minutes.
 */
export async function makeWorkingWeek(home: string): Promise<WorkingWeek> {
  const program = await startProgram(home);
  const daysAgo = new Map<string, number>();
  let example: string[];
  try {
    example = await makeRuns(program.client, daysAgo);
  } finally {
    await program.stop();
  }
  moveBack(home, daysAgo);
  return { example };
}

/** Makes all runs, the example's last, whose ids it gives; says in `daysAgo` when each is meant to have been. */
async function makeRuns(client: Client, daysAgo: Map<string, number>): Promise<string[]> {
  const presets = await client.drafts.presets({});
  const make = async ({ preset, change, tags = [], daysAgo: days }: Experiment): Promise<string[]> => {
    const { draft } = presets.find(({ id }) => id === preset)!;
    const ids = await finishedRuns(client, { ...draft, ...change?.(draft), tags });
    for (const id of ids) daysAgo.set(id, days);
    return ids;
  };
  const made: string[][] = [];
  for (const experiment of week) made.push(await make(experiment));
  for (const id of await failedTraining(client)) daysAgo.set(id, 2);
  for (const id of await cancelledTraining(client)) daysAgo.set(id, 1);
  const example = await make({
    preset: 'first-example',
    daysAgo: 0,
    tags: ['paper'],
    change: () => ({ detectors: named('mahalanobis', 'knn', 'pca-residual') }),
  });
  await client.runs.change({ ids: [example[1]!], pinned: true });
  await client.runs.change({ ids: [made[0]!.at(-1)], archived: true });
  return example;
}

/** Weights that decay to the other side of zero, farther off with each step: the loss is soon no number. */
async function failedTraining(client: Client): Promise<string[]> {
  const draft = tinyDraft({ epochs: 20 });
  const params = draft.classifier.source === 'train' ? draft.classifier.params : {};
  const steep = { ...params, optim: { name: 'sgd', learning_rate: 10, weight_decay: 1 } };
  const { ids } = await client.drafts.start({
    draft: { ...draft, classifier: { source: 'train', params: steep } },
  });
  const [status] = await runsEnded(client, ids);
  if (status !== 'failed') throw new Error(`Expected a training that fails, found one that is ${status}.`);
  return ids;
}

/** A training that somebody thought better of after its first epochs. */
async function cancelledTraining(client: Client): Promise<string[]> {
  const { ids } = await client.drafts.start({ draft: tinyDraft({ epochs: 5000 }) });
  for await (const event of await client.runs.follow({ id: ids[0]! })) if (event.type === 'epochs') break;
  await client.runs.cancel({ ids });
  await runsEnded(client, ids);
  return ids;
}

/** Runs that were done now stand in the catalogue as if done some days before; how long they took stays. */
function moveBack(home: string, days: ReadonlyMap<string, number>): void {
  const database = new BetterSqlite(cataloguePath(home));
  for (const column of ['created_at', 'started_at', 'ended_at']) {
    const move = database.prepare(
      `UPDATE runs SET ${column} = strftime('%Y-%m-%dT%H:%M:%fZ', ${column}, ?) WHERE id = ? AND ${column} IS NOT NULL`,
    );
    for (const [id, ago] of days) move.run(`-${ago} days`, id);
  }
  database.close();
}
