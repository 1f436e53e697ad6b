import { counted, formatCount } from '../../../shared/format.ts';
import { library } from '../../app/library.svelte.ts';

/**
 * Describes a dataset that can be used: "60 000 train, 10 000 test, 28 × 28 × 1, 10 classes. On disk."; else
 * `otherwise`.
 */
export function datasetHelp(name: string, otherwise: string): string {
  const dataset = library.datasets?.find((candidate) => candidate.name === name);
  if (!dataset || dataset.samples.train === 0 || dataset.state === 'missing' || dataset.state === 'incomplete')
    return otherwise;
  const { samples, shape, classes, state } = dataset;
  const facts = [
    `${formatCount(samples.train)} train`,
    `${formatCount(samples.test)} test`,
    ...(shape ? [shape.length === 1 ? counted(shape[0]!, 'value') : shape.join(' × ')] : []),
    ...(classes === null ? [] : [`${formatCount(classes)} classes`]),
  ];
  return `${facts.join(', ')}. ${state === 'built-in' ? 'Built in.' : 'On disk.'}`;
}
