import { CupbearerError } from '../../shared/errors.ts';
import type { Dataset, DatasetRecipe } from './dataset.ts';
import { imageRecipes } from './image-dataset.ts';
import { transforms } from './transforms/index.ts';

const makers = new Map([...imageRecipes, ...transforms].map((maker) => [maker.kind, maker]));

/** Returns the dataset that gave the recipe, bit for bit. @throws CupbearerError `internal` for a kind that is not known. */
export function fromRecipe({ kind, args }: DatasetRecipe): Dataset {
  const maker = makers.get(kind);
  if (maker === undefined) throw new CupbearerError('internal', `There is no recipe of the kind "${kind}".`);
  return maker.revive(args, fromRecipe);
}
