import { unknownName } from '../../shared/definition.ts';
import { misfitsOf, refuse, type Misfit } from '../../shared/misfit.ts';
import type { DetectorDefinition, DetectorParams, PickedDetector } from '../detectors/detector.ts';
import { detectorRegistry } from '../detectors/index.ts';
import { gradientLayers } from '../detectors/parts/loss-gradients.ts';
import { activationDims } from '../models/activations.ts';
import type { NetworkOutline } from '../models/network-outline.ts';
import type { TaskOffers, TaskOutline } from '../tasks/task.ts';
import { featureLayers, poolingOf, samplesPerText, scoresPositions } from './positions.ts';
import { parameter, worded, type Sentence } from '../../shared/wording.ts';
import { numbered } from '../../shared/format.ts';

/** What is known about a task for a detector; each part only if it is determined already. */
export interface PairingView {
  offers?: TaskOffers | undefined;
  network?: NetworkOutline | undefined;
}

/** A trusted fraction that leaves enough of both kinds of data. */
const usualTrustedFraction = 0.8;

/**
 * Returns the activations that a detector will look at on a task, after refusing everything that is known to be
 * impossible before any data are loaded. @throws CupbearerError with the reason, `usage` unless a file it names is at
 * fault.
 */
export function planDetection(spec: PickedDetector, outline: TaskOutline): string[] {
  refuse(pairingMisfits(spec, outline));
  return chosenLayers(spec, outline.network, detectorRegistry.get(spec.name));
}

/**
 * Returns why a detector cannot be fitted on a task, with paths below the detector; nothing if it can. The only place
 * that compares a detector's needs with what the task offers.
 */
export function pairingMisfits(spec: PickedDetector, { offers, network }: PairingView): Misfit[] {
  const definition = detectorRegistry.get(spec.name);
  return [
    ...(offers ? needMisfits(definition, offers) : []),
    ...(network ? networkMisfits(definition, spec, network) : []),
  ];
}

function needMisfits({ title, needs }: DetectorDefinition, offers: TaskOffers): Misfit[] {
  const lacks = (what: string, hint: Sentence, values: Record<string, unknown>): Misfit[] => [
    {
      path: ['name'],
      message: `${title} needs ${what}, which this task does not offer.`,
      hint,
      lacks: what,
      mends: Object.entries(values).map(([key, value]) => ({ path: ['task', key], value })),
    },
  ];
  const labelled = needs.anomalyLabels ? { untrusted_labels: true } : {};
  return [
    ...(needs.trusted && !offers.trusted
      ? lacks('trusted data', worded`Raise ${parameter('task.trusted_fraction')}.`, {
          trusted_fraction: usualTrustedFraction,
        })
      : []),
    ...((needs.untrusted || needs.anomalyLabels) && !offers.untrusted
      ? lacks('untrusted data', worded`Lower ${parameter('task.trusted_fraction')}: the rest is untrusted data.`, {
          trusted_fraction: usualTrustedFraction,
          ...labelled,
        })
      : needs.anomalyLabels && !offers.anomalyLabels
        ? lacks(
            'untrusted data that is labelled clean or anomalous',
            worded`Set ${parameter('task.untrusted_labels')}: only skylines may know.`,
            labelled,
          )
        : []),
  ];
}

function networkMisfits(definition: DetectorDefinition, params: DetectorParams, network: NetworkOutline): Misfit[] {
  const { id, needs } = definition;
  if (needs.gradients && !network.isDifferentiable) {
    return [
      {
        path: ['name'],
        message: `The detector "${id}" needs gradients of the model's loss, and this task's model gives none.`,
        hint: 'Take a detector that looks at activations alone.',
      },
    ];
  }
  const unsuited = inputMisfits(definition, network);
  if (unsuited.length > 0) return unsuited;
  const unreadable = layerMisfits(definition, params, network);
  if (unreadable.length > 0) return unreadable;
  const layers = chosenLayers(params, network, definition);
  const read = [
    ...aggregationMisfits(params, layers),
    ...(needs.gradients && needs.layers !== 0 ? misfitsOf(['layers'], () => gradientLayers(network, layers)) : []),
    ...misfitsOf(['tokens'], () => samplesPerText(definition, params, network, layers)),
    ...misfitsOf(['token_position'], () => layers.forEach((name) => activationDims(network, name, poolingOf(params)))),
  ];
  if (read.length > 0) return read;
  return definition.misfits?.(params, featureLayers(definition, params, network, layers), network) ?? [];
}

function inputMisfits({ id, needs }: DetectorDefinition, { spec }: NetworkOutline): Misfit[] {
  if (!needs.images || spec.inputShape.length === 3) return [];
  const shape = spec.inputShape.join(' x ');
  return [
    { path: ['name'], message: `The detector "${id}" lays images over each other; the inputs have shape ${shape}.` },
  ];
}

function layerMisfits({ id, needs }: DetectorDefinition, params: DetectorParams, network: NetworkOutline): Misfit[] {
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
  const known = network.activationNames;
  const unknown = params.layers?.find((name) => !known.includes(name));
  if (unknown !== undefined) return [{ path, message: unknownName('layer', unknown, known) }];
  const fewest = needs.layers ?? 1;
  const { length } = chosenLayers(params, network, { needs });
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
  network: NetworkOutline,
  { needs }: Pick<DetectorDefinition, 'needs'>,
): string[] {
  if (needs.layers === 0) return [];
  if (params.layers) return [...new Set(params.layers)];
  const usual = network.defaultActivations;
  return scoresPositions(params) ? usual.filter((name) => network.activationShape(name).length === 2) : usual;
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
