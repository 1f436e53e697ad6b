import type { PluginCheck } from '../../../shared/domain/plugin.ts';
import type { DescribedDefinition } from '../../../shared/plugin/description.ts';
import type { PluginLaunch } from '../plugin-launch.ts';
import { checkDataset } from './check-dataset.ts';
import { checkDetector } from './check-detector.ts';
import { checkSource } from './check-source.ts';
import { checkTrigger } from './check-trigger.ts';
import { failure, Trial, type Check, type CheckOptions, type Params } from './trial.ts';

/**
 * Tries what a plugin adds on toy data in a process of its own, as built-in definitions are tried by the program's tests. What fails is a check that
 * did not pass, with the reason and, where it is known, file and line. @throws CupbearerError `cancelled`; as
 * {@link PluginProcess.start} if it does not start.
 */
export async function checkDefinitions(
  launch: PluginLaunch,
  definitions: readonly DescribedDefinition[],
  options: CheckOptions = {},
): Promise<PluginCheck[]> {
  const trial = new Trial(launch, options);
  try {
    for (const definition of definitions) {
      const check: Check = (name, work) => trial.check(definition.id, name, work);
      const params = await check('has defaults to be tried with', () => defaultsOf(definition));
      if (!params) continue;
      if (definition.kind === 'detector') await checkDetector(definition, params, trial, check);
      else if (definition.kind === 'dataset') await checkDataset(definition, params, trial, check);
      else if (definition.kind === 'trigger') await checkTrigger(definition, params, trial, check);
      else await checkSource(definition, params, trial, check);
    }
    return trial.checks;
  } finally {
    await trial.end();
  }
}

function defaultsOf({ fields }: DescribedDefinition): Params {
  const lacking = fields.find(
    (field) => !field.optional && field.type !== 'names' && !('default' in field && field.default !== undefined),
  );
  if (lacking) throw failure(`"${lacking.key}" has no default, so nothing can be tried without a value for it.`);
  return Object.fromEntries(
    fields.flatMap((field) => {
      if (!('default' in field) || field.default === undefined) return [];
      return [[field.key, field.type === 'pick' ? { name: field.default } : field.default]];
    }),
  );
}
