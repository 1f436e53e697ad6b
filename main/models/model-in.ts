import { CupbearerError } from '../../shared/errors.ts';
import { hashFile, hashJson } from '../storage/content-hash.ts';
import { readJsonFile } from '../storage/read-file.ts';
import { isThere, pathOf, within } from '../storage/within-folder.ts';
import type { ActivationSource, SourceOutline } from './activation-source.ts';
import { parseNetworkSpec, readModel, weightsFile } from './files.ts';
import { NetworkOutline, type NetworkSpec } from './network-outline.ts';
import { NetworkSource } from './network-source.ts';
import { isOnnxDescription, onnxDescriptionBounds, parseOnnxModel, type OnnxModel } from './onnx/description.ts';
import { graphFile, graphFingerprint, graphFolder, graphName, readGraphFiles } from './onnx/graph-files.ts';
import { OnnxOutline } from './onnx/onnx-outline.ts';
import { OnnxSource } from './onnx/onnx-source.ts';

/** What `model.json` says: of a network of the program, or of a graph of another. */
export type ModelDescription = { network: NetworkSpec; graph?: never } | { network?: never; graph: OnnxModel };

/** What is the same of both. */
export type ModelFacts = Pick<NetworkSpec, 'inputShape' | 'classes' | 'vocabulary'>;

/** Reads `model.json` in a folder. @throws CupbearerError `not-found` or `bad-data`. */
export function readModelDescription(folder: string): ModelDescription {
  const place = within(folder, 'model.json');
  const content = readJsonFile(place, onnxDescriptionBounds);
  const source = pathOf(place);
  return isOnnxDescription(content)
    ? { graph: parseOnnxModel(content, source) }
    : { network: parseNetworkSpec(content, source) };
}

/** Inputs and classes of a model. */
export function factsOf({ network, graph }: ModelDescription): ModelFacts {
  if (network) return network;
  const { input_shape: inputShape, classes, vocabulary } = graph;
  return { inputShape, classes, ...(vocabulary === undefined ? {} : { vocabulary }) };
}

/** What is known of a model by its description alone. @throws CupbearerError `usage` if its parts do not fit one another. */
export function outlineOf({ network, graph }: ModelDescription): SourceOutline {
  return network ? new NetworkOutline(network) : new OnnxOutline(graph);
}

/** Whether a folder has the weights of a model, in one form or the other. */
export function hasModel(folder: string): boolean {
  return isThere(within(folder, weightsFile)) || isThere(graphFile(folder));
}

/** SHA-256 over what a model in a folder computes with. @throws CupbearerError `not-found`, `storage`, `bad-data`. */
export function modelFingerprint(folder: string): string {
  if (isThere(within(folder, weightsFile))) return hashFile(within(folder, weightsFile));
  const { graph } = readModelDescription(folder);
  if (!graph) throw new CupbearerError('not-found', `There is no ${weightsFile} in "${folder}".`);
  // Unlike an architecture, the way in which inputs are made cannot be seen from the weights.
  const { checked: _, ...description } = graph;
  return hashJson({ graph: graphFingerprint(folder, graph.graph.external), description });
}

/**
 * Opens the model in a folder to run it.
 * @throws CupbearerError `not-found`, `bad-data`, `storage`; `engine` for a graph without ONNX Runtime.
 */
export function openModel(folder: string): ActivationSource {
  const { graph } = readModelDescription(folder);
  if (!graph) return new NetworkSource(readModel(folder));
  const files = readGraphFiles(within(folder, graphFolder), graphName);
  return new OnnxSource(graph, files, modelFingerprint(folder));
}
