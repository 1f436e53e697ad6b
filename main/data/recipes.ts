import type { TensorMap } from '../../shared/domain/tensors.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { augmented, type AugmentationSpec } from './augmentation.ts';
import type { Dataset, DatasetRecipe } from './dataset.ts';
import { imageDataset, type Images } from './image-dataset.ts';
import { poisoned, type PoisonOptions } from './poisoning.ts';
import { subset } from './subset.ts';
import { createTrigger } from './triggers/index.ts';

/** A trigger as its recipe has it: what it says of itself, and its state. */
interface TriggerRecipe {
  readonly spec: Readonly<Record<string, unknown>>;
  readonly state: TensorMap;
}

/** By kind, what makes a dataset again of the arguments that it was made of. */
const makers: Readonly<Record<string, (...args: never[]) => Dataset>> = {
  images: (images: Images, fingerprint: string) => imageDataset(images, fingerprint),
  subset: (of: DatasetRecipe, indices: Int32Array) => subset(fromRecipe(of), indices),
  augmented: (of: DatasetRecipe, spec: AugmentationSpec, seed: number) => augmented(fromRecipe(of), spec, seed),
  poisoned(of: DatasetRecipe, { spec, state }: TriggerRecipe, options: PoisonOptions) {
    const dataset = fromRecipe(of);
    const { id, ...params } = spec;
    // All that a seed decided is in the state.
    const trigger = createTrigger({ name: id as string, ...params }, { shape: dataset.shape, seed: 0, state });
    return poisoned(dataset, trigger, options);
  },
};

/** The dataset that gave the recipe, bit for bit. @throws CupbearerError `internal` for a kind that is not known. */
export function fromRecipe({ kind, args }: DatasetRecipe): Dataset {
  const make = makers[kind];
  if (make === undefined) throw new CupbearerError('internal', `There is no recipe of the kind "${kind}".`);
  return make(...(args as never[]));
}
