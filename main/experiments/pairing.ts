import { unknownName } from '../../shared/definition.ts';
import { CupbearerError } from '../../shared/errors.ts';
import type { Picked } from '../../shared/schema/fields.ts';
import type { DetectorDefinition, DetectorParams } from '../detectors/detector.ts';
import { detectorRegistry } from '../detectors/index.ts';
import { gradientLayers } from '../detectors/loss-gradients.ts';
import { activationDims } from '../models/activations.ts';
import type { NetworkOutline } from '../models/network-outline.ts';
import type { TaskOffers, TaskOutline } from '../tasks/task.ts';
import { checkPositions, poolingOf, scoresPositions } from './positions.ts';

/**
 * The activations that a detector will look at on a task, after everything is refused that can be seen to be impossible
 * before any data are loaded. @throws CupbearerError `usage` with the reason.
 */
export function planDetection(spec: Picked, { network, offers }: TaskOutline): string[] {
  const definition = detectorRegistry.get(spec.name);
  const params = spec as unknown as DetectorParams;
  const layers = layersOf(params, network, definition);
  checkPairing(spec, offers, layers);
  checkAggregation(params, layers);
  if (definition.needs.gradients && definition.needs.layers !== 0) gradientLayers(network, layers);
  if (scoresPositions(params)) checkPositions(definition, network, layers);
  for (const name of layers) activationDims(network, name, poolingOf(params));
  return layers;
}

/** The activations a detector looks at. @throws CupbearerError `usage` with the list for an unknown one. */
export function layersOf(params: DetectorParams, network: NetworkOutline, { id, needs }: DetectorDefinition): string[] {
  if (needs.layers === 0) {
    if (!params.layers) return [];
    throw new CupbearerError(
      'usage',
      `The detector "${id}" looks at the network's output, not at activations; layers were given: ${params.layers.join(', ')}.`,
      { hint: 'Leave out --detector.layers.' },
    );
  }
  if (!params.layers) {
    const usual = network.defaultActivations;
    return scoresPositions(params) ? usual.filter((name) => network.activationShape(name).length === 2) : usual;
  }
  for (const name of params.layers) network.activationShape(name);
  return [...new Set(params.layers)];
}

/** Refuses a detector that needs what the task does not offer. @throws CupbearerError `usage` with the reason. */
export function checkPairing(spec: Picked, offers: TaskOffers, layers: readonly string[]): void {
  const { id, needs } = detectorRegistry.get(spec.name);
  const refuse = (reason: string, hint: string) => {
    throw new CupbearerError('usage', `The detector "${id}" ${reason}`, { hint });
  };
  if (needs.trusted && !offers.trusted)
    refuse('needs trusted data, and this task has none.', 'Raise --task.trusted_fraction.');
  if (needs.untrusted && !offers.untrusted)
    refuse('needs untrusted data, and this task has none.', 'Lower --task.trusted_fraction below 1.');
  if (needs.anomalyLabels && !offers.anomalyLabels)
    refuse(
      'needs untrusted data that is labelled clean or anomalous, and this task has none.',
      'Set --task.untrusted_labels: only skylines may know.',
    );
  if (needs.gradients && !offers.gradients)
    refuse(
      "needs gradients of the model's loss, and this task's model gives none.",
      'Take a detector that looks at activations alone.',
    );
  if (layers.length < (needs.layers ?? 1)) {
    refuse(
      `needs at least ${needs.layers ?? 1} layer${(needs.layers ?? 1) === 1 ? '' : 's'}, and ${layers.length} were chosen.`,
      'Name more in --detector.layers.',
    );
  }
}

/** Refuses a way of combining layers that lacks its layer. @throws CupbearerError `usage`. */
function checkAggregation({ layer_aggregation, aggregation_layer }: DetectorParams, layers: readonly string[]): void {
  if (layer_aggregation !== 'layer') {
    if (aggregation_layer === undefined) return;
    throw new CupbearerError('usage', `aggregation_layer is given, but layers are combined by ${layer_aggregation}.`, {
      hint: 'Set --detector.layer_aggregation layer.',
    });
  }
  if (aggregation_layer === undefined) {
    throw new CupbearerError('usage', 'Combining layers by "layer" takes the name of one.', {
      hint: `Set --detector.aggregation_layer to one of: ${layers.join(', ')}.`,
    });
  }
  if (layers.length > 0 && !layers.includes(aggregation_layer)) {
    throw new CupbearerError('usage', unknownName('layer', aggregation_layer, layers));
  }
}
