import { CupbearerError } from '../../../shared/errors.ts';
import { ownProcessors } from '../../tensor/threads/processors.ts';
import type { ActivationSource, AskedSamples, Wanted } from '../activation-source.ts';
import { sizeOf } from '../network-outline.ts';
import type { OnnxModel } from './description.ts';
import { GraphInput } from './graph-input.ts';
import type { OnnxGraph } from './graph.ts';
import { OnnxOutline } from './onnx-outline.ts';
import { pooled } from './pooled.ts';
import { OnnxRuntime, type GraphFiles, type OnnxSession } from './runtime.ts';
import { toFloats } from './tensor-values.ts';
import { openGraph, runOnce } from './trial.ts';

/** What the layers of one batch may take, bytes. */
const mostBytes = 2 ** 28;
/** The logarithm of a probability of 0, which float32 lacks. */
const leastLogarithm = Math.fround(-103.28);
/** Graphs that are kept ready, each with its layers as outputs. */
const mostSessions = 2;

/** An ONNX graph as a source of activations: it runs on the samples' inputs. */
export class OnnxSource extends OnnxOutline implements ActivationSource {
  readonly isAwaited = false;
  readonly #runtime: OnnxRuntime;
  readonly #files: GraphFiles & { graph: OnnxGraph };
  readonly #input: GraphInput;
  readonly #fingerprint: string;
  readonly #sessions = new Map<string, Promise<OnnxSession>>();

  /**
   * `fingerprint` stands for the graph and its description.
   * @throws CupbearerError `engine` without ONNX Runtime; `bad-data` if the description is not that of the graph.
   */
  constructor(model: OnnxModel, files: GraphFiles & { graph: OnnxGraph }, fingerprint: string) {
    super(model);
    this.#runtime = OnnxRuntime.open();
    this.#files = files;
    this.#fingerprint = fingerprint;
    this.#input = new GraphInput(model, files.graph, this.#runtime, model.graph.name);
  }

  async observe({ batch }: AskedSamples, { names, logits, ...pooling }: Wanted): Promise<Float32Array[]> {
    const { output, one_by_one: isOneByOne } = this.model.graph;
    const wanted = [...new Set([...names, ...(logits ? [output] : [])])];
    if (wanted.length === 0) return [];
    const session = await this.#session(wanted);
    const { size, inputs } = batch;
    const values = new Map<string, Float32Array>();
    const step = isOneByOne ? 1 : size;
    const own = inputs.length / size;
    for (let start = 0; start < size; start += step) {
      const part = this.#input.of(inputs.subarray(start * own, (start + step) * own), step);
      const made = await runOnce(session, part, wanted, this.model.graph.name);
      for (const name of wanted) {
        const found = this.#checked(name, made[name]!.dims, step, toFloats(made[name]!));
        if (step === size) {
          values.set(name, found);
          continue;
        }
        const all = values.get(name) ?? new Float32Array(size * found.length);
        all.set(found, start * found.length);
        values.set(name, all);
      }
    }
    const layers = names.map((name) => {
      const { shape, channels_first: isFirst } = this.layer(name);
      return pooled(values.get(name)!, size, shape, isFirst, pooling);
    });
    return logits ? [...layers, values.get(output)!] : layers;
  }

  tokenCounts(name: string, { indices }: Pick<AskedSamples, 'indices'>): Int32Array {
    return new Int32Array(indices.length).fill(this.activationShape(name)[0]!);
  }

  largestBatch({ names }: Wanted): number {
    const bytes = names.reduce((sum, name) => sum + 4 * sizeOf(this.activationShape(name)), 4);
    return Math.max(1, Math.floor(mostBytes / bytes));
  }

  async identity(): Promise<object> {
    return {
      onnx: this.#fingerprint,
      runtime: this.#runtime.version,
      // Sums may be split otherwise among another number of threads.
      threads: ownProcessors(),
    };
  }

  dispose(): void {
    for (const session of this.#sessions.values()) void session.then((each) => each.release()).catch(() => undefined);
    this.#sessions.clear();
  }

  /** The graph with the named values as outputs, ready to run. */
  async #session(names: readonly string[]): Promise<OnnxSession> {
    const key = this.model.graph.shows_all ? '' : JSON.stringify([...names].sort());
    let session = this.#sessions.get(key);
    if (!session) {
      for (const name of names) this.layer(name);
      const [oldest] = this.#sessions.keys();
      if (oldest !== undefined && this.#sessions.size >= mostSessions) {
        const replaced = this.#sessions.get(oldest)!;
        this.#sessions.delete(oldest);
        await (await replaced).release();
      }
      session = openGraph(this.#runtime, this.#files, this.model, names);
      session.catch(() => this.#sessions.delete(key));
      this.#sessions.set(key, session);
    }
    return session;
  }

  /** The values of a layer, of the shape that the description says. */
  #checked(name: string, dims: readonly number[], size: number, values: Float32Array): Float32Array {
    const { shape, channels_first: isFirst } = this.layer(name);
    const expected = [size, ...(isFirst ? [shape.at(-1), ...shape.slice(0, -1)] : shape)];
    if (dims.join() !== expected.join()) {
      throw new CupbearerError(
        'bad-data',
        `"${this.model.graph.name}": expected the value "${name}" to have the shape ${expected.join(' x ')}, found ${dims.join(' x ')}.`,
        { hint: 'The model was changed after it was imported, or the shape depends on the sample: import it again.' },
      );
    }
    const { output, output_is: kind } = this.model.graph;
    if (name !== output || kind === 'logits') return values;
    // Logits up to a constant, which softmax takes back.
    return values.map((p) => (p > 0 ? Math.log(p) : leastLogarithm));
  }
}
