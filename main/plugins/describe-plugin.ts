import { CupbearerError } from '../../shared/errors.ts';
import type { DescribedDefinition } from '../../shared/plugin/description.ts';
import { programVersion } from '../storage/program-version.ts';
import type { PluginLaunch } from './plugin-launch.ts';
import { PluginProcess, type PluginOptions } from './plugin-process.ts';
import { checkProgram } from './compatible.ts';
import { lookAtDataset } from './dataset-facts.ts';
import { keepDescription, verifySnapshot } from './snapshot.ts';

/**
 * Runs a plugin for the first time: asks its definitions what they are, and keeps the answer beside the snapshot.
 * @throws CupbearerError with the file and line at fault; `bad-data` if the code adds something else than its manifest says.
 */
export async function describePlugin(
  launch: PluginLaunch,
  { home, ...options }: PluginOptions & { home?: string } = {},
): Promise<readonly DescribedDefinition[]> {
  const { version, manifest } = launch;
  checkProgram(manifest);
  verifySnapshot(version.hash, home);
  const running = await PluginProcess.start(launch, options);
  try {
    const definitions = await running.describe();
    checkAdditions(manifest.adds, definitions, manifest.entry);
    for (const definition of definitions) if (definition.kind === 'dataset') await lookAtDataset(running, definition);
    keepDescription(version.hash, programVersion(), definitions, home);
    return definitions;
  } finally {
    await running.close();
  }
}

function checkAdditions(
  promised: readonly { kind: string; id: string }[],
  found: readonly DescribedDefinition[],
  file: string,
): void {
  const nameOf = ({ kind, id }: { kind: string; id: string }) => `the ${kind} "${id}"`;
  const isOf = (one: { kind: string; id: string }) => (other: { kind: string; id: string }) =>
    one.kind === other.kind && one.id === other.id;
  const missing = promised.find((each) => !found.some(isOf(each)));
  const unsaid = found.find((each) => !promised.some(isOf(each)));
  if (!missing && !unsaid) return;
  const parts = [
    ...(missing ? [`the manifest adds ${nameOf(missing)}, which "${file}" does not have`] : []),
    ...(unsaid ? [`"${file}" has ${nameOf(unsaid)}, which the manifest does not add`] : []),
  ];
  throw new CupbearerError('bad-data', `${parts.join('; ')}.`.replace(/^t/, 'T'), { details: { file } });
}
