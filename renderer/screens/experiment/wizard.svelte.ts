import { draftSchema, wizardSteps } from '../../../shared/domain/draft.ts';
import { mostSeeds } from '../../../shared/domain/experiment.ts';
import type {
  DraftCheck,
  DraftClassifier,
  DraftPlan,
  Estimate,
  ExperimentDraft,
  NetworkDescription,
  Preset,
  Review,
  RunTimes,
  TaskPart,
  UnmetNeed,
  WizardStep,
} from '../../../shared/domain/draft.ts';
import {
  cellsOf,
  classifiersOf,
  columnsOf,
  isExperiment,
  openClassifierOf,
  openTaskOf,
  pointsIn,
  tasksOf,
  withClassifiers,
  withTasks,
} from '../../../shared/draft-parts.ts';
import { counted } from '../../../shared/format.ts';
import type { FormDefinition } from '../../../shared/domain/form.ts';
import type { SampleSet } from '../../../shared/domain/samples.ts';
import { unpackArrays, type ArrayMap } from '../../../shared/domain/arrays.ts';
import { Latest } from '../../app/latest.svelte.ts';
import { client, toCupbearerError } from '../../app/client.ts';
import { definitions } from '../../app/definitions.svelte.ts';
import { settings } from '../../app/settings.svelte.ts';
import { toasts } from '../../app/toasts.svelte.ts';
import type { FormModel, Path } from '../../components/form/form-model.ts';
import { withValue } from '../../components/form/form-values.ts';
import { draftOnDataset, isSameDraft, withNames } from './draft-values.ts';
import { earlierDrafts } from './earlier-drafts.svelte.ts';
import { plannedTime, type PlannedTime } from './planned-time.ts';
import { RecordedFiles } from './recorded-files.svelte.ts';
import type { StartingPoint } from './starting-point.ts';

/** Samples with the arrays of images unpacked. */
export interface ShownSamples {
  set: SampleSet;
  arrays: ArrayMap;
}

/** A preview with the arrays of images unpacked. */
export interface ShownPreview {
  samples: ShownSamples;
  normal: ShownSamples | null;
  unpaired: ShownSamples | null;
  note: string | null;
}

async function shown(set: SampleSet): Promise<ShownSamples> {
  return { set, arrays: set.kind === 'images' ? await unpackArrays(set.arrays) : {} };
}

/** A change of the tasks for the sake of a detector. */
interface Mended {
  before: readonly TaskPart[];
  after: readonly TaskPart[];
  words: string;
}

/** What starting a draft leads to. */
interface Started {
  kind: 'run' | 'experiment';
  id: string;
}

const previewCount = 6;
const seedsFault: DraftCheck['faults'][number] = {
  path: ['seeds'],
  step: 'detectors',
  label: 'Seeds',
  message: `Must be a whole number from 1 to ${mostSeeds}.`,
};
/** Long enough to ask only once while a number is typed, short enough to seem immediate. */
const pauseMs = 120;
const planPauseMs = 200;
const storePauseMs = 400;
const measurePauseMs = 900;

/** The draft that is being set up, and all that is found out about it as it changes. */
export class Wizard implements FormModel {
  draft = $state.raw<ExperimentDraft | null>(null);
  presets = $state.raw<readonly Preset[]>([]);
  failure = $state<string | null>(null);
  isStored = $state(true);
  isStarting = $state(false);
  draw = $state(0);
  /** The place of the farthest step that was looked at since the draft was opened. */
  reached = $state(0);
  /** What was typed where the number of seeds belongs and is none; the draft keeps the one before. */
  #wrongSeeds = $state.raw<{ typed: unknown } | null>(null);
  readonly check = new Latest<DraftCheck>();
  readonly samples = new Latest<ShownPreview>();
  readonly drawing = new Latest<NetworkDescription>();
  readonly review = new Latest<Review>();
  readonly estimate = new Latest<Estimate>();
  readonly plan = new Latest<DraftPlan>();
  /** Files of the open task, where it brings its activations along. */
  readonly recorded = new RecordedFiles((task) => this.set(['task'], task));
  /** How long runs took here. */
  times = $state.raw<RunTimes>({});
  /** What was set in the tasks for a detector that needed it, by the detector's id. */
  mended = $state.raw<Readonly<Record<string, Mended>>>({});
  #storeTimer: ReturnType<typeof setTimeout> | undefined;

  /** Loads the starting point; by default the draft as it was left, or the first preset. */
  async open(from: StartingPoint | null): Promise<void> {
    try {
      const [presets, times] = await Promise.all([
        client.drafts.presets({}),
        client.drafts.runTimes({}),
        definitions.load(),
      ]);
      this.times = times;
      this.presets = presets;
      const left = this.draft ?? (await client.drafts.storedDraft({}));
      if (from !== null) {
        const draft = await this.#draftOn(from);
        // Kept before anything else looks for the stored draft, and before the one that it replaces is kept once more.
        clearTimeout(this.#storeTimer);
        await client.drafts.storeDraft({ draft });
        this.#setAside(left, draft);
        this.#wrongSeeds = null;
        this.#take(draft);
        return;
      }
      this.#take(left ?? presets[0]!.draft);
    } catch (error) {
      this.failure = toCupbearerError(error).message;
    }
  }

  /** Starts with another draft. If the current one was edited, it can be restored. */
  beginWith(draft: ExperimentDraft): void {
    this.#setAside(this.draft, draft);
    this.replace(draft);
  }

  /** Goes back to the draft that was set aside last, and sets this one aside. */
  backToEarlier(): void {
    const { draft } = this;
    const earlier = earlierDrafts.take(draft && this.#isOwn(draft) ? draft : null);
    if (earlier) this.replace(earlier);
  }

  /** Puts another draft in the place of this one. */
  replace(draft: ExperimentDraft): void {
    this.#wrongSeeds = null;
    this.#change(draft);
  }

  /** Discards the draft and starts over; the draft can be restored. */
  async discard(): Promise<void> {
    const before = this.draft;
    clearTimeout(this.#storeTimer);
    await client.drafts.storeDraft({ draft: null });
    this.#wrongSeeds = null;
    this.#take(this.presets[0]!.draft);
    this.reached = 0;
    this.isStored = true;
    if (before) toasts.undo('The draft was discarded.', () => this.replace(before));
  }

  /** Looks again at what the draft depends on: data that have come, runs that are there now. */
  async refresh(): Promise<void> {
    this.presets = await client.drafts.presets({});
    if (this.draft) this.#ask(this.draft);
  }

  /** A step is looked at: those before it have been passed. */
  reach(step: WizardStep): void {
    this.reached = Math.max(this.reached, wizardSteps.indexOf(step));
  }

  /** Looks once more for what is wrong with the draft, and what it will do. */
  checkAgain(): void {
    if (this.draft) this.#ask(this.draft);
  }

  drawOthers(): void {
    this.draw++;
    if (this.draft) this.#askSamples(this.draft);
  }

  /** How often everything is repeated, each time with another seed, or what was typed in its place. */
  get seeds(): unknown {
    return this.#wrongSeeds ? this.#wrongSeeds.typed : (this.draft?.seeds ?? 1);
  }

  setSeeds(typed: unknown): void {
    const seeds = draftSchema.shape.seeds.safeParse(typed);
    this.#wrongSeeds = seeds.success && seeds.data !== undefined ? null : { typed };
    if (!this.draft || !seeds.success || seeds.data === undefined) return;
    const { seeds: _, ...once } = this.draft;
    this.#change(seeds.data === 1 ? once : { ...once, seeds: seeds.data });
  }

  /** Names the experiment; without a name it is called by what it is about. */
  setName(name: string): void {
    if (!this.draft) return;
    const { name: _, ...unnamed } = this.draft;
    this.#change(name === '' ? unnamed : { ...unnamed, name });
  }

  /** Adds the fitted detector of a run, which is evaluated as it is. */
  addFitted(run: string): void {
    if (this.draft && run !== '') this.#setFitted([...(this.draft.fitted ?? []), { run }]);
  }

  /** Takes the fitted detector of a run away. */
  removeFitted(run: string): void {
    this.#setFitted((this.draft?.fitted ?? []).filter((part) => part.run !== run));
  }

  #setFitted(fitted: NonNullable<ExperimentDraft['fitted']>): void {
    if (!this.draft) return;
    const { fitted: _, ...rest } = this.draft;
    this.#change(fitted.length === 0 ? rest : { ...rest, fitted });
  }

  /** Queues the runs, or begins the experiment. Returns where to look at what was started. */
  async start(): Promise<Started | null> {
    if (!this.draft) return null;
    this.isStarting = true;
    try {
      const { ids, experiment } = await client.drafts.start({ draft: this.draft });
      clearTimeout(this.#storeTimer);
      // What was set aside for this one comes next.
      await client.drafts.storeDraft({ draft: earlierDrafts.take(null) });
      if (experiment !== null) return { kind: 'experiment', id: experiment };
      const run = ids.at(-1);
      return run === undefined ? null : { kind: 'run', id: run };
    } catch (error) {
      toasts.failed(error);
      return null;
    } finally {
      this.isStarting = false;
    }
  }

  /** Wants no more answers. */
  close(): void {
    for (const latest of [this.check, this.samples, this.drawing, this.review, this.estimate, this.plan]) latest.drop();
    this.recorded.drop();
    if (this.isStored || !this.draft) return;
    clearTimeout(this.#storeTimer);
    void client.drafts.storeDraft({ draft: this.draft }).catch((error: unknown) => toasts.failed(error));
  }

  // ---- what the fields of the form ask ------------------------------------------------------------------------------

  set(path: Path, value: unknown): void {
    // What a draft is made of keeps its kind under a change of one value.
    this.#change(withValue(this.draft, path, value) as ExperimentDraft);
  }

  get faults(): DraftCheck['faults'] {
    const found = this.check.value?.faults ?? [];
    return this.#wrongSeeds ? [...found, seedsFault] : found;
  }

  faultAt(path: Path): string | undefined {
    const at = path.join('/');
    return this.faults.find((fault) => fault.path.join('/') === at)?.message;
  }

  hasFaultBelow(path: Path): boolean {
    const at = path.join('/');
    return this.faults.some((fault) => `${fault.path.join('/')}/`.startsWith(`${at}/`));
  }

  faultsOf(step: WizardStep): DraftCheck['faults'] {
    return step === 'review' ? this.faults : this.faults.filter((fault) => fault.step === step);
  }

  /** The first step that has something wrong with it. */
  get firstFaultyStep(): WizardStep | undefined {
    return wizardSteps.find((step) => this.faults.some((fault) => fault.step === step));
  }

  definitions(kind: string): readonly FormDefinition[] {
    return definitions.of(kind);
  }

  unsuited(kind: string): Readonly<Record<string, string>> {
    const unsuited = kind === 'detector' ? Object.entries(this.check.value?.unsuited ?? {}) : [];
    return Object.fromEntries(unsuited.map(([id, { message }]) => [id, message]));
  }

  /** Whether the task of this name watches a classifier. */
  readonly watches = (name: string): boolean =>
    this.definitions('task').find(({ id }) => id === name)?.isRecorded !== true;

  /** Whether the open task brings along what was recorded of a model. */
  get isRecorded(): boolean {
    return this.draft !== null && !this.watches(this.draft.task.name);
  }

  /** Whether none of the tasks watches a classifier. */
  get needsNoModel(): boolean {
    return this.tasks.every(({ task }) => !this.watches(task.name));
  }

  /** Whether the draft becomes an experiment. */
  get isExperiment(): boolean {
    return this.draft !== null && isExperiment(this.draft, this.watches);
  }

  sweepWords(path: Path, values: number): string {
    const { draft } = this;
    if (!draft) return '';
    const what = counted(values, 'value');
    const detector = path[0] === 'detectors' ? draft.detectors[Number(path[1])] : undefined;
    const seeds = draft.seeds ?? 1;
    if (detector === undefined) return `${what}: ${counted(cellsOf(draft, this.watches), 'cell')} in all.`;
    const variants = pointsIn(detector);
    return `${what} make ${counted(variants, 'detector')}, ${counted(variants * columnsOf(draft, this.watches) * seeds, 'cell')}.`;
  }

  /** What the detectors are called in the matrix; by their names until that is known. */
  get detectorLabels(): readonly string[] {
    const names = this.draft?.detectors.map(({ name }) => name) ?? [];
    const labels = this.check.value?.detectors ?? [];
    return labels.length === names.length ? labels : names;
  }

  /** Why a detector cannot be fitted on some of the tasks. */
  unmet(detector: string): UnmetNeed | undefined {
    return this.check.value?.unsuited[detector];
  }

  /** The plan, unless the draft makes no experiment or has faults. */
  get planned(): DraftPlan | null {
    return this.isExperiment && this.faults.length === 0 ? this.plan.value : null;
  }

  /** Runs that go on side by side. */
  get jobs(): number {
    return settings.value?.parallelJobs ?? 1;
  }

  /** How long what is planned should take; null while that is not known. */
  get plannedTime(): PlannedTime | null {
    const { planned, times, jobs } = this;
    if (!planned) return null;
    return plannedTime(planned, { times, estimate: this.measured, detectors: this.draft?.detectors.length ?? 0, jobs });
  }

  /** Bytes that the runs to be computed write at least, after what is known of those of the open task. */
  get plannedBytes(): number {
    const { planned } = this;
    const runs = this.review.value?.runs ?? [];
    if (!planned) return 0;
    const bytesOf = (kind: 'classifier' | 'detector') => {
      const own = runs.filter((run) => run.kind === kind);
      const bytes = own.flatMap(({ files }) => files).reduce((sum, file) => sum + (file.bytes ?? 0), 0);
      return own.length === 0 ? 0 : bytes / own.length;
    };
    const { classifier = 0, ...detectors } = planned.toCompute;
    const fitted = Object.values(detectors).reduce((sum, count) => sum + count, 0);
    return Math.round(classifier * bytesOf('classifier') + fitted * bytesOf('detector'));
  }

  // ---- tasks and classifiers beside the open ones -------------------------------------------------------------------

  get tasks(): readonly TaskPart[] {
    return this.draft ? tasksOf(this.draft) : [];
  }

  get openTask(): number {
    return this.draft ? openTaskOf(this.draft) : 0;
  }

  setTasks(tasks: readonly TaskPart[], open: number): void {
    if (this.draft) this.#change(withTasks(this.draft, tasks, open));
  }

  get classifiers(): readonly DraftClassifier[] {
    return this.draft ? classifiersOf(this.draft) : [];
  }

  get openClassifier(): number {
    return this.draft ? openClassifierOf(this.draft) : 0;
  }

  setClassifiers(classifiers: readonly DraftClassifier[], open: number): void {
    if (this.draft) this.#change(withClassifiers(this.draft, classifiers, open));
  }

  /** Opens the task or classifier that a fault is of, if it is not open. Returns whether it was opened. */
  openPart([kind, place]: Path): boolean {
    if (kind === 'otherTasks') this.setTasks(this.tasks, Number(place));
    else if (kind === 'otherClassifiers') this.setClassifiers(this.classifiers, Number(place));
    else return false;
    return true;
  }

  /** Sets in the tasks what a detector needs of them. */
  mend(detector: string, { tasks, mends }: UnmetNeed): void {
    const before = this.tasks;
    const after = before.map((part, i) => {
      if (!tasks.includes(i)) return part;
      const task = mends.reduce<unknown>((changed, { path, value }) => withValue(changed, path, value), part.task);
      return { ...part, task: task as TaskPart['task'] };
    });
    const where = before.length === 1 ? '' : ` in ${tasks.length === before.length ? 'all' : tasks.length} ${counted(before.length, 'task')}`; // prettier-ignore
    const what = mends.map(({ label, written }) => `“${label}” is now ${written}`).join(' and ');
    this.mended = { ...this.mended, [detector]: { before, after, words: `${what}${where}.` } };
    this.setTasks(after, this.openTask);
  }

  /** What was set for a detector, unless the tasks have been changed since. */
  mendedFor(detector: string): Mended | undefined {
    const mended = this.mended[detector];
    return mended && isSameDraft(mended.after.map(({ task }) => task), this.tasks.map(({ task }) => task)) ? mended : undefined; // prettier-ignore
  }

  undoMend(detector: string): void {
    const mended = this.mendedFor(detector);
    if (mended) this.setTasks(mended.before, this.openTask);
  }

  // -------------------------------------------------------------------------------------------------------------------

  /** What was measured of the draft, or of it as it was before the last change; null if nothing is known. */
  get measured(): Estimate | null {
    return this.faults.length > 0 ? null : this.estimate.value;
  }

  /** Why the review failed; null while something has to be corrected first. */
  get reviewFailure(): string | null {
    return this.check.isComputing || this.check.error !== null || this.faults.length > 0 ? null : this.review.error;
  }

  get network(): NetworkDescription | null {
    return this.drawing.value;
  }

  // -------------------------------------------------------------------------------------------------------------------

  async #draftOn({ kind, id }: StartingPoint): Promise<ExperimentDraft> {
    if (kind === 'data') {
      const dataset = (await client.datasets.list({})).find(({ name }) => name === id);
      if (!dataset) throw new Error(`There is no dataset "${id}".`);
      return draftOnDataset(this.presets, dataset.pick, (of) => definitions.of(of));
    }
    if (kind === 'experiment') return client.drafts.fromExperiment({ id });
    const draft = await client.drafts.fromRun({ id });
    return kind === 'from' ? draft : { ...draft, classifier: { source: 'run', run: id }, tags: [] };
  }

  #whole(draft: ExperimentDraft): ExperimentDraft {
    return withNames(draft, (kind) => definitions.of(kind));
  }

  /** Whether it was edited. An unedited preset or starting point need not be kept. */
  #isOwn(draft: ExperimentDraft): boolean {
    const whole = this.#whole(draft);
    return (
      !earlierDrafts.isUntouched(whole) && !this.presets.some((preset) => isSameDraft(this.#whole(preset.draft), whole))
    );
  }

  /** Keeps what was set up in the draft that another one takes the place of, and says so. */
  #setAside(left: ExperimentDraft | null, next: ExperimentDraft): void {
    const begun = this.#whole(next);
    const isLost = left !== null && this.#isOwn(left) && !isSameDraft(this.#whole(left), begun);
    earlierDrafts.begin(begun, isLost ? left : null);
    if (isLost)
      toasts.show({
        message: 'The draft that you had is kept.',
        action: { label: 'Back to your draft', run: () => this.backToEarlier() },
      });
  }

  /** The draft with something changed in it. */
  #change(draft: ExperimentDraft): void {
    this.#store(this.#take(draft));
  }

  #take(given: ExperimentDraft): ExperimentDraft {
    const draft = this.#whole(given);
    this.draft = draft;
    this.#ask(draft);
    return draft;
  }

  #ask(draft: ExperimentDraft): void {
    this.check.ask((signal) => client.drafts.check({ draft }, { signal }), pauseMs);
    this.drawing.ask((signal) => client.drafts.network({ draft }, { signal }), pauseMs);
    if (this.isRecorded) {
      this.samples.drop();
      this.recorded.ask(draft);
    } else {
      this.recorded.drop();
      this.#askSamples(draft);
    }
    this.review.ask((signal) => client.drafts.review({ draft }, { signal }), pauseMs);
    if (this.isExperiment) this.plan.ask((signal) => client.drafts.plan({ draft }, { signal }), planPauseMs);
    else this.plan.drop();
    this.estimate.ask((signal) => client.drafts.estimate({ draft }, { signal }), measurePauseMs);
  }

  #askSamples(draft: ExperimentDraft): void {
    const { draw } = this;
    this.samples.ask(async (signal) => {
      const preview = await client.drafts.preview({ draft, draw, count: previewCount }, { signal });
      const [samples, normal, unpaired] = await Promise.all([
        shown(preview.samples),
        preview.normal && shown(preview.normal),
        preview.unpaired && shown(preview.unpaired),
      ]);
      return { samples, normal, unpaired, note: preview.note };
    }, pauseMs);
  }

  #store(draft: ExperimentDraft): void {
    clearTimeout(this.#storeTimer);
    this.isStored = false;
    this.#storeTimer = setTimeout(() => {
      client.drafts.storeDraft({ draft }).then(
        () => (this.isStored = this.draft === draft),
        (error: unknown) => toasts.failed(error),
      );
    }, storePauseMs);
  }
}
