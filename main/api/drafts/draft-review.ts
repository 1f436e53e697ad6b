import type { Review } from '../../../shared/domain/draft.ts';
import { given } from '../../../shared/given.ts';
import { counted, formatCount, numbered } from '../../../shared/format.ts';
import { runDefinitionOf } from '../../runs/index.ts';
import type { ParsedSpec } from '../../runs/parsed-spec.ts';
import { plannedTitle } from '../runs/run-title.ts';
import { commandOrReason } from '../runs/command-line.ts';
import {
  draftClassifierSpec,
  draftDetectorSpecs,
  draftTrains,
  type DraftSubject,
} from '../../runs/drafts/draft-specs.ts';
import type { DraftDescription } from '../../inspections/check-draft.ts';
import { readStoredSpec, type StoredSpec } from '../../runs/stored-spec.ts';
import { specLines } from '../../runs/spec-lines.ts';

type PlannedRun = Review['runs'][number];

/** Returns the folder that a new run of this spec would get, other than those already `taken`. */
type FolderFor = (spec: ParsedSpec, taken: ReadonlySet<string>) => string;

/**
 * Returns what a draft without faults would do: each run with its spec, readable lines, command and files. `taken`
 * is the spec of the run whose classifier it takes.
 * @throws CupbearerError `usage` if the draft has faults.
 */
export function reviewDraft(
  subject: DraftSubject,
  known: DraftDescription,
  folderFor: FolderFor,
  taken?: StoredSpec,
): Review {
  const engine = subject.draft.engine === 'auto' ? undefined : subject.draft.engine;
  const folders = new Set<string>();
  const trainedOn =
    taken ??
    (draftTrains(subject) ? readStoredSpec('classifier', draftClassifierSpec(subject.draft).params) : undefined);
  const plan = (spec: ParsedSpec<'classifier' | 'detector'>): PlannedRun => {
    const folder = folderFor(spec, folders);
    folders.add(folder);
    const flags = { 'dir.full': folder, ...given({ engine }) };
    return {
      kind: spec.kind,
      title: plannedTitle(spec, trainedOn),
      lines: specLines(runDefinitionOf(spec.kind), spec.params),
      spec: spec.params,
      ...commandOrReason(spec, flags),
      folder,
      files: spec.kind === 'classifier' ? classifierFiles(known, spec) : detectorFiles(known, spec),
    };
  };
  const planDetectors = (classifierFolder: string | null) =>
    draftDetectorSpecs({ ...subject, classifierFolder }).map(plan);
  if (!draftTrains(subject)) return { runs: planDetectors(subject.classifierFolder) };
  const classifier = plan(draftClassifierSpec(subject.draft));
  return { runs: [classifier, ...planDetectors(classifier.folder)] };
}

const float32 = 4;
/** About how many bytes the header of a safetensors file takes per tensor. */
const directoryBytes = 120;

function classifierFiles({ network }: DraftDescription, { params }: ParsedSpec<'classifier'>): PlannedRun['files'] {
  const count = network?.parameters;
  return [
    {
      name: 'model.safetensors',
      what: count === undefined ? 'weights' : counted(count, 'parameter'),
      bytes: count === undefined ? null : count * float32 + 2 * directoryBytes * (network?.layers.length ?? 0),
    },
    { name: 'metrics.jsonl', what: `${numbered(params.num_epochs, 'epoch')} at most`, bytes: null },
    { name: 'steps.jsonl', what: 'the loss between epochs', bytes: null },
    { name: 'spec, log, figures', what: 'text, SVG and PNG', bytes: null },
  ];
}

function detectorFiles(
  { defaultLayers, testSize: samples }: DraftDescription,
  { params }: ParsedSpec<'detector'>,
): PlannedRun['files'] {
  const { layers } = params.detector;
  const count = Array.isArray(layers) ? layers.length : defaultLayers;
  // One file per layer and one for all together; labels take a byte, sample indices four.
  const bytes = samples === undefined || count === undefined ? null : samples * (float32 * (count + 1) + 1 + 4);
  return [
    {
      name: 'detector.safetensors',
      what: count === undefined ? 'what it learned' : `${numbered(count, 'layer')}`,
      bytes: null,
    },
    {
      name: 'scores/*.npy',
      what: samples === undefined || count === undefined ? 'a file a layer' : `${formatCount(samples)} × ${count + 1}`,
      bytes,
    },
    { name: 'spec, eval, log, figures', what: 'text, SVG and PNG', bytes: null },
  ];
}
