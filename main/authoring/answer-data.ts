import { CupbearerError } from '../../shared/errors.ts';
import { given } from '../../shared/given.ts';
import type { DatasetDefinition } from '../data/dataset.ts';
import type { TriggerDefinition } from '../data/triggers/trigger.ts';
import { RandomStream } from '../tensor/random.ts';
import { paramsOfDefinition, type Answering, type Asked } from './answering.ts';

/** Returns a dataset's arrays. */
export async function answerDataset(
  { definition: id, params, half, seed }: Asked<'dataset'>,
  { exchange, signal, find }: Answering,
) {
  const exported = find(['dataset'], id);
  const definition = exported as unknown as DatasetDefinition;
  const own = paramsOfDefinition(exported, { ...params, train: half === 'train' });
  const dataset = await definition.load(own as never, { dataDir: '', seed, signal });
  const { length, shape, classes, vocabulary } = dataset;
  const { inputs, labels } = dataset.read(
    Int32Array.from({ length }, (_, index) => index),
    0,
  );
  return {
    ...exchange.write(`dataset-${half}`, {
      inputs: { shape: [length, ...shape], data: inputs },
      labels: { shape: [length], data: labels },
    }),
    classes: [...classes],
    ...given({ vocabulary: vocabulary && [...vocabulary] }),
  };
}

/** Returns changed samples. */
export function answerTrigger(
  { definition: id, params, samples: place, vocabulary, seeds }: Asked<'trigger'>,
  { exchange, find }: Answering,
) {
  const exported = find(['trigger'], id);
  const definition = exported as unknown as TriggerDefinition;
  const { data, shape } = exchange.read(place);
  if (!(data instanceof Float32Array)) throw new CupbearerError('plugin', 'Samples: expected float32.');
  const [count = 0, ...own] = shape;
  const size = data.length / Math.max(1, count);
  const trigger = definition.create(paramsOfDefinition(exported, params) as never, {
    shape: own,
    seed: 0,
    ...given({ vocabulary }),
  });
  exchange
    .read(seeds)
    .data.forEach((seed, i) =>
      trigger.apply(data.subarray(i * size, (i + 1) * size), RandomStream.from(seed, 'trigger', id)),
    );
  return exchange.write('changed', { samples: { shape, data } });
}
