import { join } from 'node:path';
import type { RunRecord, SpecFile } from '../../shared/domain/run.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { parseNetworkSpec } from '../models/files.ts';
import { NetworkOutline } from '../models/network-outline.ts';
import { checkWeights } from '../models/weights.ts';
import { writeFileAtomically } from '../storage/atomic-write.ts';
import { createFolder } from '../storage/create-folder.ts';
import { freePath } from '../storage/free-folder.ts';
import { parseSpecFile } from '../storage/run-files.ts';
import { createRunFolder, writeSpec } from '../storage/run-folder.ts';
import { parseSafetensors } from '../storage/safetensors.ts';
import { newRecord } from './new-run.ts';
import { versions } from './versions.ts';
import type { Workbench } from './workbench.ts';

/** Files that make up a model, by name. */
export type ModelFiles = ReadonlyMap<string, Uint8Array>;

const description = 'model.json';
const weights = 'model.safetensors';
const known = [description, weights, 'spec.json', 'trigger.safetensors'];

/**
 * Takes in a model that was trained elsewhere as a finished classifier run in a new folder below `base`.
 * @throws CupbearerError `usage` where a file is missing or is none of a model; `bad-data` where one is damaged or the weights
 * are not those of the description; `storage`.
 */
export function importModel(workbench: Workbench, base: string, name: string, files: ModelFiles): RunRecord {
  const unknown = [...files.keys()].find((file) => !known.includes(file));
  const missing = [description, weights].find((file) => !files.has(file));
  if (unknown !== undefined || missing !== undefined) {
    const fault = missing === undefined ? `"${unknown!}" is none of them` : `"${missing}" is missing`;
    throw new CupbearerError('usage', `A model consists of ${known.join(', ')}; ${fault}.`, {
      hint: `${description} and ${weights} are needed; the other two say what it was trained on.`,
    });
  }
  const spec = parseNetworkSpec(parseJson(files.get(description)!, description), description);
  checkWeights(new NetworkOutline(spec), parseSafetensors(files.get(weights)!, weights).tensors, weights);
  const trigger = files.get('trigger.safetensors');
  if (trigger) parseSafetensors(trigger, 'trigger.safetensors');
  const trained = files.get('spec.json');
  const before = trained && parseSpecFile(parseJson(trained, 'spec.json'), 'spec.json');

  createFolder(base);
  const words = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  const folder = createRunFolder(freePath(base, words || 'model'));
  for (const [file, bytes] of files) if (file !== 'spec.json') writeFileAtomically(join(folder, file), bytes);
  const file: SpecFile = {
    format: 1,
    kind: 'classifier',
    spec: { ...(before?.spec ?? { model: spec.architecture }), imported: true },
    seed: before?.seed ?? 0,
    engine: before?.engine ?? null,
    versions: before?.versions ?? versions(),
    fingerprints: before?.fingerprints ?? {},
    parents: [],
    created_at: new Date().toISOString(),
  };
  writeSpec(folder, file);
  const record: RunRecord = { ...newRecord(folder, { ...file, spec: titled(file.spec) }), spec: file.spec };
  workbench.catalogue.insert({ ...record, title: name, status: 'done', ended_at: file.created_at });
  return workbench.catalogue.get(record.id);
}

/** A spec that the experiment can describe although it may not say what the model was trained on. */
function titled(spec: Record<string, unknown>): Record<string, unknown> {
  return { train_data: { name: 'unknown data' }, ...spec };
}

function parseJson(bytes: Uint8Array, source: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch (cause) {
    throw new CupbearerError('bad-data', `${source} is not JSON.`, { cause });
  }
}
