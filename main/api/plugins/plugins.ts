import { setTimeout as wait } from 'node:timers/promises';
import type {
  LiveRow,
  NewPlugin,
  PluginChange,
  PluginsState,
  PluginSummary,
  PythonEnvironment,
} from '../../../shared/domain/plugin.ts';
import { CupbearerError, toErrorRecord } from '../../../shared/errors.ts';
import { command, worded } from '../../../shared/wording.ts';
import type { Answer, InspectionName, Question } from '../../inspections/index.ts';
import type { LiveRows } from './live-rows.ts';

/** Asks a process that may read folders, hash them, and start the processes of plugins, as the host may not. */
type AskAboutPlugins = <N extends InspectionName>(
  name: N,
  question: Question<N>,
  signal?: AbortSignal,
) => Promise<Answer<N>>;

interface PluginsOptions {
  /** Whether plugins run at all. */
  isAllowed: boolean;
  ask: AskAboutPlugins;
  /** Changes whenever another process has changed which plugins there are, or what is allowed of them. */
  stamp: () => string;
  /** Takes over which definitions plugins add, in this process. */
  refresh: () => void;
  liveRows: LiveRows;
  /** How many runs wait for each plugin, by id. */
  waitingRuns: () => ReadonlyMap<string, number>;
}

/** Changes that come in a burst are told together, and how often is looked whether another process has changed something. */
const tellMs = 100;
const foreignMs = 2000;
/** How long until what failed is tried again. */
const retryMs = 5000;

/** The plugins of a program with a window: which there are, what is allowed of them, and those that are developed here. */
export class Plugins {
  readonly isAllowed: boolean;
  readonly #options: PluginsOptions;
  readonly #listeners = new Set<() => void>();
  readonly #closed = new AbortController();
  /** Ids of those that are being checked. */
  readonly #checking = new Set<string>();
  /** By id, the content that was last found while nobody looked. */
  readonly #tried = new Map<string, string>();
  /** Ends the wait for changes of the folders that are watched. */
  #watching: AbortController | undefined;
  #summaries: readonly PluginSummary[] = [];
  #stamp: string | undefined;
  #looking: Promise<void> | undefined;
  #following: Promise<void> | undefined;
  /** What a person should know that has no other place. */
  readonly notices: string[] = [];

  constructor(options: PluginsOptions) {
    this.#options = options;
    this.isAllowed = options.isAllowed;
  }

  /** Takes over what plugins add, and follows the folders that are developed here, from now on. */
  start(): void {
    if (!this.isAllowed) return;
    this.#refresh();
    this.#following = this.#follow();
  }

  /** All, and again after every change, until `signal` is given or the program ends. */
  async *watch(signal: AbortSignal): AsyncGenerator<PluginsState, void> {
    const ended = AbortSignal.any([signal, this.#closed.signal]);
    let told: string | undefined;
    while (!ended.aborted) {
      await this.#lookIfChanged();
      const state = this.#state();
      const text = JSON.stringify(state);
      if (text !== told) yield state;
      told = text;
      await this.#something(ended);
    }
  }

  /** Lists the plugin in a folder, in a zip or in a Git repository. Returns its id. @throws CupbearerError as `addPlugin`. */
  async add(source: Question<'add-plugin'>['source'], signal?: AbortSignal): Promise<string> {
    const { id } = await this.#changing(() => this.#ask('add-plugin', { source }, signal));
    return id;
  }

  /** Makes a new plugin and lists it as one to be developed here, off until it is allowed. Returns its id. @throws CupbearerError as `createPlugin`. */
  async create(wanted: NewPlugin): Promise<string> {
    const { id } = await this.#changing(() => this.#ask('create-plugin', wanted));
    return id;
  }

  /** @throws CupbearerError `conflict` where its content is another by now; as `allowPlugin`. */
  async allow(wanted: Question<'allow-plugin'>): Promise<void> {
    this.#get(wanted.id);
    await this.#changing(() => this.#ask('allow-plugin', wanted));
    void this.#check(wanted.id);
  }

  async setEnabled(id: string, enabled: boolean): Promise<void> {
    this.#get(id);
    await this.#changing(() => this.#ask('enable-plugin', { id, enabled }));
    if (enabled) void this.#check(id);
  }

  async setEnvironment(id: string, python: string): Promise<void> {
    this.#get(id);
    await this.#changing(() => this.#ask('choose-python', { id, python }));
    void this.#check(id);
  }

  async remove(id: string): Promise<void> {
    await this.#changing(() => this.#ask('remove-plugin', { id }));
    this.#options.liveRows.forget(id);
  }

  /** Reads its files again and checks it. Resolves once that is done. @throws CupbearerError `not-found`. */
  async check(id: string): Promise<void> {
    this.#get(id);
    await this.#check(id);
  }

  environments(id: string, signal?: AbortSignal): Promise<PythonEnvironment[]> {
    return this.#ask('plugin-environments', { id }, signal);
  }

  changes(id: string, signal?: AbortSignal): Promise<PluginChange[]> {
    // Reads text and runs nothing.
    return this.#options.ask('plugin-changes', { id }, signal);
  }

  /** Its folder. @throws CupbearerError `not-found`. */
  folderOf(id: string): string {
    return this.#get(id).folder;
  }

  /** Has the rows of a plugin in an experiment computed again whenever it was saved, or not any more. */
  setLive(row: LiveRow, live: boolean): void {
    this.#get(row.plugin);
    this.#options.liveRows.set(row, live);
    this.#tell();
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#following;
  }

  #state(): PluginsState {
    const waiting = this.#options.waitingRuns();
    const plugins = this.#summaries.map((plugin) => ({
      ...plugin,
      ...(this.#checking.has(plugin.id) && plugin.state !== 'ask' ? { state: 'checking' as const } : {}),
      waitingRuns: waiting.get(plugin.id) ?? 0,
    }));
    return { isAllowed: this.isAllowed, plugins, liveRows: [...this.#options.liveRows.list()] };
  }

  #get(id: string): PluginSummary {
    const found = this.#summary(id);
    if (found) return found;
    throw new CupbearerError('not-found', `There is no plugin "${id}".`, {
      hint: 'It may have been removed elsewhere.',
    });
  }

  #ask: AskAboutPlugins = (name, question, signal) => {
    if (this.isAllowed) return this.#options.ask(name, question, signal);
    throw new CupbearerError('usage', 'Plugins are off on this server.', {
      hint: worded`Start it by ${command('npx cupbearer serve --allow-plugins', '“npx cupbearer serve --allow-plugins”')} to use them.`,
    });
  };

  /** Does something that changes the list, and has all know of it. */
  async #changing<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } finally {
      await this.#look();
    }
  }

  /** Takes over the newest content of a plugin that may run, and runs the checks on it. What is wrong with it is in its summary then. */
  async #check(id: string): Promise<void> {
    if (this.#checking.has(id)) return;
    this.#checking.add(id);
    this.#tell();
    try {
      const before = this.#hashOf(id);
      await this.#changing(() => this.#ask('take-plugin', { id }, this.#closed.signal));
      const after = this.#hashOf(id);
      if (after !== undefined && after !== before) await this.#options.liveRows.compute(id);
      await this.#changing(() => this.#ask('check-plugin', { id }, this.#closed.signal));
    } catch (error) {
      this.#note(`The plugin "${id}" could not be checked.`, error);
    } finally {
      this.#checking.delete(id);
      this.#tell();
    }
  }

  /** The content of a plugin that runs use from now on. */
  #hashOf(id: string): string | undefined {
    const found = this.#summary(id);
    return found?.state === 'ready' ? found.allowed?.hash : undefined;
  }

  /** Checks each plugin that is developed here whenever its files have changed, also while nobody looked. */
  async #follow(): Promise<void> {
    const { signal } = this.#closed;
    while (!signal.aborted) {
      const anew = new AbortController();
      this.#watching = anew;
      try {
        await this.#lookIfChanged();
        for (const { id, hash } of this.#developed()) {
          if (this.#summary(id)?.allowed?.hash === hash || this.#tried.get(id) === hash) continue;
          this.#tried.set(id, hash);
          await this.#check(id);
        }
        const folders = this.#developed().map(({ id, folder }) => ({ id, folder }));
        if (folders.length === 0) await this.#something(signal);
        else {
          const stop = AbortSignal.any([signal, anew.signal]);
          const { changed } = await this.#options.ask('await-plugin-changes', { folders }, stop);
          for (const id of changed) await this.#check(id);
        }
      } catch (error) {
        // The folders are others by now.
        if (anew.signal.aborted || signal.aborted) continue;
        this.#note('The folders of plugins could not be watched.', error);
        await wait(retryMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** Those whose folders are watched. */
  #developed(): readonly PluginSummary[] {
    return this.#summaries.filter(
      ({ isDevelopment, isEnabled, allowed, state }) => isDevelopment && isEnabled && allowed && state !== 'gone',
    );
  }

  #summary(id: string): PluginSummary | undefined {
    return this.#summaries.find((plugin) => plugin.id === id);
  }

  async #lookIfChanged(): Promise<void> {
    if (this.#stamp !== this.#options.stamp()) await this.#look();
  }

  /** Looks what there is, once at a time: whoever comes meanwhile waits for a look that begins afterwards. */
  async #look(): Promise<void> {
    const before = this.#looking;
    const looking = (async () => {
      await before?.catch(() => undefined);
      const stamp = this.#options.stamp();
      const watched = this.#folders();
      this.#summaries = await this.#options.ask('plugin-summaries', undefined, this.#closed.signal);
      this.#stamp = stamp;
      if (this.#folders() !== watched) this.#watching?.abort();
      this.#refresh();
      this.#tell();
    })();
    this.#looking = looking;
    await looking;
  }

  #folders(): string {
    return JSON.stringify(this.#developed().map(({ id, folder }) => [id, folder]));
  }

  #refresh(): void {
    if (!this.isAllowed) return;
    try {
      this.#options.refresh();
    } catch (error) {
      this.#note('What plugins add could not be read.', error);
    }
  }

  #note(what: string, error: unknown): void {
    const { code, message } = toErrorRecord(error);
    if (this.#closed.signal.aborted || code === 'cancelled') return;
    const text = `${what} ${message}`;
    if (!this.notices.includes(text)) this.notices.push(text);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Resolves after a change, or when it is time to look whether another process has changed something. */
  async #something(ended: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#listeners.delete(done);
        ended.removeEventListener('abort', done);
        setTimeout(resolve, ended.aborted ? 0 : tellMs);
      };
      const timer = setTimeout(done, foreignMs);
      this.#listeners.add(done);
      ended.addEventListener('abort', done, { once: true });
    });
  }
}
