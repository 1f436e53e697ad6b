import { z } from 'zod';
import { classOrder } from '../class-order.ts';
import type { Dataset } from '../dataset.ts';
import { plain } from './parameters.ts';
import { defineTransform, type Transform } from './transform.ts';

/** The dataset with its classes in another order: class i becomes class `order[i]` of `classes`. */
export const relabelled: Transform<[classes: string[], order: number[]]> = defineTransform({
  kind: 'relabelled',
  parameters: [plain(z.array(z.string())), plain(z.array(z.int().nonnegative()))],
  make: (_, classes, order) => ({
    classes,
    change({ labels, size }) {
      for (let i = 0; i < size; i++) labels[i] = order[labels[i]!]!;
    },
  }),
});

/**
 * Returns data whose labels are numbers of the `wanted` classes, matched by name; the dataset itself if they are
 * already. `name` is what the data are called. @throws CupbearerError `usage` as {@link classOrder}.
 */
export function withClassesOf(dataset: Dataset, wanted: readonly string[], name: string): Dataset {
  const order = classOrder(dataset.classes, wanted, name);
  return order ? relabelled(dataset, [...wanted], order) : dataset;
}
