import { join, resolve } from 'node:path';
import { z } from 'zod';
import { optionalPath, parseParams } from '../../../../shared/schema/fields.ts';
import { createDatedRunFolder } from '../../../storage/run-folder.ts';
import { computeFlags, type Command } from '../command.ts';
import { flagName } from '../flags.ts';
import { parseSpec } from '../../../runs/index.ts';
import { readEvaluation } from '../../../runs/stored-evaluations.ts';
import { contextLines, evaluationTable, resultValue, shownPath } from '../results.ts';
import { runWithProgress, withWorkbench } from './experiments.ts';

/** A small classifier on the built-in digits, poisoned with a corner pixel, and a detector that finds it. */
const classifierSpec = {
  train_data: { name: 'backdoor', original: 'glyphs', backdoor: 'corner' },
  model: { name: 'mlp', hidden_dims: [128, 128] },
  num_epochs: 8,
  batch_size: 64,
};

const flags = z.object({
  dir: z
    .object({
      base: optionalPath({ label: 'Base folder', help: 'Folder for the two run folders; logs/demo unless given' }),
    })
    .default({}),
  ...computeFlags,
});

export const demo: Command = {
  name: 'demo',
  summary: 'The main job on a built-in dataset: poison, train, fit, evaluate; under a minute',
  synopsis: '',
  flags,
  maxWords: 0,
  async run(_, given, output) {
    const { dir, engine } = parseParams(flags, given, flagName);
    await withWorkbench(output, async (workbench) => {
      const base = createDatedRunFolder(resolve(dir.base ?? join('logs', 'demo')), new Date());
      const training = parseSpec('classifier', classifierSpec);
      output.note('Training a classifier on digits of which 5 % carry a white corner pixel and the label 0');
      const classifier = await runWithProgress(
        (live) => workbench.run(training, { ...live, engine, folder: join(base, 'classifier') }),
        output,
      );
      output.note('\nFitting a Mahalanobis detector on clean inputs, then telling clean from triggered ones');
      const task = { name: 'backdoor', run_path: classifier.folder };
      const fitting = parseSpec('detector', { detector: 'mahalanobis', task });
      const detector = await runWithProgress(
        (live) => workbench.run(fitting, { ...live, engine, folder: join(base, 'detector') }),
        output,
      );
      output.result({ classifier: resultValue(classifier), detector: resultValue(detector) }, () =>
        [
          '',
          ...contextLines(classifier.record),
          '',
          evaluationTable(readEvaluation(detector.folder)),
          '',
          `Classifier  ${shownPath(classifier.folder)}`,
          `Detector    ${shownPath(detector.folder)}`,
          `Figures     ${shownPath(join(detector.folder, 'figures'))}`,
        ].join('\n'),
      );
    });
  },
};
