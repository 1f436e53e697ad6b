import { z } from 'zod';
import { tidyUp } from '../../../api/tidy-up.ts';
import { Workbench, type FinishedRun, type LaunchOptions } from '../../../api/workbench.ts';
import { defaultDataDir } from '../../../data/data-dir.ts';
import { parseSpec } from '../../../runs/index.ts';
import type { RunDefinition } from '../../../runs/run-definition.ts';
import { flag, optionalPath, parseParams } from '../../../../shared/schema/fields.ts';
import { CupbearerError } from '../../../../shared/errors.ts';
import { computeFlags, type Command } from '../command.ts';
import { flagName } from '../flags.ts';
import { abortOnInterrupt } from '../interrupt.ts';
import type { Output } from '../output.ts';
import { ProgressBars } from '../progress-bars.ts';
import { resultText, resultValue } from '../results.ts';
import { typedWords } from '../typed-words.ts';
import { given } from '../../../../shared/given.ts';

const launchFlags = {
  dir: z.object({
    full: optionalPath({ label: 'Run folder', help: 'Folder of this run; it must be new or empty' }),
    base: optionalPath({
      label: 'Base folder',
      help: 'Folder for a new run folder named by date and time; logs/<command> unless given',
    }),
  }),
  ...computeFlags,
};

const resumeFlag = {
  resume: flag({
    label: 'Resume',
    help: 'Go on with the interrupted training in --dir.full; a smaller --batch_size makes it need less memory',
    default: false,
  }),
};
const overwriteFlag = {
  overwrite: flag({ label: 'Overwrite', help: 'Compute an evaluation again that is already there', default: false }),
};

interface LaunchFlags {
  dir?: { full?: string; base?: string };
  engine: string;
  data_dir?: string;
  resume?: boolean;
  overwrite?: boolean;
}

/** Returns the command that starts runs of one kind. Its flags are the run's parameters and its folder. */
export function experimentCommand(experiment: RunDefinition): Command {
  const own = experiment.kind === 'classifier' ? resumeFlag : experiment.kind === 'evaluation' ? overwriteFlag : {};
  const ownKeys = new Set(Object.keys({ ...launchFlags, ...own }));
  return {
    name: experiment.id,
    summary: experiment.summary,
    synopsis: '[--FLAG VALUE ...]',
    flags: z.object({ ...experiment.params.shape, ...launchFlags, ...own }),
    maxWords: 0,
    async run(_, given, output) {
      const params = Object.fromEntries(Object.entries(given).filter(([key]) => !ownKeys.has(key)));
      const launch = parseParams(
        z.object({ ...launchFlags, ...own }),
        { dir: {}, ...Object.fromEntries(Object.entries(given).filter(([key]) => ownKeys.has(key))) },
        flagName,
      ) as LaunchFlags;
      const options = toLaunchOptions(launch);
      const task = launch.resume
        ? { batchSize: smallerBatches(experiment, params) }
        : { spec: parseSpec(experiment.kind, params, { name: flagName }) };
      await withWorkbench(output, async (workbench) => {
        const finished = await runWithProgress(
          (live) =>
            task.spec
              ? workbench.run(task.spec, { ...options, ...live, overwrite: launch.overwrite ?? false })
              : workbench.resume({ ...options, ...live, batchSize: task.batchSize }),
          output,
        );
        showFinished(finished, output);
      });
    },
  };
}

/**
 * Returns the batch size for a resumed training, if one is given. @throws CupbearerError `usage` if any other parameter
 * is.
 */
function smallerBatches(experiment: RunDefinition, params: Record<string, unknown>): number | undefined {
  const unwanted = Object.keys(params).find((key) => key !== 'batch_size');
  if (unwanted !== undefined) {
    throw new CupbearerError(
      'usage',
      `--resume uses the parameters in the folder's spec.json, so it takes no --${unwanted}; only --batch_size may be smaller.`,
    );
  }
  if (params['batch_size'] === undefined) return undefined;
  const schema = z.object({ batch_size: experiment.params.shape['batch_size'] as z.ZodType<number> });
  return parseParams(schema, params, flagName).batch_size;
}

function toLaunchOptions(flags: LaunchFlags): LaunchOptions {
  return {
    ...(flags.dir?.full === undefined ? {} : { folder: flags.dir.full }),
    ...(flags.dir?.base === undefined ? {} : { base: flags.dir.base }),
    ...given({ dataDir: flags.data_dir }),
    engine: flags.engine,
  };
}

/** Opens the workbench for as long as `work` takes, and passes on what the catalogue has to say. */
export async function withWorkbench<T>(output: Output, work: (workbench: Workbench) => Promise<T>): Promise<T> {
  const workbench = new Workbench();
  for (const notice of workbench.catalogue.notices) output.note(notice);
  const tidying = tidyUp(workbench, defaultDataDir());
  try {
    return await work(workbench);
  } finally {
    await tidying;
    workbench.close();
  }
}

/** Executes a run and draws its progress. Ctrl-C cancels the run; a second one stops waiting for it. */
export async function runWithProgress(
  work: (options: Pick<LaunchOptions, 'command' | 'signal' | 'onEvent'>) => Promise<FinishedRun>,
  output: Output,
): Promise<FinishedRun> {
  const bars = output.json ? undefined : new ProgressBars(process.stderr);
  const interrupt = abortOnInterrupt(() => bars?.print('Cancelling after this batch; Ctrl-C again to stop at once.'));
  try {
    return await work({
      command: typedWords(['npx', 'cupbearer', ...process.argv.slice(2)]),
      signal: interrupt.signal,
      onEvent: (event) => {
        if (event.type === 'progress') bars?.update(event.phase, event.done, event.total, event.note);
        else if (event.type === 'log') bars?.print(event.message);
      },
    });
  } finally {
    bars?.finish();
    interrupt.release();
  }
}

function showFinished(finished: FinishedRun, output: Output): void {
  output.result(resultValue(finished), () => resultText(finished));
}
