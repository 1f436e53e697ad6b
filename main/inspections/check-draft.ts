import type { DraftCheck, ExperimentDraft, NetworkDescription } from '../../shared/domain/draft.ts';
import type { Fault } from '../../shared/domain/form.ts';
import { stepOf } from '../../shared/domain/wizard-step.ts';
import { classifiersOf, openTaskOf, tasksOf } from '../../shared/draft-parts.ts';
import { describeModel, describeRecords } from '../models/describe-network.ts';
import { unsuitedDetectors } from '../runs/drafts/detector-misfits.ts';
import { draftFaults, labelInDraft } from '../runs/drafts/draft-faults.ts';
import { draftTask, draftWatchesClassifier, type DraftSubject } from '../runs/drafts/draft-specs.ts';
import { draftSummaries, testSize } from '../runs/drafts/draft-summaries.ts';
import { requireModel, viewDraft } from '../runs/drafts/draft-view.ts';
import { classifierLabels, detectorLabels, taskLabels } from '../runs/drafts/part-labels.ts';
import { withRecords } from '../runs/drafts/recorded-subject.ts';
import type { PartPath } from '../runs/drafts/plain-draft.ts';
import { sweepFaults } from '../runs/drafts/sweep-faults.ts';
import { outlineRecords } from '../tasks/outline.ts';
import type { InspectionContext } from './inspection.ts';

/** A draft with what it comes to for each of its tasks and classifiers. */
export interface DraftQuestion {
  /** As the wizard holds it. */
  draft: ExperimentDraft;
  /** Its open task and classifier. */
  subject: DraftSubject;
  /** The others. */
  others?: readonly { at: PartPath; subject: DraftSubject }[];
  /** Titles of the runs whose classifiers or fitted detectors are taken, by id. */
  runTitles?: Readonly<Record<string, string>>;
  /** Whether the run of each fitted detector is there and has ended well. */
  isFitted?: readonly boolean[];
  /** Faults that were found already. */
  known?: readonly Fault[];
}

/**
 * Returns what is wrong with a draft beside the faults that are `known`, its summaries, and which detectors do not suit
 * it.
 */
export async function checkDraft(
  { draft, subject: asked, others: rest = [], runTitles = {}, isFitted = [], known = [] }: DraftQuestion,
  { dataDir }: InspectionContext,
): Promise<DraftCheck> {
  const { subject, faults: unread } = await withRecords(asked);
  const others = await Promise.all(rest.map(async ({ at, subject: other }) => ({ at, ...(await withRecords(other)) })));
  const ofDraft = [...known, ...sweepFaults(draft, subject), ...fittedFaults(isFitted), ...unread];
  const own = draftFaults(subject, dataDir, ofDraft);
  /** Whether a detector's fault is more than that it does not suit the open task. */
  const isCertain = ({ path }: DraftFault) =>
    path[0] !== 'detectors' || hasFaultAt(ofDraft, path) || elsewhere.every(({ faults }) => hasFaultAt(faults, path));
  const elsewhere = others.map(({ at, subject: other, faults }) => ({
    at,
    faults: draftFaults(other, dataDir, faults),
  }));
  const otherTasks = others.filter(({ at: [kind] }) => kind === 'otherTasks').map((other) => other.subject);
  return {
    faults: [...own.filter(isCertain), ...elsewhere.flatMap(({ at, faults }) => faultsOfPart(at, faults))].map(
      (fault) => layersOfAll(draft, fault),
    ),
    summaries: draftSummaries(draft, subject, dataDir),
    tasks: taskLabels(tasksOf(draft)),
    classifiers: classifierLabels(classifiersOf(draft), runTitles),
    detectors: detectorLabels(draft.detectors),
    unsuited: unsuitedDetectors(otherTasks.toSpliced(openTaskOf(draft), 0, subject), dataDir),
  };
}

type DraftFault = DraftCheck['faults'][number];

function fittedFaults(isFitted: readonly boolean[]): Fault[] {
  const message = 'There is no finished run of this detector any more.';
  return isFitted.flatMap((isThere, i) => (isThere ? [] : [{ path: ['fitted', String(i), 'run'], message }]));
}

/**
 * A detector that does not suit one of several tasks leaves a cell of the matrix empty; only one that suits none is a fault.
 */
function hasFaultAt(faults: readonly Fault[], path: readonly string[]): boolean {
  return faults.some((fault) => fault.path.join('/') === path.join('/'));
}

/** Of the faults of a draft in which another task or classifier is open, those of that part. */
function faultsOfPart(at: PartPath, faults: readonly DraftFault[]): DraftFault[] {
  const isOfTask = ([part, , key]: readonly string[]) =>
    part === 'task' || (part === 'classifier' && key === 'train_data');
  const found = faults.filter(({ path }) =>
    at[0] === 'otherTasks' ? isOfTask(path) : path[0] === 'classifier' && !isOfTask(path),
  );
  // It is open: its form shows each of them.
  if (at[0] === 'classifier') return found;
  const [first] = found;
  if (!first) return [];
  return [{ ...first, path: [...at], step: at[0] === 'otherTasks' ? 'task' : 'model', label: labelInDraft(at) }];
}

/** A fault of the layers of a detector that has those of all, told of where they are chosen. */
function layersOfAll(draft: ExperimentDraft, fault: DraftFault): DraftFault {
  const [part, index, key] = fault.path;
  if (draft.layers === undefined || part !== 'detectors' || key !== 'layers') return fault;
  if (draft.detectors[Number(index)]?.['layers'] !== undefined) return fault;
  const path = ['layers'];
  return { ...fault, path, step: stepOf(path), label: labelInDraft(path) };
}

/** What is known of a draft before it runs. */
export interface DraftDescription {
  /** The network of its classifier; undefined where its task watches none. */
  network: NetworkDescription | undefined;
  /** Layers that detectors look at by default. */
  defaultLayers: number | undefined;
  /** Test samples of its task. */
  testSize: number | undefined;
}

/** Returns what can be said of a draft without loading any data; each part only where the draft determines it. */
export async function describeDraft(
  asked: DraftSubject,
  { dataDir }: Pick<InspectionContext, 'dataDir'>,
): Promise<DraftDescription> {
  const { subject } = await withRecords(asked);
  const view = viewDraft(subject, dataDir);
  return {
    network: view.model && describeModel(view.model),
    defaultLayers: view.source?.defaultActivations.length,
    testSize: testSize(view),
  };
}

/**
 * Returns the network of a draft, or the layers of one that were recorded. @throws CupbearerError `usage`, `not-found`, `bad-data` that
 * says what it lacks.
 */
export async function draftNetworkDescription(
  subject: DraftSubject,
  { dataDir }: Pick<InspectionContext, 'dataDir'>,
): Promise<NetworkDescription> {
  if (draftWatchesClassifier(subject)) return describeModel(requireModel(subject, dataDir));
  const { recorded } = (await withRecords(subject)).subject;
  // What is wrong with it is thrown by looking again, and nothing is kept of that.
  return describeRecords((recorded ?? (await outlineRecords(draftTask(subject)))).source);
}
