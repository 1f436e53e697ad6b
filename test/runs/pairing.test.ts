import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fault } from '../../shared/domain/form.ts';
import { parseParams, type Picked } from '../../shared/schema/fields.ts';
import { detectorRegistry } from '../../main/detectors/index.ts';
import { unsuitedDetectors } from '../../main/runs/drafts/detector-misfits.ts';
import { draftFaults } from '../../main/runs/drafts/draft-faults.ts';
import { draftDetector } from '../../main/runs/drafts/draft-specs.ts';
import { pairingMisfits } from '../../main/runs/pairing.ts';
import { trainDetector } from '../../main/runs/train-detector.ts';
import { architectureRegistry } from '../../main/models/architectures/index.ts';
import { NetworkOutline } from '../../main/models/network-outline.ts';
import { writeTensorFile } from '../../main/storage/tensor-file.ts';
import type { TaskOffers } from '../../main/tasks/offers.ts';
import { trainedClassifier } from '../tasks/trained-classifier.ts';

const everything: TaskOffers = { trusted: true, untrusted: true, anomalyLabels: true };
const network = () =>
  new NetworkOutline({
    architecture: { name: 'mlp', hidden_dims: [4, 3] },
    inputShape: [2, 2, 1],
    classes: ['0', '1'],
  });

/** Calls `work` while the networks of this architecture give no gradients: all that there are do. */
function withoutGradients<T>(architecture: string, work: () => T): T {
  const definition = architectureRegistry.get(architecture) as { isDifferentiable?: boolean };
  definition.isDifferentiable = false;
  try {
    return work();
  } finally {
    delete definition.isDifferentiable;
  }
}

describe.each(detectorRegistry.definitions)('$id', ({ id, needs }) => {
  const messages = (offers: Partial<TaskOffers>, more: object = {}) =>
    pairingMisfits(
      { ...draftDetector({ name: id }), ...more },
      {
        offers: { ...everything, ...offers },
        source: network(),
      },
    ).map(({ message }) => message);

  it.each([
    ['trusted', /needs trusted data, which this task does not offer/],
    ['untrusted', /needs untrusted data, which this task does not offer/],
    ['anomalyLabels', /needs untrusted data that is labelled/],
  ] as const)('is refused without %s where it needs them', (need, says) => {
    expect(messages({ [need]: false })).toEqual(needs[need] ? [expect.stringMatching(says)] : []);
  });

  it('is refused where the model gives no gradients and it needs them', () => {
    const refusal = `The detector "${id}" needs gradients of the model's loss, and this task's model gives none.`;
    expect(withoutGradients('mlp', () => messages({}))).toEqual(needs.gradients ? [refusal] : []);
  });

  it('is refused with fewer layers than it needs', () => {
    const least = needs.layers ?? 1;
    const layers = network().defaultActivations;
    if (least === 0)
      expect(messages({}, { layers })).toEqual([expect.stringContaining("looks at the network's output")]);
    else {
      expect(messages({}, { layers: layers.slice(0, least) })).toEqual([]);
      expect(messages({}, { layers: layers.slice(0, least - 1) })).toEqual([
        expect.stringContaining(`needs at least ${least} layer`),
      ]);
    }
  });
});

it('says what each detector needs', () => {
  const needing = (need: 'gradients' | keyof Omit<TaskOffers, 'remedies'>) =>
    detectorRegistry.definitions.filter(({ needs }) => needs[need]).map(({ id }) => id);
  expect(needing('gradients')).toEqual(['functional-attribution', 'finetuning']);
  expect(needing('anomalyLabels')).toEqual(['supervised-probe']);
  expect(needing('untrusted')).toEqual(
    expect.arrayContaining(['spectral', 'que', 'spectre', 'scan', 'activation-clustering', 'supervised-probe']),
  );
});

describe('a pairing that cannot be', () => {
  const place = mkdtempSync(join(tmpdir(), 'cupbearer-pairing-'));
  const folders = { glyphs: '', clean: '', arithmetic: '' };
  afterAll(() => rmSync(place, { recursive: true }));

  beforeAll(async () => {
    const original = { name: 'glyphs', limit: 40 };
    const training = { model: { name: 'mlp', hidden_dims: [4, 3] }, num_epochs: 1 };
    const poisoned = { name: 'backdoor', original, backdoor: 'corner' };
    folders.glyphs = (await trainedClassifier({ ...training, train_data: poisoned })).folder;
    folders.clean = (await trainedClassifier({ ...training, train_data: original })).folder;
    folders.arithmetic = (
      await trainedClassifier({
        train_data: { name: 'arithmetic', samples: 100, max_operand: 4 },
        model: { name: 'transformer', width: 8, blocks: 1, heads: 2 },
        num_epochs: 1,
      })
    ).folder;
    writeTensorFile(join(place, 'other.safetensors'), { x: { shape: [1], data: new Float32Array(1) } });
    writeFileSync(join(place, 'damaged.safetensors'), 'not at all');
  });

  /** What the command says before anything is written; undefined where it would begin. */
  function commandRefusal(folder: string, task: Picked, detector: Picked): { message: string } | undefined {
    const spec = parseParams(trainDetector.params, { detector, task: { ...task, run_path: folder } });
    try {
      trainDetector.check(spec, place);
      return undefined;
    } catch (error) {
      return error as Error;
    }
  }

  /** What the wizard finds, for a classifier that is there. */
  function wizardFaults(folder: string, task: Picked, detector: Picked): Fault[] {
    const draft = {
      preset: '',
      classifier: { source: 'run' as const, run: 'any' },
      task,
      detectors: [detector],
      evaluation: {},
      engine: 'auto',
      tags: [],
    };
    return draftFaults({ draft, classifierFolder: folder }, place);
  }

  const layer = 'layers.linear_0.output';
  type Rule = [
    what: string,
    classifier: keyof typeof folders,
    task: Picked,
    detector: Picked,
    path: string[],
    message: RegExp,
    /** What the wizard advises besides. */
    advice?: string,
  ];
  const detectors = (...path: string[]) => ['detectors', '0', ...path];
  const plain: Picked = { name: 'backdoor' };
  const mahalanobis: Picked = { name: 'mahalanobis' };

  it.each<Rule>([
    ['no trusted data', 'glyphs', { ...plain, trusted_fraction: 0 }, mahalanobis, detectors('name'), /^Mahalanobis distance needs trusted data, which this task does not offer\.$/, 'Raise “Trusted fraction”.'],
    ['no untrusted data', 'glyphs', plain, { name: 'spectral' }, detectors('name'), /needs untrusted data, which this task does not offer\.$/, 'Lower “Trusted fraction”: the rest is untrusted data.'],
    ['no labels', 'glyphs', { ...plain, trusted_fraction: 0.5 }, { name: 'supervised-probe' }, detectors('name'), /needs untrusted data that is labelled/, 'Set “Labelled untrusted data”: only skylines may know.'],
    ['inputs that are no images', 'arithmetic', { name: 'quirky-arithmetic' }, { name: 'strip' }, detectors('name'), /^The detector "strip" lays images over each other; the inputs have shape 5\.$/],
    ['layers for a method without', 'glyphs', plain, { name: 'energy', layers: [layer] }, detectors('layers'), /^The detector "energy" looks at the network's output/, 'Leave out “Layers”.'],
    ['an unknown layer', 'glyphs', plain, { ...mahalanobis, layers: ['layers.linear_7.output'] }, detectors('layers'), /^Unknown layer "layers\.linear_7\.output"\. Did you mean/],
    ['too few layers', 'glyphs', plain, { name: 'ted', layers: [layer] }, detectors('layers'), /^The detector "ted" needs at least 2 layers, and 1 was chosen\.$/, 'Name more in “Layers”.'],
    ['a gradient that there is not', 'glyphs', plain, { name: 'functional-attribution', layers: ['layers.relu_0.output'] }, detectors('layers'), /^The gradient at "layers\.relu_0\.output" was asked for/],
    ['a layer taken that is not looked at', 'glyphs', plain, { ...mahalanobis, layer_aggregation: 'layer', aggregation_layer: 'layers.relu_0.output' }, detectors('aggregation_layer'), /^Unknown layer "layers\.relu_0\.output"/],
    ['no layer taken', 'glyphs', plain, { ...mahalanobis, layer_aggregation: 'layer' }, detectors('aggregation_layer'), /^Combining layers by "layer" takes the name of one\.$/],
    ['a layer taken without a way to', 'glyphs', plain, { ...mahalanobis, aggregation_layer: layer }, detectors('aggregation_layer'), /^A layer to take is given, but layers are combined by mean\.$/, 'Set “Combine layers by” to layer.'],
    ['tokens where there are none', 'arithmetic', { name: 'quirky-arithmetic' }, { ...mahalanobis, tokens: 'score-mean', layers: ['head.output'] }, detectors('tokens'), /head\.output has none\.$/],
    ['a token beyond the end', 'arithmetic', { name: 'quirky-arithmetic' }, { ...mahalanobis, token_position: 5 }, detectors('token_position'), /^Expected a token position of 0 to 4 at .*, found 5\.$/],
    ['chains that diverge', 'glyphs', plain, { name: 'functional-attribution', coupling: 'sampled', step_size: 1e-3, localisation: 1e6 }, detectors('step_size'), /^Step size times localisation must be below 4/],
    ['abstract widths of other layers', 'glyphs', plain, { name: 'abstraction', abstract_dims: [3] }, detectors('abstract_dims'), /^Expected 2 widths, one for each of .*, found 1\.$/],
    ['an abstraction that is neither given nor trained', 'glyphs', plain, { name: 'adversarial-abstraction', num_epochs: 0 }, detectors('num_epochs'), /^Expected at least 1 epoch/],
    ['a class that there is not', 'glyphs', plain, { name: 'abstraction', output_loss: 'single-class', single_class: 10 }, detectors('single_class'), /^Expected a single class of 0 to 9, found 10\.$/],
    ['widths beside a given abstraction', 'glyphs', plain, { name: 'abstraction', initial: join(place, 'other.safetensors'), abstract_dims: [3, 2] }, detectors('abstract_dims'), /those of its file/],
    ['a given abstraction of something else', 'glyphs', plain, { name: 'abstraction', initial: join(place, 'other.safetensors') }, detectors('initial'), /has no "layers\.linear_0\.output\/tau\.weight"; the chosen layers need one of shape \[any, 4\]\.$/],
    ['a damaged abstraction', 'glyphs', plain, { name: 'abstraction', initial: join(place, 'damaged.safetensors') }, detectors('initial'), /expected a header/],
    ['an abstraction that is gone', 'glyphs', plain, { name: 'abstraction', initial: join(place, 'gone.safetensors') }, detectors('initial'), /gone\.safetensors/],
    ['no trigger', 'clean', plain, mahalanobis, ['task', 'backdoor'], /^The classifier in .* was trained without a trigger, so the task must name one\.$/, 'Choose one by “Trigger”, for example corner.'],
    ['a change that is the trigger', 'glyphs', { name: 'ood', change: 'corner' }, mahalanobis, ['task', 'change'], /^Expected a harmless change other than the trigger/, 'Choose another by “Harmless change”, for example noise or wanet.'],
    ['another training set', 'glyphs', { name: 'toy-features' }, mahalanobis, ['task', 'name'], /^Expected a classifier trained on toy-features; the classifier in .* was trained on glyphs\.$/],
    ['data of another shape', 'glyphs', { ...plain, data: 'cifar10' }, mahalanobis, ['task', 'data'], /takes inputs of shape 28 x 28 x 1 in 10 classes; the data "cifar10" has 32 x 32 x 3 in 10\.$/],
    ['poisoned data', 'glyphs', { ...plain, data: { name: 'backdoor', original: 'glyphs', backdoor: 'corner' } }, mahalanobis, ['task', 'data'], /must not be poisoned itself/],
    ['separate data of another shape', 'glyphs', { name: 'separate-data', trusted_data: 'glyphs', clean_test_data: 'glyphs', anomalous_test_data: 'toy-features' }, mahalanobis, ['task', 'anomalous_test_data'], /the data "toy-features" has 8 in 2\.$/],
    ['test data of one kind', 'glyphs', { ...plain, clean_test_weight: 1 }, mahalanobis, ['task', 'clean_test_weight'], /leaves none that are anomalous\.$/, 'Change “Clean test share”.'],
  ])('is refused by the command and told beside its field, in the same words: %s', (_, of, task, detector, path, says, advice) => {
    const { message } = commandRefusal(folders[of], task, detector)!;
    expect(message).toMatch(says);
    const fault = wizardFaults(folders[of], task, detector).find((found) => found.path.join() === path.join());
    expect(fault?.message.startsWith(message)).toBe(true);
    if (advice !== undefined) expect(fault!.message).toBe(`${message} ${advice}`);
  }); // prettier-ignore

  it('is refused through both doors where the model gives no gradients', () => {
    withoutGradients('mlp', () => {
      const { message } = commandRefusal(folders.glyphs, plain, { name: 'finetuning' })!;
      expect(message).toContain("needs gradients of the model's loss, and this task's model gives none.");
      const advised = `${message} Take a detector that looks at activations alone.`;
      const faults = wizardFaults(folders.glyphs, plain, { name: 'finetuning' });
      expect(faults).toEqual([{ path: detectors('name'), message: advised, step: 'detectors', label: 'Detector' }]);
    });
  });

  it('is none where nothing is wrong', () => {
    expect(commandRefusal(folders.glyphs, plain, mahalanobis)).toBeUndefined();
    expect(wizardFaults(folders.glyphs, plain, mahalanobis)).toEqual([]);
  });

  it('is known of every detector that could be chosen', () => {
    const unsuited = (task: Picked, folder = folders.glyphs) => {
      const draft = { preset: '', classifier: { source: 'run' as const, run: 'any' }, detectors: [], task, evaluation: {}, engine: 'auto', tags: [] }; // prettier-ignore
      return unsuitedDetectors([{ draft, classifierFolder: folder }], place);
    };
    const learning = ['spectral', 'que', 'spectre', 'scan', 'activation-clustering', 'supervised-probe'].sort();
    expect(Object.keys(unsuited(plain)).sort()).toEqual(learning);
    expect(Object.keys(unsuited({ ...plain, trusted_fraction: 0.5 }))).toEqual(['supervised-probe']);
    expect(unsuited({ ...plain, trusted_fraction: 0.5, untrusted_labels: true })).toEqual({});
    expect(unsuited({ name: 'quirky-arithmetic' }, folders.arithmetic)['strip']?.message).toContain('lays images over');
  });
});
