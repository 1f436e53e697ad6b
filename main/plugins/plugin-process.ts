import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { NamedTensor, TensorMap } from '../../shared/domain/tensors.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { given } from '../../shared/given.ts';
import type { DescribedDefinition } from '../../shared/plugin/description.ts';
import { removeLeftovers } from '../storage/leftovers.ts';
import { createExchangeFolder, Exchange, exchangeParents } from './exchange.ts';
import { encodeFrame, FrameReader } from './frames.ts';
import { answer, protocolVersion, type Answer, type ArrayPlace, type PlacedBatch, type Question } from './messages.ts';
import { faultError, inAuthorsFolder, pluginError } from './plugin-faults.ts';
import { commandOf, limitsOf, type PluginLaunch, type PluginLimits } from './plugin-launch.ts';
import { memoryOf } from './process-memory.ts';

const running = new Set<PluginProcess>();

/** Programs that leave without closing them take them with them. */
function discardAll(): void {
  for (const plugin of [...running]) plugin.discard();
}

/** Some samples as detectors see them: by layer a row-major matrix `[size, dims]`. */
export interface SampleBatch {
  size: number;
  labels: Int32Array;
  indices: Int32Array;
  layers: ReadonlyMap<string, Float32Array>;
  logits?: Float32Array;
  inputs?: Float32Array;
}

/** Samples that a detector may learn from, as often as it likes. */
export interface SampleStream {
  length: number;
  anomalous?: Uint8Array;
  batches(): AsyncIterable<SampleBatch>;
}

/** What a detector has learned. */
export interface PluginState {
  tensors: TensorMap;
  values: Record<string, number | string>;
}

type StreamName = 'trusted' | 'untrusted';
type Part = 'trusted' | 'untrusted' | 'test';
type Params = Readonly<Record<string, unknown>>;
type Unnumbered<T> = T extends { id: number } ? Omit<T, 'id'> : never;
type Asked = Unnumbered<Question>;
type Call = Extract<Answer, { call: 'batch' }>;
type Reply = Extract<Answer, { id: number }>;
type Opened = Extract<Answer, { opened: unknown }>['opened'];

/** What a plugin's model or task consists of. */
export type OpenedModel = Omit<Opened, 'parts'> & {
  parts: Partial<
    Record<
      Part,
      {
        length: number;
        fingerprint: string;
        labels?: Uint8Array;
        lengths?: Int32Array;
        groups?: Int32Array;
        texts?: readonly string[] | undefined;
      }
    >
  >;
};

export interface PluginOptions {
  /** Called with each line that the plugin prints. */
  log?: ((line: string) => void) | undefined;
  progress?: ((phase: string, done: number, total: number) => void) | undefined;
  signal?: AbortSignal | undefined;
  limits?: Partial<PluginLimits>;
}

/** How long a plugin has to stop when it is cancelled. */
const graceMs = 800;
const memoryIntervalMs = 200;
/** Lines kept to explain a crash. */
const keptLines = 20;
const mostLineCharacters = 10_000;
/** Files for the batches of a pass: one that is computed on, the one before, and the next, which is prepared meanwhile. */
const filesOfPass = 3;

interface Pending {
  id: number;
  resolve(reply: Reply): void;
  reject(error: unknown): void;
  call: ((call: Call) => void) | undefined;
}

/** The process of a plugin. It answers one question at a time; whatever goes wrong in it is a CupbearerError. */
export class PluginProcess {
  readonly launch: PluginLaunch;
  readonly #options: PluginOptions;
  readonly #limits: PluginLimits;
  readonly #child: ChildProcess;
  readonly #exchange: Exchange;
  readonly #reader = new FrameReader();
  readonly #toPlugin: Writable;
  readonly #lastLines: string[] = [];
  readonly #memoryTimer: NodeJS.Timeout;
  readonly #hasEnded: Promise<void>;
  #outputBytes = 0;
  #questions = 0;
  #pending: Pending | undefined;
  #silence: NodeJS.Timeout | undefined;
  #limitMs = 0;
  #failure: unknown;
  #isClosed = false;
  #isGone = false;

  private constructor(launch: PluginLaunch, options: PluginOptions) {
    this.launch = launch;
    this.#options = options;
    this.#limits = { ...limitsOf(launch.manifest), ...options.limits };
    const { command, args, env } = commandOf(launch, this.#limits);
    if (launch.manifest.language === 'python' && launch.python !== undefined && !existsSync(launch.python)) {
      throw pluginError(launch, `runs in the Python "${launch.python}", which is no longer there.`, {
        code: 'not-found',
        hint: 'Choose another environment for it.',
      });
    }
    this.#exchange = new Exchange(createExchangeFolder());
    if (running.size === 0) process.once('exit', discardAll);
    running.add(this);
    const isPython = launch.manifest.language === 'python';
    this.#child = spawn(command, args, {
      cwd: launch.content,
      env,
      // A group of its own, so that what it starts ends with it.
      detached: process.platform !== 'win32',
      windowsHide: true,
      stdio: isPython ? ['pipe', 'pipe', 'pipe'] : ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
    });
    const pipes = this.#child.stdio;
    // With three pipes or five, as just asked for.
    this.#toPlugin = (isPython ? pipes[0] : pipes[3]) as Writable;
    const fromPlugin = (isPython ? pipes[1] : pipes[4]) as Readable;
    const printed = isPython ? [pipes[2]] : [pipes[1], pipes[2]];
    // A process that has ended does not read; its end says why.
    this.#toPlugin.on('error', () => undefined);
    fromPlugin.on('data', (chunk: Buffer) => this.#take(chunk));
    for (const output of printed) this.#listen(output as Readable);
    this.#hasEnded = new Promise((resolve) => {
      this.#child.once('error', (cause) => {
        this.#fail(pluginError(launch, `could not be started: ${cause.message}`));
        resolve();
      });
      this.#child.once('exit', (code, signal) => {
        // What it has started would outlive it; later the number may be that of another.
        this.#kill();
        this.#isGone = true;
        // What it wrote last is on its way; what it started may keep its pipes open, and is not waited for.
        setTimeout(() => {
          this.#fail(this.#endError(code, signal));
          resolve();
        }, 50);
      });
    });
    this.#memoryTimer = setInterval(() => void this.#checkMemory(), memoryIntervalMs);
    this.#memoryTimer.unref();
  }

  /** Starts the process and agrees on the protocol with it. @throws CupbearerError `plugin`, `not-found`, `cancelled`. */
  static async start(launch: PluginLaunch, options: PluginOptions = {}): Promise<PluginProcess> {
    await removeLeftovers(exchangeParents());
    const started = new PluginProcess(launch, options);
    try {
      const reply = await started.#ask(
        {
          ask: 'hello',
          protocol: protocolVersion,
          program: programVersion(),
          folder: launch.content,
          entry: launch.manifest.entry,
          exchange: started.#exchange.folder,
        },
        { limitMs: started.#limits.startMs },
      );
      const { hello } = started.#expect(reply, 'hello');
      if (hello.protocol !== protocolVersion) {
        throw pluginError(launch, `speaks version ${hello.protocol} of the protocol, expected ${protocolVersion}.`);
      }
    } catch (error) {
      await started.close();
      throw error;
    }
    return started;
  }

  /** Ends those that are still running. */
  static async closeAll(): Promise<void> {
    await Promise.all([...running].map((plugin) => plugin.close()));
  }

  /** Loads the entry file and returns what its definitions say of themselves. */
  async describe(): Promise<DescribedDefinition[]> {
    return this.#expect(await this.#ask({ ask: 'describe' }, { limitMs: this.#limits.startMs }), 'definitions')
      .definitions;
  }

  /** Lets a detector learn from streams of batches, the next of which is prepared while it computes. */
  async fit(
    definition: string,
    params: Params,
    features: {
      layers: readonly { name: string; dims: number }[];
      trusted?: SampleStream;
      untrusted?: SampleStream;
    },
    seed: number,
    inputShape?: readonly number[],
  ): Promise<PluginState> {
    const passes: Partial<Record<StreamName, BatchPass>> = {};
    const streams: Partial<Record<StreamName, { length: number; anomalous?: ArrayPlace }>> = {};
    for (const name of ['trusted', 'untrusted'] as const) {
      const stream = features[name];
      if (!stream) continue;
      passes[name] = new BatchPass(stream, (batch, number) =>
        this.#place(`${name}-${number % filesOfPass}`, batch, inputShape),
      );
      const { anomalous, length } = stream;
      streams[name] = {
        length,
        ...(anomalous &&
          this.#exchange.write(`anomalous-${name}`, { anomalous: { shape: [length], data: anomalous } })),
      };
    }
    const layers = features.layers.map(({ name, dims }) => ({ name, dims }));
    try {
      const reply = await this.#ask(
        { ask: 'fit', definition, params: { ...params }, layers, ...streams, seed },
        {
          call: ({ stream, restart }, { take, fail }) => {
            const pass = passes[stream];
            if (pass) pass.next(restart).then(take, fail);
            else this.#breach(`asked for the ${stream} samples, which it does not need by what it says`);
          },
        },
      );
      const { tensors, values } = this.#expect(reply, 'state').state;
      return { tensors: this.#readAll(tensors), values };
    } finally {
      await Promise.all(Object.values(passes).map((pass) => pass.end()));
    }
  }

  /** Hands over what a detector has learned. */
  async load(definition: string, params: Params, { tensors, values }: PluginState, seed: number): Promise<void> {
    const state = { tensors: this.#exchange.write('state', tensors), values };
    this.#expect(await this.#ask({ ask: 'load', definition, params: { ...params }, state, seed }), 'loaded');
  }

  /**
   * Returns the scores of samples by layer, `[size]`.
   * @throws CupbearerError `plugin` if there are not as many as samples, `non-finite` if one is not a number.
   */
  async score(batch: SampleBatch, inputShape?: readonly number[]): Promise<Map<string, Float64Array>> {
    const { scores } = this.#expect(
      await this.#ask({ ask: 'score', batch: this.#place('batch', batch, inputShape) }),
      'scores',
    );
    const names = Object.keys(scores);
    if (names.length === 0) throw this.#breach('gave no scores');
    return new Map(names.map((layer) => [layer, this.#scoresOf(layer, scores[layer]!, batch)]));
  }

  /** Makes a dataset's arrays. */
  async dataset(definition: string, params: Params, half: 'train' | 'test', seed: number) {
    const reply = await this.#ask({ ask: 'dataset', definition, params: { ...params }, half, seed });
    const { inputs, labels, classes, vocabulary } = this.#expect(reply, 'dataset').dataset;
    return {
      inputs: this.#exchange.read(inputs),
      labels: this.#exchange.read(labels),
      classes,
      ...given({ vocabulary }),
    };
  }

  /** Returns changed samples, `[n, ...shape]`; `seeds` has one for each. */
  async trigger(
    definition: string,
    params: Params,
    samples: NamedTensor,
    seeds: Int32Array,
    vocabulary?: readonly string[],
  ): Promise<Float32Array> {
    const places = this.#exchange.write('samples', { samples, seeds: { shape: [seeds.length], data: seeds } });
    const reply = await this.#ask({
      ask: 'trigger',
      definition,
      params: { ...params },
      ...places,
      ...given({ vocabulary: vocabulary && [...vocabulary] }),
    });
    return this.#floats('The changed samples', this.#expect(reply, 'samples').samples, samples.shape);
  }

  /** Opens a model or task. */
  async open(definition: string, params: Params, seed: number): Promise<OpenedModel> {
    const { opened } = this.#expect(
      await this.#ask({ ask: 'open', definition, params: { ...params }, seed }),
      'opened',
    );
    const parts: OpenedModel['parts'] = {};
    for (const [name, { labels, lengths, groups, ...facts }] of Object.entries(opened.parts)) {
      const { length, texts } = facts;
      if (texts && texts.length !== length) throw this.#breach(`gave ${texts.length} texts of ${length} samples`);
      const read = (what: string, place: ArrayPlace | undefined) =>
        place && this.#whole(`The ${what} of the ${name} samples`, place, [length]);
      const labelled = read('labels', labels);
      parts[name as Part] = {
        ...facts,
        ...given({
          labels: labelled && Uint8Array.from(labelled, (value) => (value ? 1 : 0)),
          lengths: read('lengths', lengths),
          groups: read('groups', groups),
        }),
      };
    }
    return { ...opened, parts };
  }

  /** Returns activations of some samples, by layer in the order asked for; of sequences those of all tokens. */
  async activations(part: Part, indices: Int32Array, layers: readonly string[], logits: boolean) {
    const places = this.#exchange.write('indices', { indices: { shape: [indices.length], data: indices } });
    const reply = this.#expect(
      await this.#ask({ ask: 'activations', part, ...places, layers: [...layers], logits }),
      'activations',
    );
    const tensors = layers.map((layer) => {
      const place = reply.activations[layer];
      if (!place) throw this.#breach(`gave no activations of "${layer}"`);
      return this.#exchange.read(place);
    });
    if (logits && !reply.logits) throw this.#breach('gave no outputs of its model');
    return { tensors, ...given({ logits: reply.logits && this.#exchange.read(reply.logits) }) };
  }

  /** Ends the process and removes what it had in the exchange folder. */
  async close(): Promise<void> {
    if (this.#isClosed) return this.#hasEnded;
    this.#isClosed = true;
    clearInterval(this.#memoryTimer);
    this.#failure ??= pluginError(this.launch, 'was closed.', { code: 'cancelled' });
    this.#toPlugin.end();
    const patience = setTimeout(() => this.#kill(), graceMs / 2);
    await this.#hasEnded;
    clearTimeout(patience);
    this.discard();
  }

  /** What is left to do when this process ends without having closed it. */
  discard(): void {
    running.delete(this);
    if (running.size === 0) process.removeListener('exit', discardAll);
    this.#kill();
    this.#exchange.close();
    rmSync(this.#exchange.folder, { recursive: true, force: true });
  }

  get exchangeFolder(): string {
    return this.#exchange.folder;
  }

  /** Whether it has ended, or does not do what it should. */
  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  async #ask(
    asked: Asked,
    {
      limitMs = this.#limits.silentMs,
      call,
    }: {
      limitMs?: number;
      call?: (
        call: Call,
        answer: { take: (batch: PlacedBatch | null) => void; fail: (error: unknown) => void },
      ) => void;
    } = {},
  ): Promise<Reply> {
    const { signal } = this.#options;
    if (this.#failure !== undefined) throw this.#failure as Error;
    if (this.#pending) throw new CupbearerError('internal', 'A plugin was asked two things at a time.');
    if (signal?.aborted) throw this.#cancelled();
    const id = ++this.#questions;
    let grace: NodeJS.Timeout | undefined;
    /** Why it is cancelled; thrown once it has stopped. */
    let reason: unknown;
    const cancel = (why: unknown) => {
      if (reason !== undefined) return;
      reason = why;
      this.#send({ ask: 'cancel', of: id });
      grace = setTimeout(() => this.#fail(why), graceMs);
    };
    const onAbort = () => cancel(this.#cancelled());
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      const reply = await new Promise<Reply>((resolve, reject) => {
        const answered = {
          take: (batch: PlacedBatch | null) => {
            if (this.#pending?.id !== id || reason !== undefined) return;
            this.#watchSilence(limitMs);
            this.#send({ ask: 'take', batch });
          },
          // It waits for data that will not come.
          fail: cancel,
        };
        this.#pending = {
          id,
          resolve,
          reject,
          call:
            call &&
            ((asking) => {
              clearTimeout(this.#silence);
              call(asking, answered);
            }),
        };
        this.#watchSilence(limitMs);
        this.#send({ ...asked, id });
      });
      if (reason !== undefined) throw reason as Error;
      if ('error' in reply) throw faultError(this.launch, reply.error);
      return reply;
    } catch (error) {
      throw reason ?? error;
    } finally {
      this.#pending = undefined;
      clearTimeout(grace);
      clearTimeout(this.#silence);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  #watchSilence(limitMs: number): void {
    this.#limitMs = limitMs;
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      const seconds = Math.round(limitMs / 1000);
      this.#fail(
        pluginError(this.launch, `did nothing that the program could see for ${seconds} s and was ended.`, {
          hint: 'Report progress in long computations, or set limits.silent_seconds in its manifest.',
        }),
      );
    }, limitMs);
  }

  #send(message: Question): void {
    if (this.#failure === undefined) this.#toPlugin.write(encodeFrame(message));
  }

  #take(chunk: Buffer): void {
    if (this.#failure !== undefined) return;
    try {
      for (const message of this.#reader.push(chunk)) this.#hear(message);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#fail(pluginError(this.launch, `did not keep to the protocol. ${why}`));
    }
  }

  #hear(message: unknown): void {
    const parsed = answer.safeParse(message);
    if (!parsed.success) {
      this.#breach(`sent a message that is not in the protocol: ${JSON.stringify(message).slice(0, 200)}`);
      return;
    }
    const heard = parsed.data;
    if ('say' in heard) {
      if (heard.say === 'log') this.#print(heard.text);
      else this.#options.progress?.(heard.phase, heard.done, heard.total);
      if (this.#pending) this.#watchSilence(this.#limitMs);
      return;
    }
    const pending = this.#pending;
    if ('call' in heard) {
      if (!pending?.call || heard.of !== pending.id) this.#breach('asked for a batch that it may not have');
      else pending.call(heard);
      return;
    }
    if (heard.id !== pending?.id) {
      this.#breach('answered what it was not asked');
      return;
    }
    clearTimeout(this.#silence);
    pending.resolve(heard);
  }

  /** Ends a plugin that broke the rules, and returns the error that says so. */
  #breach(what: string): CupbearerError {
    const error = pluginError(this.launch, `${what}.`);
    this.#fail(error);
    return error;
  }

  #expect<K extends string>(reply: Reply, key: K): Extract<Reply, Record<K, unknown>> {
    if (key in reply) return reply as Extract<Reply, Record<K, unknown>>;
    throw this.#breach(`answered with ${Object.keys(reply).join(', ')}, expected ${key}`);
  }

  /** Ends the process, if it still runs; what is asked of it now and later fails with this reason. */
  #fail(error: unknown): void {
    this.#failure ??= error;
    clearTimeout(this.#silence);
    this.#kill();
    this.#pending?.reject(this.#failure);
  }

  #kill(): void {
    const { pid } = this.#child;
    if (pid === undefined || this.#isGone) return;
    try {
      if (process.platform === 'win32') this.#child.kill('SIGKILL');
      else process.kill(-pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }

  #cancelled(): CupbearerError {
    return pluginError(this.launch, 'was cancelled.', { code: 'cancelled' });
  }

  #endError(code: number | null, signal: NodeJS.Signals | null): CupbearerError {
    const how = signal === null ? `with exit code ${code}` : `by the signal ${signal}`;
    const lines = this.#lastLines.slice(-5).join('\n');
    return pluginError(this.launch, `ended ${how} before it had answered${lines ? `:\n${lines}` : '.'}`, {
      hint: signal === 'SIGKILL' ? 'The system ends processes when memory runs out.' : undefined,
      details: { exit_code: code, signal, last_lines: [...this.#lastLines] },
    });
  }

  #listen(output: Readable): void {
    output.on('data', (chunk: Buffer) => {
      this.#outputBytes += chunk.length;
      if (this.#outputBytes <= this.#limits.outputBytes) return;
      this.#breach(`printed more than ${Math.round(this.#limits.outputBytes / 1e6)} MB and was ended`);
      output.destroy();
    });
    const lines = createInterface({ input: output });
    lines.on('line', (line) => this.#print(line));
    lines.on('error', () => undefined);
  }

  #print(text: string): void {
    const line = inAuthorsFolder(this.launch, text.slice(0, mostLineCharacters));
    if (line.trim() === '') return;
    this.#lastLines.push(line);
    this.#lastLines.splice(0, this.#lastLines.length - keptLines);
    this.#options.log?.(line);
  }

  async #checkMemory(): Promise<void> {
    const { pid } = this.#child;
    if (pid === undefined || this.#failure !== undefined) return;
    const bytes = (await memoryOf(pid)) ?? 0;
    if (bytes <= this.#limits.memoryBytes || this.#failure !== undefined) return;
    const gib = (value: number) => (value / 2 ** 30).toFixed(1);
    this.#fail(
      pluginError(
        this.launch,
        `took ${gib(bytes)} GiB of memory, more than the ${gib(this.#limits.memoryBytes)} GiB that it may, and was ended.`,
        { hint: 'Set limits.memory_gib in its manifest if it needs more.' },
      ),
    );
  }

  #place(file: string, batch: SampleBatch, inputShape?: readonly number[]): PlacedBatch {
    const { size, indices, labels, layers, logits, inputs } = batch;
    const rows = (data: Float32Array): NamedTensor => ({ shape: [size, size ? data.length / size : 0], data });
    const layerNames = [...layers.keys()];
    // By number, as a layer may have any name.
    const arrays: Record<string, NamedTensor> = {
      indices: { shape: [size], data: indices },
      labels: { shape: [size], data: labels },
      ...given({
        logits: logits && rows(logits),
        inputs: inputs && (inputShape ? { shape: [size, ...inputShape], data: inputs } : rows(inputs)),
      }),
      ...Object.fromEntries([...layers.values()].map((data, i) => [String(i), rows(data)])),
    };
    const placed = this.#exchange.write(file, arrays);
    return {
      size,
      indices: placed['indices']!,
      labels: placed['labels']!,
      layers: Object.fromEntries(layerNames.map((layer, i) => [layer, placed[String(i)]!])),
      ...given({ logits: placed['logits'], inputs: placed['inputs'] }),
    };
  }

  #scoresOf(layer: string, place: ArrayPlace, { size, indices }: SampleBatch): Float64Array {
    const { data, shape } = this.#exchange.read(place);
    if (shape.length !== 1 || shape[0] !== size) {
      throw this.#breach(
        `gave scores of shape [${shape.join(', ')}] at ${layer} for ${size} samples, expected [${size}]`,
      );
    }
    const at = data.findIndex((value) => !Number.isFinite(value));
    if (at !== -1) {
      throw pluginError(this.launch, `gave the score ${data[at]} to sample ${indices[at]} at ${layer}.`, {
        code: 'non-finite',
        details: { layer, sample: indices[at] },
      });
    }
    return data instanceof Float64Array ? data : Float64Array.from(data);
  }

  #readAll(places: Readonly<Record<string, ArrayPlace>>): TensorMap {
    return Object.fromEntries(Object.entries(places).map(([name, place]) => [name, this.#exchange.read(place)]));
  }

  #whole(what: string, place: ArrayPlace, shape: readonly number[]): Int32Array {
    const { data } = this.#shaped(what, place, shape);
    return data instanceof Int32Array ? data : Int32Array.from(data);
  }

  #floats(what: string, place: ArrayPlace, shape: readonly number[]): Float32Array {
    const { data } = this.#shaped(what, place, shape);
    return data instanceof Float32Array ? data : Float32Array.from(data);
  }

  #shaped(what: string, place: ArrayPlace, shape: readonly number[]): NamedTensor {
    if (place.shape.length === shape.length && place.shape.every((length, i) => length === shape[i]))
      return this.#exchange.read(place);
    throw pluginError(
      this.launch,
      `answered wrongly. ${what}: expected shape [${shape.join(', ')}], found [${place.shape.join(', ')}].`,
    );
  }
}

/** A pass over a stream, one batch ahead of the plugin. */
class BatchPass {
  readonly #stream: SampleStream;
  readonly #place: (batch: SampleBatch, number: number) => PlacedBatch;
  #placed = 0;
  #batches: AsyncIterator<SampleBatch> | undefined;
  #ahead: Promise<PlacedBatch | null> | undefined;

  constructor(stream: SampleStream, place: (batch: SampleBatch, number: number) => PlacedBatch) {
    this.#stream = stream;
    this.#place = place;
  }

  async next(restart: boolean): Promise<PlacedBatch | null> {
    if (restart) await this.end();
    this.#batches ??= this.#stream.batches()[Symbol.asyncIterator]();
    const batch = await (this.#ahead ?? this.#read(this.#batches));
    this.#ahead = undefined;
    if (batch === null) {
      this.#batches = undefined;
      return null;
    }
    const ahead = this.#read(this.#batches);
    // It is awaited in its turn; until then nothing else hears of a failure.
    ahead.catch(() => undefined);
    this.#ahead = ahead;
    return batch;
  }

  async end(): Promise<void> {
    const batches = this.#batches;
    await this.#ahead?.catch(() => undefined);
    this.#ahead = undefined;
    this.#batches = undefined;
    await batches?.return?.();
  }

  async #read(batches: AsyncIterator<SampleBatch>): Promise<PlacedBatch | null> {
    const next = await batches.next();
    return next.done ? null : this.#place(next.value, this.#placed++);
  }
}

/** Version of the program, as its package says. */
function programVersion(): string {
  return (createRequire(import.meta.url)('../../package.json') as { version: string }).version;
}
