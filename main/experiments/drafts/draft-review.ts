import { join } from 'node:path';
import type { Review } from '../../../shared/domain/draft.ts';
import { formatCount, formatPercent } from '../../../shared/format.ts';
import { describe, fieldsOfPick, type Field } from '../../../shared/schema/describe.ts';
import type { Picked } from '../../../shared/schema/fields.ts';
import type { NetworkSpec } from '../../models/module-tree.ts';
import { describeNetwork } from '../../models/describe-network.ts';
import type { ExperimentDefinition } from '../experiment.ts';
import { trainClassifier } from '../train-classifier.ts';
import { trainDetector } from '../train-detector.ts';
import { commandLine } from './command-line.ts';
import { draftClassifierSpec, draftDetectorSpecs, type DraftSubject } from './draft-specs.ts';
import { testSize } from './draft-summaries.ts';
import { viewDraft, type DraftView } from './draft-view.ts';

type PlannedRun = Review['runs'][number];

/**
 * What a draft would do: each run with its spec, readable lines, command and files. New runs go into folders below
 * `runsDir` that are named by the time they start. @throws CupbearerError `usage` where the draft has faults.
 */
export function reviewDraft(subject: DraftSubject, runsDir: string): Review {
  const view = viewDraft(subject);
  const folderOf = (kind: string, i = 0) => join(runsDir, `DATE-${kind}${i === 0 ? '' : `-${i + 1}`}`);
  const engine: Record<string, string> = subject.draft.engine === 'auto' ? {} : { engine: subject.draft.engine };
  const own = subject.classifierFolder ?? folderOf('classifier');
  const runs: PlannedRun[] = [];
  if (subject.classifierFolder === null) {
    const spec = draftClassifierSpec(subject.draft);
    const files = classifierFiles(view.network, spec);
    runs.push(plan(trainClassifier, 'classifier', spec, folderOf('classifier'), engine, files));
  }
  draftDetectorSpecs({ ...subject, classifierFolder: own }).forEach((spec, i) =>
    runs.push(plan(trainDetector, 'detector', spec, folderOf('detector', i), engine, detectorFiles(view, spec))),
  );
  return { runs };
}

function plan(
  experiment: ExperimentDefinition,
  kind: PlannedRun['kind'],
  spec: Record<string, unknown>,
  folder: string,
  engine: Record<string, string>,
  files: PlannedRun['files'],
): PlannedRun {
  return {
    kind,
    title: experiment.describe(spec),
    lines: linesOf(describe(experiment.params), spec, ''),
    spec,
    command: commandLine(experiment, spec, { ...engine, 'dir.full': folder }),
    folder,
    files,
  };
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

function readable({ type, unit, control }: Field, value: unknown): string {
  if (type === 'flag') return value ? 'Yes' : 'No';
  if (control === 'share' && typeof value === 'number') return formatPercent(value);
  if (Array.isArray(value)) return value.length === 0 ? 'None' : value.join(', ');
  return unit === undefined ? String(value) : `${String(value)}\u00a0${unit}`;
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
    layers?.length ?? (view.network && describeNetwork(view.network).layers.filter((l) => l.isDefault).length);
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
