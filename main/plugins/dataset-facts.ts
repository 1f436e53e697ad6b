import { z } from 'zod';
import type { NamedTensor } from '../../shared/domain/tensors.ts';
import { given } from '../../shared/given.ts';
import type { Described } from '../../shared/plugin/description.ts';
import { keepFacts, keptFacts, type FactsOf } from './kept-facts.ts';
import { pluginError } from './plugin-faults.ts';
import type { PluginProcess } from './plugin-process.ts';

type Half = 'train' | 'test';
/** A half of a dataset as its plugin hands it over. */
export type HandedData = Awaited<ReturnType<PluginProcess['dataset']>>;

/** What is kept of a dataset that was loaded. */
const loadedFacts = z.strictObject({
  shape: z.array(z.int().min(1)).min(1).max(3),
  classes: z.array(z.string()),
  vocabulary: z.array(z.string()).optional(),
  counts: z.strictObject({ train: z.int().min(0), test: z.int().min(0) }),
});
type LoadedFacts = z.infer<typeof loadedFacts>;

/** What the samples of a dataset turned out to be; undefined before it was loaded with these parameters. */
export function keptDatasetFacts(of: FactsOf): LoadedFacts | undefined {
  return keptFacts(of, loadedFacts);
}

/** By what the facts of a dataset are kept, of all its parameters. */
export function datasetFactsOf({ id, fields }: Described<'dataset'>, hash: string, params: object): FactsOf {
  const all = params as Readonly<Record<string, unknown>>;
  const own = fields.map(({ key }): [string, unknown] => [key, all[key]]).filter(([, value]) => value !== undefined);
  return { hash, kind: 'dataset', id, params: Object.fromEntries(own) };
}

/** The defaults of a dataset's own parameters. */
export function defaultsOf({ fields }: Described<'dataset'>): Record<string, unknown> {
  return Object.fromEntries(fields.map((field) => [field.key, 'default' in field ? field.default : undefined]));
}

/** Has a plugin make a dataset with its defaults, so that forms know what its samples look like. @throws CupbearerError `plugin`. */
export async function lookAtDataset(running: PluginProcess, described: Described<'dataset'>): Promise<void> {
  const of = datasetFactsOf(described, running.launch.version.hash, defaultsOf(described));
  if (!keptDatasetFacts(of)) await askBothHalves(running, of, 0);
}

/** Both halves of a dataset; keeps what its samples are. @throws CupbearerError `plugin` if they do not fit each other. */
export async function askBothHalves(
  running: PluginProcess,
  of: FactsOf,
  seed: number,
): Promise<Record<Half, HandedData>> {
  const halves = { train: await askHalf(running, of, 'train', seed), test: await askHalf(running, of, 'test', seed) };
  const { train, test } = halves;
  const shapeOf = ({ inputs }: HandedData) => inputs.shape.slice(1);
  const differs = (what: string, one: readonly unknown[], other: readonly unknown[]) =>
    pluginError(
      running.launch,
      `gave the halves of the dataset "${of.id}" different ${what}: [${one.slice(0, 10).join(', ')}] and [${other.slice(0, 10).join(', ')}].`,
    );
  if (shapeOf(train).join() !== shapeOf(test).join()) throw differs('shapes', shapeOf(train), shapeOf(test));
  if (train.classes.join('\n') !== test.classes.join('\n')) throw differs('classes', train.classes, test.classes);
  keepFacts(of, {
    shape: shapeOf(train),
    classes: train.classes,
    ...given({ vocabulary: train.vocabulary }),
    counts: { train: train.labels.data.length, test: test.labels.data.length },
  });
  return halves;
}

/** A half of a dataset. @throws CupbearerError `plugin` for arrays that are no dataset. */
export async function askHalf(running: PluginProcess, of: FactsOf, half: Half, seed: number): Promise<HandedData> {
  const handed = await running.dataset(of.id, of.params, half, seed);
  const wrong = problemOf(handed);
  if (wrong === undefined) return handed;
  throw pluginError(running.launch, `made no dataset of the ${half} half of "${of.id}": ${wrong}.`);
}

function problemOf({ inputs, labels, classes, vocabulary }: HandedData): string | undefined {
  const [count = 0, ...shape] = inputs.shape;
  if (![1, 2, 3].includes(shape.length) || shape.includes(0))
    return `expected inputs [n, ...shape], found the shape [${inputs.shape.join(', ')}]`;
  if (count === 0) return 'expected samples, found none';
  if (!(inputs.data instanceof Uint8Array) && !(inputs.data instanceof Float32Array))
    return 'expected inputs of uint8 or float32';
  if (inputs.data instanceof Uint8Array && shape.length !== 3) return 'expected uint8 of images alone';
  if (labels.shape.join() !== String(count)) return `expected labels [${count}], found [${labels.shape.join(', ')}]`;
  const label = labels.data.findIndex((value) => !(value >= 0 && value < classes.length && Number.isInteger(value)));
  if (label !== -1)
    return `expected labels from 0 to ${classes.length - 1}, found ${labels.data[label]} of sample ${label}`;
  return problemOfValues(inputs, shape, vocabulary);
}

function problemOfValues(
  { data }: NamedTensor,
  shape: readonly number[],
  vocabulary?: readonly string[],
): string | undefined {
  if (data instanceof Uint8Array) return undefined;
  const [most, words] = vocabulary
    ? [vocabulary.length - 1, 'tokens']
    : shape.length === 3
      ? [1, 'values']
      : [Infinity, ''];
  const least = most === Infinity ? -Infinity : 0;
  const at = data.findIndex((value) => !Number.isFinite(value) || value < least || value > most);
  if (at === -1) return undefined;
  const expected = most === Infinity ? 'finite numbers' : `${words} from 0 to ${most}`;
  return `expected ${expected}, found ${data[at]} in sample ${Math.floor(at / shape.reduce((a, b) => a * b, 1))}`;
}
