import type { TensorMap } from '../../shared/domain/tensors.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { ByteFile, type BytePlace } from '../storage/byte-file.ts';
import { augmented, type AugmentationSpec } from './transforms/augmentation.ts';
import { changed } from './transforms/changed.ts';
import { concatenated } from './transforms/concatenated.ts';
import type { Dataset, DatasetRecipe } from './dataset.ts';
import { imageDataset, type Images } from './image-dataset.ts';
import { poisoned, type PoisonOptions } from './transforms/poisoning.ts';
import { replaced, type Replacement } from './transforms/replaced.ts';
import { subset } from './transforms/subset.ts';
import { triggerOfSpec } from './triggers/index.ts';
import type { Trigger } from './triggers/trigger.ts';

/** A trigger as its recipe has it: what it says of itself, and its state. */
interface TriggerRecipe {
  readonly spec: Readonly<Record<string, unknown>>;
  readonly state: TensorMap;
}

/** Images whose pixels lie in a file that the thread with the dataset keeps open. */
type StoredImages = Omit<Images, 'pixels'> & { readonly place: BytePlace };

/** As {@link Replacement}, with inputs that the thread with the dataset keeps open. */
type StoredReplacement = Omit<Replacement, 'inputs'> & { readonly place: BytePlace };

/** By kind, what makes a dataset again of the arguments that it was made of. */
const makers: Readonly<Record<string, (...args: never[]) => Dataset>> = {
  images: (images: Images, fingerprint: string) => imageDataset(images, fingerprint),
  'stored-images': ({ place, ...images }: StoredImages, fingerprint: string) =>
    imageDataset({ ...images, pixels: ByteFile.shared(place) }, fingerprint),
  subset: (of: DatasetRecipe, indices: Int32Array) => subset(fromRecipe(of), indices),
  replaced: (of: DatasetRecipe, { place, ...replacement }: StoredReplacement, fingerprint: string) =>
    replaced(fromRecipe(of), { ...replacement, inputs: ByteFile.shared(place) }, fingerprint),
  augmented: (of: DatasetRecipe, spec: AugmentationSpec, seed: number) => augmented(fromRecipe(of), spec, seed),
  concatenated: (first: DatasetRecipe, second: DatasetRecipe) => concatenated(fromRecipe(first), fromRecipe(second)),
  poisoned(of: DatasetRecipe, trigger: TriggerRecipe, options: PoisonOptions) {
    const dataset = fromRecipe(of);
    return poisoned(dataset, triggerOf(trigger, dataset), options);
  },
  changed(of: DatasetRecipe, trigger: TriggerRecipe, seed: number) {
    const dataset = fromRecipe(of);
    return changed(dataset, triggerOf(trigger, dataset), seed);
  },
};

function triggerOf({ spec, state }: TriggerRecipe, { shape }: Dataset): Trigger {
  // All that a seed decided is in the state.
  return triggerOfSpec(spec, { shape, seed: 0, state });
}

/** The dataset that gave the recipe, bit for bit. @throws CupbearerError `internal` for a kind that is not known. */
export function fromRecipe({ kind, args }: DatasetRecipe): Dataset {
  const make = makers[kind];
  if (make === undefined) throw new CupbearerError('internal', `There is no recipe of the kind "${kind}".`);
  return make(...(args as never[]));
}
