import type { Review } from '../../shared/domain/draft.ts';
import { formatCount } from '../../shared/format.ts';
import { describe, fieldsOfPick, type Field } from '../../shared/schema/describe.ts';
import type { Picked } from '../../shared/schema/fields.ts';
import { optionTitle } from '../../shared/schema/option-title.ts';
import type { NetworkSpec } from '../models/network-outline.ts';
import { describeNetwork } from '../models/describe-network.ts';
import type { ExperimentDefinition } from '../experiments/experiment.ts';
import { trainClassifier } from '../experiments/train-classifier.ts';
import { trainDetector } from '../experiments/train-detector.ts';
import { commandLine } from './command-line.ts';
import { draftClassifierSpec, draftDetectorSpecs, type DraftSubject } from '../experiments/drafts/draft-specs.ts';
import { testSize } from '../experiments/drafts/draft-summaries.ts';
import { viewDraft, type DraftView } from '../experiments/drafts/draft-view.ts';

type PlannedRun = Review['runs'][number];

/** The folder that a new run of this spec would get, none of those that are `taken`. */
export type FolderFor = (experiment: string, spec: Record<string, unknown>, taken: ReadonlySet<string>) => string;

/**
 * What a draft would do: each run with its spec, readable lines, command and files.
 * @throws CupbearerError `usage` where the draft has faults.
 */
export function reviewDraft(subject: DraftSubject, folderFor: FolderFor): Review {
  const view = viewDraft(subject);
  const { engine } = subject.draft;
  const taken = new Set<string>();
  const plan = (experiment: ExperimentDefinition, spec: Record<string, unknown>): PlannedRun => {
    const folder = folderFor(experiment.id, spec, taken);
    taken.add(folder);
    const flags = { 'dir.full': folder, ...(engine === 'auto' ? {} : { engine }) };
    return {
      kind: experiment.kind === 'classifier' ? 'classifier' : 'detector',
      title: experiment.describe(spec),
      lines: linesOf(describe(experiment.params), spec, ''),
      spec,
      command: commandLine(experiment, spec, flags),
      folder,
      files: experiment.kind === 'classifier' ? classifierFiles(view.network?.spec, spec) : detectorFiles(view, spec),
    };
  };
  const classifier =
    subject.classifierFolder === null ? plan(trainClassifier, draftClassifierSpec(subject.draft)) : null;
  const classifierFolder = subject.classifierFolder ?? classifier!.folder;
  const detectors = draftDetectorSpecs({ ...subject, classifierFolder }).map((spec) => plan(trainDetector, spec));
  return { runs: [...(classifier ? [classifier] : []), ...detectors] };
}

/** Every parameter as label and value, those of picked definitions below the line that names them. */
function linesOf(fields: readonly Field[], values: Record<string, unknown>, indent: string): PlannedRun['lines'] {
  return fields.flatMap((field) => {
    const value = values[field.key];
    if (value === undefined) return [];
    const label = `${indent}${field.label}`;
    const below = `${indent}\u2003`;
    const picked = (one: Picked, name: string) => [
      { label: name, value: field.registry!.get(one.name).title },
      ...linesOf(fieldsOfPick(field, one.name), one, below),
    ];
    if (field.type === 'group') return linesOf(field.fields!, value as Record<string, unknown>, indent);
    if (field.type === 'pick') return picked(value as Picked, label);
    if (field.type === 'pick-record')
      return Object.entries(value as Record<string, Picked>).flatMap(([name, one]) => picked(one, `${label} ${name}`));
    return [{ label, value: readable(field, value) }];
  });
}

function readable({ type, label, unit, control, titles }: Field, value: unknown): string {
  if (type === 'flag') return value ? 'Yes' : 'No';
  // As it is typed: 5 %, not 5.0 %, which would be a measurement.
  if (control === 'share' && typeof value === 'number') return `${Number((value * 100).toPrecision(12))}\u00a0%`;
  if (type === 'choice') return optionTitle({ titles }, String(value));
  if (Array.isArray(value)) return value.length === 0 ? 'None' : value.join(', ');
  return unit === undefined || unit === label.toLowerCase() ? String(value) : `${String(value)}\u00a0${unit}`;
}

const float32 = 4;
/** What the directory of a safetensors file takes, about, a tensor. */
const directoryBytes = 120;

function classifierFiles(network: NetworkSpec | undefined, spec: Record<string, unknown>): PlannedRun['files'] {
  const described = network && describeNetwork(network);
  const count = described?.parameters;
  return [
    {
      name: 'model.safetensors',
      what: count === undefined ? 'weights' : `${formatCount(count)} parameters`,
      bytes: count === undefined ? null : count * float32 + 2 * directoryBytes * (described?.layers.length ?? 0),
    },
    { name: 'metrics.jsonl', what: `${String(spec['num_epochs'])} epochs at most`, bytes: null },
    { name: 'spec, log, figures', what: 'text, SVG and PNG', bytes: null },
  ];
}

function detectorFiles(view: DraftView, spec: Record<string, unknown>): PlannedRun['files'] {
  const { layers } = spec['detector'] as { layers?: string[] };
  const count =
    layers?.length ?? (view.network && describeNetwork(view.network.spec).layers.filter((l) => l.isDefault).length);
  const samples = testSize(view);
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
