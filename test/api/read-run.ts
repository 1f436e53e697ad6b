/** Reads all that can be read of the run in a folder, in a process of its own, and prints what came of each. */
import { evaluationFolders, readEvaluation } from '../../main/runs/stored-evaluations.ts';
import { activationPlane } from '../../main/reports/run-results.ts';
import { readAnalysis } from '../../main/runs/stored-analysis.ts';
import { readHistory } from '../../main/runs/training-history.ts';
import { readCheckpoint } from '../../main/runs/work/checkpoint.ts';
import { detectorLayers, readDetector } from '../../main/runs/detector-file.ts';
import { evaluationKey } from '../../main/runs/evaluation-file.ts';
import { readModel, readNetworkSpec } from '../../main/models/files.ts';
import { figureFileNames, readPngFigure, readSvgFigure } from '../../main/reports/stored-figures.ts';
import { JsonLinesTail } from '../../main/storage/json-lines-tail.ts';
import { appendJsonLine, readRecord, readScores, readSpec } from '../../main/storage/run-folder.ts';
import { within } from '../../main/storage/within-folder.ts';
import { classifierFingerprint, describeClassifier, openClassifier } from '../../main/tasks/classifier.ts';
import { toErrorRecord } from '../../shared/errors.ts';

const folder = process.argv[2]!;
const layer = 'layers.linear_0.output';

const operations: Record<string, () => unknown> = {
  spec: () => readSpec(folder),
  record: () => readRecord(folder),
  evaluation: () => readEvaluation(folder),
  'further evaluations': () => evaluationFolders(folder),
  'key of an evaluation': () =>
    evaluationKey({ detectorFolder: folder, task: { name: 'ood', run_path: folder }, seed: 0 }),
  analysis: () => readAnalysis(folder),
  plane: () => activationPlane(folder, layer),
  scores: () => readScores(folder),
  curve: () => readHistory(folder),
  'curve as it comes': () => new JsonLinesTail(within(folder, 'metrics.jsonl')).read(),
  'log as it comes': () => new JsonLinesTail(within(folder, 'log.jsonl')).read(),
  'a line for the log': () => appendJsonLine(folder, 'log.jsonl', { message: 'x' }),
  network: () => readNetworkSpec(folder),
  model: () => readModel(folder),
  'fingerprint of the model': () => classifierFingerprint(folder),
  'outline of the classifier': () => describeClassifier(folder),
  classifier: () => openClassifier(folder),
  detector: () => readDetector(folder),
  'layers of the detector': () => detectorLayers(folder),
  checkpoint: () => readCheckpoint(folder),
  figures: () => figureFileNames(folder),
  'a figure': () => readSvgFigure(folder, 'roc.svg'),
  'a picture': () => readPngFigure(folder, 'mistakes.png'),
};

/** By operation: the code of its error, or "read". */
const outcomes = Object.entries(operations).map(([name, operation]) => {
  try {
    operation();
    return [name, 'read'];
  } catch (error) {
    const { code, message } = toErrorRecord(error);
    return [name, code === 'internal' ? `internal: ${message}` : code];
  }
});
process.stdout.write(JSON.stringify(Object.fromEntries(outcomes)));
