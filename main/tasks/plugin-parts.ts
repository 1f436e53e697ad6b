import { CupbearerError } from '../../shared/errors.ts';
import { numbered } from '../../shared/format.ts';
import { given } from '../../shared/given.ts';
import { PluginSamples, type PartName } from '../data/plugin-samples.ts';
import { layersOf, PluginSource } from '../models/plugin-source.ts';
import { RecordedOutline } from '../models/recorded-source.ts';
import { keepFacts, keptFacts } from '../plugins/kept-facts.ts';
import { PluginProcess, type OpenedModel } from '../plugins/plugin-process.ts';
import { hashJson } from '../storage/content-hash.ts';
import { RandomStream } from '../tensor/random.ts';
import { drawn } from './drawn.ts';
import { factsOf, openedFacts, ownParams, type PluginModel } from './plugin-model.ts';
import type { Recorded, Task, TaskContext, TaskPreview } from './task.ts';

interface Params extends Record<string, unknown> {
  max_train_size?: number | undefined;
  max_test_size?: number | undefined;
  seed: number;
}

/** What is kept of it, or what it turns out to be when it is opened. @throws CupbearerError `plugin`. */
export async function outlineModel(model: PluginModel, params: Params): Promise<Recorded> {
  const facts = keptFacts(factsOf(model, params), openedFacts) ?? (await lookAt(model, params));
  const testSize = Math.min(facts.testSize, params.max_test_size ?? facts.testSize);
  return { source: new RecordedOutline(layersOf(facts)), testSize };
}

async function lookAt(model: PluginModel, params: Params) {
  const { running, opened } = await open(model, params, {});
  await running.close();
  return factsFrom(opened);
}

/** Its test samples, as far as they can be read. @throws CupbearerError `plugin`. */
export async function previewModel(model: PluginModel, params: Params, context: TaskContext): Promise<TaskPreview> {
  const { running, opened } = await open(model, params, context);
  await running.close();
  const { test } = checked(opened);
  const anomalous = test.labels.reduce((sum, label) => sum + label, 0);
  return {
    clean: samplesOf(model, params, 'test', opened),
    note: `${numbered(test.length - anomalous, 'sample')} normal, ${anomalous} anomalous.`,
  };
}

/** The task, whose source ends the plugin's process when it is disposed of. @throws CupbearerError `plugin`, `cancelled`. */
export async function buildFromModel(model: PluginModel, params: Params, context: TaskContext): Promise<Task> {
  const { running, opened } = await open(model, params, context);
  try {
    return taskOf(model, params, running, opened);
  } catch (error) {
    await running.close();
    throw error;
  }
}

function taskOf(model: PluginModel, params: Params, running: PluginProcess, opened: OpenedModel): Task {
  const { trusted, test } = checked(opened);
  const { plugin, described } = model;
  const root = RandomStream.from(params.seed, 'task');
  const all = (length: number) => Int32Array.from({ length }, (_, index) => index);
  const { chosen, left } = drawn(all(trusted?.length ?? 0), params.max_train_size, root.derive('train'));
  const { chosen: tested } = drawn(all(test.length), params.max_test_size, root.derive('test'));
  const samples = (name: PartName) => samplesOf(model, params, name, opened);
  const known = samples(trusted ? 'trusted' : 'test');
  const testSamples = samples('test');
  const { groups } = test;
  const { untrusted } = opened.parts;
  const truth = untrusted?.labels;
  const ofKind = (anomalous: boolean) => ({
    dataset: testSamples,
    indices: tested.filter((index) => test.labels[index] === (anomalous ? 1 : 0)),
    anomalous,
    ...given({ groupOf: groups && ((index: number) => groups[index]!) }),
  });
  const untrustedPart = untrusted && { dataset: samples('untrusted'), indices: all(untrusted.length) };
  return {
    source: new PluginSource(running, opened, { plugin, id: described.id, params: ownParams(model, params) }),
    trusted: { dataset: known, indices: chosen },
    ...given({
      spare: left.length > 0 ? { dataset: known, indices: left } : undefined,
      untrusted: untrustedPart && { ...untrustedPart, ...given({ truth, anomalous: truth }) },
    }),
    test: [ofKind(false), ofKind(true)],
    parents: [],
    fingerprints: {
      model: opened.fingerprint,
      plugin: plugin.hash,
      test: testSamples.fingerprint,
      ...given({
        trusted: trusted && known.fingerprint,
        untrusted: untrustedPart?.dataset.fingerprint,
      }),
    },
  };
}

async function open(model: PluginModel, params: Params, { signal, warn }: Partial<TaskContext>) {
  const { described, launch } = model;
  const running = await PluginProcess.start(await launch(), { signal, log: warn });
  try {
    const opened = await running.open(described.id, ownParams(model, params), params.seed);
    checked(opened);
    keepFacts(factsOf(model, params), factsFrom(opened));
    return { running, opened };
  } catch (error) {
    await running.close();
    throw error;
  }
}

function factsFrom({ layers, logits, parts }: OpenedModel) {
  return {
    layers,
    ...given({ logits }),
    hasTrusted: (parts.trusted?.length ?? 0) > 0,
    hasUntrusted: (parts.untrusted?.length ?? 0) > 0,
    knowsUntrusted: parts.untrusted?.labels !== undefined,
    testSize: parts.test?.length ?? 0,
  };
}

/** @throws CupbearerError `plugin` if there is nothing to look at or nothing to test on. */
function checked({ layers, parts: { trusted, test, ...parts } }: OpenedModel) {
  const refuse = (what: string) => new CupbearerError('plugin', `The plugin’s model ${what}.`);
  if (layers.length === 0) throw refuse('has no layers');
  const ragged = layers.find(({ isRagged, shape }) => isRagged && shape.length !== 2);
  if (ragged)
    throw refuse(
      `has the layer "${ragged.name}" of tokens with the shape [${ragged.shape.join(', ')}], expected two sides`,
    );
  if (!test?.labels) throw refuse('has no test samples with labels, 0 for normal ones and 1 for anomalous ones');
  const isRagged = layers.some((layer) => layer.isRagged);
  for (const [name, part] of Object.entries({ ...parts, trusted, test }))
    if (isRagged && part && !part.lengths) throw refuse(`does not say how many tokens its ${name} samples have`);
  const { labels } = test;
  const anomalous = labels.reduce((sum, label) => sum + label, 0);
  if (anomalous === 0 || anomalous === labels.length)
    throw refuse(`needs normal and anomalous test samples, and has ${labels.length - anomalous} and ${anomalous}`);
  return { trusted, test: { ...test, labels } };
}

function samplesOf(
  model: PluginModel,
  params: Params,
  name: PartName,
  { parts, fingerprint }: OpenedModel,
): PluginSamples {
  const { plugin, described } = model;
  const part = parts[name]!;
  const own = [plugin.hash, described.id, ownParams(model, params), params.seed, name, part.fingerprint, fingerprint];
  return new PluginSamples(name, part, hashJson(own));
}
