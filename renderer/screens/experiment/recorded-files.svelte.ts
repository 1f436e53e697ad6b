import type { ExperimentDraft } from '../../../shared/domain/draft.ts';
import {
  mostSpareFiles,
  type CountedNumbers,
  type FileRole,
  type FoundFile,
  type RecordedLook,
  type SetName,
} from '../../../shared/domain/recorded.ts';
import { client, toCupbearerError } from '../../app/client.ts';
import { Latest } from '../../app/latest.svelte.ts';
import { moved, rolesFor, taken, withRole, type TaskValues } from './file-roles.ts';

const sampleCount = 5;
const pauseMs = 120;
/** Sets are not read while paths are still being typed. */
const countPauseMs = 600;

/** How far the count of a task's numbers is. */
interface Counting {
  set: string;
  share: number;
}

/** The files of a task that brings its activations along, and what is found out about them. */
export class RecordedFiles {
  readonly look = new Latest<RecordedLook>();
  /** Files that were chosen and are used as nothing so far. */
  spare = $state.raw<readonly string[]>([]);
  counted = $state.raw<CountedNumbers | null>(null);
  counting = $state.raw<Counting | null>(null);
  countError = $state<string | null>(null);
  /** Whether the user has stopped the count. */
  isStopped = $state(false);
  draw = $state(0);
  #draft: ExperimentDraft | undefined;
  #looked = '';
  #countedOf = '';
  #abort: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Chosen just now: they are used as what they seem to be meant for. */
  readonly #fresh = new Set<string>();
  readonly #put: (task: ExperimentDraft['task']) => void;

  constructor(put: (task: ExperimentDraft['task']) => void) {
    this.#put = put;
  }

  /** Looks at the files of a draft, unless they are the same as before. */
  ask(draft: ExperimentDraft): void {
    this.#draft = draft;
    const { spare, draw } = this;
    const key = JSON.stringify([draft.task, spare, draw]);
    if (key !== this.#looked) {
      this.#looked = key;
      this.look.ask(async (signal) => {
        const found = await client.recorded.look({ draft, spare: [...spare], draw, count: sampleCount }, { signal });
        this.#useFresh(found);
        return found;
      }, pauseMs);
    }
    const { trusted, untrusted, test } = draft.task;
    const sets = JSON.stringify([trusted, untrusted, test]);
    if (sets !== this.#countedOf) this.#begin(draft, sets);
  }

  /** Looks and counts once more, whatever is known. */
  again(): void {
    this.#looked = '';
    this.#countedOf = '';
    if (this.#draft) this.ask(this.#draft);
  }

  drop(): void {
    this.look.drop();
    clearTimeout(this.#timer);
    this.#abort?.abort();
    this.counting = null;
    this.#looked = '';
    this.#countedOf = '';
  }

  stop(): void {
    this.#abort?.abort();
    clearTimeout(this.#timer);
    this.counting = null;
    this.isStopped = true;
  }

  drawOthers(): void {
    this.draw++;
    if (this.#draft) this.ask(this.#draft);
  }

  /** Adds files, as what they seem to be meant for. */
  add(paths: readonly string[]): void {
    const there = new Set([...this.spare, ...(this.look.value?.files.map(({ path }) => path) ?? [])]);
    const added = paths.filter((path) => !there.has(path));
    for (const path of added) this.#fresh.add(path);
    this.spare = [...this.spare, ...added].slice(-mostSpareFiles);
    if (this.#draft) this.ask(this.#draft);
  }

  use(file: FoundFile, role: FileRole): void {
    if (!this.#draft) return;
    const { task, freed } = moved(this.#draft.task, file, role);
    const kept = this.spare.filter((path) => path !== file.item && path !== file.path);
    this.spare = [...kept, ...freed];
    this.#put(task as ExperimentDraft['task']);
  }

  remove(file: FoundFile): void {
    this.use(file, 'none');
    this.spare = this.spare.filter((path) => path !== file.item);
    if (this.#draft) this.ask(this.#draft);
  }

  /** What was counted of a layer in each set. */
  countsOf(layer: string): { set: SetName; notFinite: number; constantColumns: number; columns: number }[] {
    return (this.counted?.sets ?? []).flatMap(({ set, layers }) =>
      layers
        .filter(({ name }) => name === layer)
        .map(({ nan, infinite, constantColumns, columns }) => ({
          set,
          notFinite: nan + infinite,
          constantColumns,
          columns,
        })),
    );
  }

  #useFresh({ files }: RecordedLook): void {
    const fresh = files.filter(({ role, item }) => role === 'none' && this.#fresh.delete(item));
    if (!this.#draft || fresh.length === 0) return;
    let task: TaskValues = this.#draft.task;
    const used: string[] = [];
    for (const file of fresh) {
      const free = rolesFor(file).find((role) => (role === 'trusted' || role === 'test') && !taken(task, role));
      const role = file.suggested === 'none' ? free : file.suggested;
      if (role === undefined || taken(task, role)) continue;
      task = withRole(task, file.item, role);
      used.push(file.item);
    }
    if (used.length === 0) return;
    this.spare = this.spare.filter((path) => !used.includes(path));
    this.#put(task as ExperimentDraft['task']);
  }

  #begin(draft: ExperimentDraft, sets: string): void {
    this.#countedOf = sets;
    this.#abort?.abort();
    clearTimeout(this.#timer);
    this.counted = null;
    this.countError = null;
    this.isStopped = false;
    this.counting = null;
    const { trusted, untrusted, test } = draft.task;
    if (![trusted, untrusted, test].some((files) => typeof files === 'string' && files !== '')) return;
    const abort = new AbortController();
    this.#abort = abort;
    this.counting = { set: '', share: 0 };
    this.#timer = setTimeout(() => void this.#count(draft, abort), countPauseMs);
  }

  async #count(draft: ExperimentDraft, { signal }: AbortController): Promise<void> {
    try {
      for await (const state of await client.recorded.count({ draft }, { signal })) {
        if (signal.aborted) return;
        if (state.type === 'progress') this.counting = { set: state.phase, share: state.share };
        else this.counted = state;
      }
    } catch (error) {
      if (!signal.aborted) this.countError = toCupbearerError(error).message;
    } finally {
      if (!signal.aborted) this.counting = null;
    }
  }
}
