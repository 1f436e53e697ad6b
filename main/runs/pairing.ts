import { unknownName } from '../../shared/definition.ts';
import { misfitsOf, refuse, type Misfit } from '../../shared/misfit.ts';
import type { DetectorDefinition, DetectorParams, PickedDetector } from '../detectors/detector.ts';
import { detectorRegistry } from '../detectors/index.ts';
import { gradientLayers } from '../detectors/parts/loss-gradients.ts';
import type { SourceOutline } from '../models/activation-source.ts';
import { sizeOf } from '../models/network-outline.ts';
import { activationDims } from '../models/pooling.ts';
import type { TaskOffers } from '../tasks/offers.ts';
import type { TaskOutline } from '../tasks/task.ts';
import { checkTokens, featureLayers, poolingOf, scoresPositions } from './positions.ts';
import { parameter, worded } from '../../shared/wording.ts';
import { numbered } from '../../shared/format.ts';
import { given } from '../../shared/given.ts';

/** What is known about a task for a detector; each part only if it is determined already. */
export interface PairingView {
  offers?: TaskOffers | undefined;
  source?: SourceOutline | undefined;
}

/**
 * Returns the activations that a detector will look at on a task, after refusing everything that is known to be
 * impossible before any data are loaded. @throws CupbearerError with the reason, `usage` unless a file it names is at
 * fault.
 */
export function planDetection(spec: PickedDetector, outline: TaskOutline): string[] {
  refuse(pairingMisfits(spec, outline));
  return chosenLayers(spec, outline.source, detectorRegistry.get(spec.name));
}

/**
 * Returns why a detector cannot be fitted on a task, with paths below the detector; nothing if it can. The only place
 * that compares a detector's needs with what the task offers.
 */
export function pairingMisfits(spec: PickedDetector, { offers, source }: PairingView): Misfit[] {
  const definition = detectorRegistry.get(spec.name);
  return [
    ...(offers ? needMisfits(definition, offers) : []),
    ...(source ? sourceMisfits(definition, spec, source) : []),
  ];
}

function needMisfits({ title, needs }: DetectorDefinition, offers: TaskOffers): Misfit[] {
  const { remedies = {} } = offers;
  const lacks = (what: string, ...mending: (keyof typeof remedies)[]): Misfit[] => {
    const found = mending.flatMap((key) => remedies[key] ?? []);
    const mends = found.flatMap(({ values }) =>
      Object.entries(values).map(([key, value]) => ({ path: ['task', key], value })),
    );
    const message = `${title} needs ${what}, which this task does not offer.`;
    return [{ path: ['name'], message, ...given({ hint: found[0]?.hint }), lacks: what, mends }];
  };
  return [
    ...(needs.trusted && !offers.trusted ? lacks('trusted data', 'trusted') : []),
    ...((needs.untrusted || needs.anomalyLabels) && !offers.untrusted
      ? lacks('untrusted data', 'untrusted', ...(needs.anomalyLabels ? (['anomalyLabels'] as const) : []))
      : needs.anomalyLabels && !offers.anomalyLabels
        ? lacks('untrusted data that is labelled clean or anomalous', 'anomalyLabels')
        : []),
  ];
}

function sourceMisfits(definition: DetectorDefinition, params: DetectorParams, source: SourceOutline): Misfit[] {
  const { needs } = definition;
  const lacking = lackingMisfits(definition, source);
  if (lacking.length > 0) return lacking;
  const unreadable = layerMisfits(definition, params, source);
  if (unreadable.length > 0) return unreadable;
  const layers = chosenLayers(params, source, definition);
  const { network } = source;
  const read = [
    ...aggregationMisfits(params, layers),
    ...(needs.gradients && needs.layers !== 0 && network
      ? misfitsOf(['layers'], () => gradientLayers(network, layers))
      : []),
    ...misfitsOf(['tokens'], () => checkTokens(definition, params, source, layers)),
    ...misfitsOf(['token_position'], () => layers.forEach((name) => activationDims(source, name, poolingOf(params)))),
  ];
  if (read.length > 0) return read;
  return definition.misfits?.(params, featureLayers(params, source, layers), source) ?? [];
}

/** What a detector needs of a model besides activations. */
function lackingMisfits({ id, needs }: DetectorDefinition, source: SourceOutline): Misfit[] {
  const refused = (message: string, hint?: string): Misfit[] => [{ path: ['name'], message, ...given({ hint }) }];
  const others = 'Take a detector that looks at activations alone.';
  if (needs.gradients && !source.isDifferentiable) {
    return refused(
      `The detector "${id}" needs gradients of the model's loss, and this task's model gives none.`,
      others,
    );
  }
  if (needs.inputs && !source.network) {
    const has = source.outputWidth !== undefined && sizeOf(source.inputShape) > 0 && source.inputShape.length > 0;
    const lacks = has
      ? 'this model is a graph of another program, which runs on the samples alone'
      : 'this task has only what was recorded of it';
    return refused(`The detector "${id}" runs the model itself on inputs, and ${lacks}.`, others);
  }
  if (needs.logits && source.outputWidth === undefined) {
    return refused(
      `The detector "${id}" needs the model's outputs, and none were recorded.`,
      'Record them as a layer named logits, or take a detector that looks at activations alone.',
    );
  }
  if (!needs.images || source.inputShape.length === 3) return [];
  return refused(
    `The detector "${id}" lays images over each other; the inputs have shape ${source.inputShape.join(' x ')}.`,
  );
}

function layerMisfits({ id, needs }: DetectorDefinition, params: DetectorParams, source: SourceOutline): Misfit[] {
  const path = ['layers'];
  if (needs.layers === 0) {
    if (!params.layers) return [];
    return [
      {
        path,
        message: `The detector "${id}" looks at the network's output, not at activations; layers were given: ${params.layers.join(', ')}.`,
        hint: worded`Leave out ${parameter('detector.layers')}.`,
      },
    ];
  }
  const known = source.activationNames;
  const unknown = params.layers?.find((name) => !known.includes(name));
  if (unknown !== undefined) return [{ path, message: unknownName('layer', unknown, known) }];
  const fewest = needs.layers ?? 1;
  const { length } = chosenLayers(params, source, { needs });
  if (length >= fewest) return [];
  const message = `The detector "${id}" needs at least ${numbered(fewest, 'layer')}, and ${numbered(length, 'was', 'were')} chosen.`;
  return [{ path, message, hint: worded`Name more in ${parameter('detector.layers')}.` }];
}

/**
 * Returns the activations that a detector looks at: those requested, each once, otherwise the usual ones that it can
 * score.
 */
function chosenLayers(
  params: DetectorParams,
  source: SourceOutline,
  { needs }: Pick<DetectorDefinition, 'needs'>,
): string[] {
  if (needs.layers === 0) return [];
  if (params.layers) return [...new Set(params.layers)];
  const usual = source.defaultActivations;
  return scoresPositions(params) ? usual.filter((name) => source.activationShape(name).length === 2) : [...usual];
}

/** A way of combining layers that lacks its layer, or a layer without that way. */
function aggregationMisfits(
  { layer_aggregation: way, aggregation_layer: taken }: DetectorParams,
  layers: readonly string[],
): Misfit[] {
  const path = ['aggregation_layer'];
  if (way !== 'layer') {
    if (!taken) return [];
    const message = `A layer to take is given, but layers are combined by ${way}.`;
    return [{ path, message, hint: worded`Set ${parameter('detector.layer_aggregation')} to layer.` }];
  }
  if (!taken) {
    const hint = worded`Set ${parameter('detector.aggregation_layer')} to one of: ${layers.join(', ')}.`;
    return [{ path, message: 'Combining layers by "layer" takes the name of one.', hint }];
  }
  return layers.length > 0 && !layers.includes(taken) ? [{ path, message: unknownName('layer', taken, layers) }] : [];
}
