import type { Review } from '../../shared/domain/draft.ts';
import { formatCount } from '../../shared/format.ts';
import type { RunDefinition } from '../runs/run-definition.ts';
import { trainClassifier } from '../runs/train-classifier.ts';
import { trainDetector } from '../runs/train-detector.ts';
import { commandOrReason } from './command-line.ts';
import { draftClassifierSpec, draftDetectorSpecs, type DraftSubject } from '../runs/drafts/draft-specs.ts';
import type { DraftDescription } from '../inspections/check-draft.ts';
import { specLines } from '../runs/spec-lines.ts';

type PlannedRun = Review['runs'][number];

/** The folder that a new run of this spec would get, none of those that are `taken`. */
export type FolderFor = (experiment: string, spec: Record<string, unknown>, taken: ReadonlySet<string>) => string;

/**
 * Returns what a draft without faults would do: each run with its spec, readable lines, command and files.
 * @throws CupbearerError `usage` where the draft has faults.
 */
export function reviewDraft(subject: DraftSubject, known: DraftDescription, folderFor: FolderFor): Review {
  const { engine } = subject.draft;
  const taken = new Set<string>();
  const plan = (experiment: RunDefinition, spec: Record<string, unknown>): PlannedRun => {
    const folder = folderFor(experiment.id, spec, taken);
    taken.add(folder);
    const flags = { 'dir.full': folder, ...(engine === 'auto' ? {} : { engine }) };
    return {
      kind: experiment.kind === 'classifier' ? 'classifier' : 'detector',
      title: experiment.describe(spec),
      lines: specLines(experiment, spec),
      spec,
      ...commandOrReason(experiment, spec, flags),
      folder,
      files: experiment.kind === 'classifier' ? classifierFiles(known, spec) : detectorFiles(known, spec),
    };
  };
  const classifier =
    subject.classifierFolder === null ? plan(trainClassifier, draftClassifierSpec(subject.draft)) : null;
  const classifierFolder = subject.classifierFolder ?? classifier!.folder;
  const detectors = draftDetectorSpecs({ ...subject, classifierFolder }).map((spec) => plan(trainDetector, spec));
  return { runs: [...(classifier ? [classifier] : []), ...detectors] };
}

const float32 = 4;
/** What the directory of a safetensors file takes, about, a tensor. */
const directoryBytes = 120;

function classifierFiles({ network }: DraftDescription, spec: Record<string, unknown>): PlannedRun['files'] {
  const count = network?.parameters;
  return [
    {
      name: 'model.safetensors',
      what: count === undefined ? 'weights' : `${formatCount(count)} parameters`,
      bytes: count === undefined ? null : count * float32 + 2 * directoryBytes * (network?.layers.length ?? 0),
    },
    { name: 'metrics.jsonl', what: `${String(spec['num_epochs'])} epochs at most`, bytes: null },
    { name: 'spec, log, figures', what: 'text, SVG and PNG', bytes: null },
  ];
}

function detectorFiles(
  { network, testSize: samples }: DraftDescription,
  spec: Record<string, unknown>,
): PlannedRun['files'] {
  const { layers } = spec['detector'] as { layers?: string[] };
  const count = layers?.length ?? network?.layers.filter(({ isDefault }) => isDefault).length;
  // A file a layer and one for all of them together, labels of a byte and sample numbers of four.
  const bytes = samples === undefined || count === undefined ? null : samples * (float32 * (count + 1) + 1 + 4);
  return [
    { name: 'detector.safetensors', what: count === undefined ? 'what it learned' : `${count} layers`, bytes: null },
    {
      name: 'scores/*.npy',
      what: samples === undefined || count === undefined ? 'a file a layer' : `${formatCount(samples)} × ${count + 1}`,
      bytes,
    },
    { name: 'spec, eval, log, figures', what: 'text, SVG and PNG', bytes: null },
  ];
}
