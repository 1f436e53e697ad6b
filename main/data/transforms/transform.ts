import { given } from '../../../shared/given.ts';
import type { Batch, Dataset, RecipeMaker } from '../dataset.ts';
import { fingerprint, type FingerprintPart } from '../fingerprint.ts';
import { reviveDataset, type Parameter } from './parameters.ts';

/** What a transform makes of a dataset. What it leaves out stays as it is. */
interface Transformed extends Partial<Pick<Dataset, 'shape' | 'classes' | 'length' | 'read' | 'originals'>> {
  /** Bytes that it keeps in memory besides the dataset. */
  readonly memory?: number;
  /** Takes the place of the fingerprint that follows from the dataset and the parameters. */
  readonly fingerprint?: string;
  /** Changes a batch of the dataset in place; a transform that reads in another way has `read`. */
  readonly change?: (batch: Batch, indices: ArrayLike<number>, epoch: number) => void;
}

/** A function that makes a dataset of another one. It also makes it again of a recipe. */
export interface Transform<V extends readonly unknown[], D extends Dataset = Dataset> extends RecipeMaker {
  (dataset: Dataset, ...values: V): D;
}

/**
 * Declares a transform. Facts, memory, fingerprint and recipe of what it makes follow from the dataset, `parameters`
 * and what `make` returns; other members of that (such as `unaugmented`) become members of the dataset.
 */
export function defineTransform<V extends readonly unknown[], M extends Transformed>({
  kind,
  parameters,
  make,
}: {
  /** Its name in recipes and fingerprints. Changing it changes the fingerprints of earlier runs. */
  readonly kind: string;
  readonly parameters: { readonly [K in keyof V]: Parameter<V[K]> };
  /** May throw CupbearerError if the parameters do not fit the dataset. */
  readonly make: (dataset: Dataset, ...values: V) => M;
}): Transform<V, Dataset & Omit<M, 'change' | 'memory'>> {
  function transform(dataset: Dataset, ...values: V) {
    const { change, memory = 0, ...own } = make(dataset, ...values);
    const { shape, classes, vocabulary, length, notes } = dataset;
    const plain: Dataset = {
      shape,
      classes,
      ...given({ vocabulary, notes }),
      length,
      memory: dataset.memory + memory,
      fingerprint: own.fingerprint ?? fingerprint(kind, dataset.fingerprint, ...identitiesOf(values)),
      ...given({ recipe: recipeOf(dataset, values), originals: originalsOf(dataset, values) }),
      read(indices, epoch) {
        const batch = dataset.read(indices, epoch);
        change?.(batch, indices, epoch);
        return batch;
      },
    };
    return { ...plain, ...own };
  }

  function identitiesOf(values: V): FingerprintPart[] {
    return parameters
      .map((parameter, i) => parameter.identity?.(values[i]))
      .filter((identity) => identity !== undefined);
  }

  /** The same made of data without random changes. */
  function originalsOf(dataset: Dataset, values: V): Dataset['originals'] {
    if (![dataset, ...values].some(hasOriginals)) return undefined;
    const originalOf = <T>(value: T): T | Dataset => (hasOriginals(value) ? value.originals() : value);
    // Each value keeps its type: a dataset is replaced by a dataset.
    return () => transform(originalOf(dataset), ...(values.map(originalOf) as unknown as V));
  }

  function recipeOf(dataset: Dataset, values: V): Dataset['recipe'] {
    const all = [dataset.recipe, ...parameters.map((parameter, i) => parameter.sender(values[i]))];
    const senders = all.filter((sender) => sender !== undefined);
    if (senders.length < all.length) return undefined;
    return () => ({ kind, args: senders.map((send) => send()) });
  }

  const revive: RecipeMaker['revive'] = ([of, ...sent], fromRecipe) => {
    const dataset = reviveDataset(of, fromRecipe);
    const values: readonly unknown[] = parameters.map((parameter, i) => parameter.revive(sent[i], dataset, fromRecipe));
    // One value for each parameter, of its type, which the compiler cannot follow through `map`.
    return transform(dataset, ...(values as V));
  };
  return Object.assign(transform, { kind, revive });
}

function hasOriginals(value: unknown): value is Dataset & Required<Pick<Dataset, 'originals'>> {
  return typeof value === 'object' && value !== null && 'originals' in value;
}

/** How many values a sample has. */
export function sampleSize({ shape }: Dataset): number {
  return shape.reduce((product, side) => product * side, 1);
}
