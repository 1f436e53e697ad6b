import type { ExperimentDraft } from '../../../shared/domain/draft.ts';
import type { Picked } from '../../../shared/schema/fields.ts';
import { detectorRegistry } from '../../detectors/index.ts';
import type { DetectorDefinition } from '../../detectors/detector.ts';
import { NetworkOutline, type NetworkSpec } from '../../models/network-outline.ts';
import type { Fault } from '../../../shared/domain/form.ts';
import { orNothing, type DraftView } from './draft-view.ts';

/** No detector, or ones that need what the task or the network does not give. */
export function detectorFaults({ detectors }: ExperimentDraft, view: DraftView): Fault[] {
  if (detectors.length === 0) return [{ path: ['detectors'], message: 'Choose at least one detector.' }];
  return detectors.flatMap((detector, i) => {
    if (!detectorRegistry.has(detector.name)) return [];
    const definition = detectorRegistry.get(detector.name);
    return [...needFaults(definition, view), ...layerFaults(definition, detector, view)].map(({ path, message }) => ({
      path: ['detectors', String(i), ...path],
      message,
    }));
  });
}

function needFaults({ needs }: DetectorDefinition, { task }: DraftView): Fault[] {
  if (!task) return [];
  const trusted = task['trusted_fraction'] as number;
  const hasUntrusted = trusted < 1 || Boolean(task['clean_untrusted_data'] ?? task['anomalous_untrusted_data']);
  const message =
    needs.trusted && trusted === 0
      ? 'Needs trusted data: raise the trusted fraction of the task above 0.'
      : (needs.untrusted || needs.anomalyLabels) && !hasUntrusted
        ? 'Needs untrusted data: lower the trusted fraction of the task below 100\u00a0%.'
        : needs.anomalyLabels && task['untrusted_labels'] !== true
          ? 'Needs labelled untrusted data: switch that on in the task.'
          : undefined;
  return message === undefined ? [] : [{ path: ['name'], message }];
}

function layerFaults({ needs }: DetectorDefinition, detector: Picked, { network, activations }: DraftView): Fault[] {
  const given = detector['layers'];
  const chosen = Array.isArray(given) ? given.map(String) : undefined;
  if (needs.layers === 0) {
    if (!chosen) return [];
    return [{ path: ['layers'], message: "Looks at the network's output: no layers can be chosen." }];
  }
  if (!network || !activations) return [];
  const unknown = chosen?.find((name) => !activations.includes(name));
  if (unknown !== undefined) return [{ path: ['layers'], message: `This network has no layer "${unknown}".` }];
  const layers = chosen ?? standardLayers(network);
  const fewest = needs.layers ?? 1;
  if (layers.length < fewest) {
    const message = `Needs at least ${fewest} layers; ${layers.length === 1 ? '1 is' : `${layers.length} are`} chosen.`;
    return [{ path: ['layers'], message }];
  }
  return aggregationFaults(detector, layers);
}

function standardLayers(network: NetworkSpec): string[] {
  return orNothing(() => new NetworkOutline(network).defaultActivations) ?? [];
}

function aggregationFaults(detector: Picked, layers: readonly string[]): Fault[] {
  const taken = detector['aggregation_layer'] as string | undefined;
  const path = ['aggregation_layer'];
  if (detector['layer_aggregation'] !== 'layer') {
    if (!taken) return [];
    return [{ path, message: 'Has no effect unless layers are combined by "layer".' }];
  }
  if (!taken) return [{ path, message: 'Choose the layer whose scores are taken.' }];
  if (!layers.includes(taken)) return [{ path, message: 'Must be one of the layers that are looked at.' }];
  return [];
}
