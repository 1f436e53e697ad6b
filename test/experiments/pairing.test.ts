import { beforeAll, describe, expect, it } from 'vitest';
import { detectorRegistry } from '../../main/detectors/index.ts';
import { checkPairing } from '../../main/experiments/pairing.ts';
import type { TaskOffers } from '../../main/tasks/task.ts';
import { startEngine } from '../../main/tensor/engine.ts';

beforeAll(() => startEngine('auto'));

const everything: TaskOffers = { trusted: true, untrusted: true, anomalyLabels: true, gradients: true };
const layers = ['a', 'b', 'c'];

describe.each(detectorRegistry.definitions)('$id', ({ id, needs }) => {
  const check =
    (offers: Partial<TaskOffers>, chosen = layers) =>
    () =>
      checkPairing({ name: id }, { ...everything, ...offers }, chosen);

  it.each(['trusted', 'untrusted', 'anomalyLabels', 'gradients'] as const)(
    'is refused without %s where it needs them',
    (need) => {
      const says = {
        trusted: /needs trusted data, and this task has none/,
        untrusted: /needs untrusted data, and this task has none/,
        anomalyLabels: /needs untrusted data that is labelled/,
        gradients: /needs gradients of the model's loss, and this task's model gives none/,
      }[need];
      if (needs[need]) expect(check({ [need]: false })).toThrow(says);
      else expect(check({ [need]: false })).not.toThrow();
    },
  );

  it('is refused with fewer layers than it needs', () => {
    const least = needs.layers ?? 1;
    expect(check({}, layers.slice(0, least))).not.toThrow();
    if (least > 0) expect(check({}, layers.slice(0, least - 1))).toThrow(`needs at least ${least} layer`);
  });
});

it('says what each detector needs', () => {
  const needing = (need: keyof TaskOffers) =>
    detectorRegistry.definitions.filter(({ needs }) => needs[need]).map(({ id }) => id);
  expect(needing('gradients')).toEqual(['functional-attribution', 'finetuning']);
  expect(needing('anomalyLabels')).toEqual(['supervised-probe']);
  expect(needing('untrusted')).toEqual(
    expect.arrayContaining(['spectral', 'que', 'spectre', 'scan', 'activation-clustering', 'supervised-probe']),
  );
});
