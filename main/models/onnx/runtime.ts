import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { CupbearerError } from '../../../shared/errors.ts';
import { cupbearerHome } from '../../storage/home.ts';
import { readJsonFile } from '../../storage/read-file.ts';
import { exposedFolder } from '../../storage/private-folder.mjs';
import { ownProcessors } from '../../tensor/threads/processors.ts';
import type { OptimizationLevel } from './description.ts';

/** The numbers of a tensor as ONNX Runtime holds them; float16 as its bits. */
export type TensorData = Exclude<NodeJS.TypedArray, Uint8ClampedArray>;

export interface OnnxTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: TensorData;
}

/** What a session says of an input or output; sizes of open axes are names. */
interface ValueMetadata {
  readonly name: string;
  readonly isTensor: boolean;
  readonly type?: string;
  readonly shape?: readonly (number | string)[];
}

/** A graph that is ready to run. */
export interface OnnxSession {
  readonly inputMetadata: readonly ValueMetadata[];
  readonly outputMetadata: readonly ValueMetadata[];
  run(inputs: Record<string, OnnxTensor>, outputs: readonly string[]): Promise<Record<string, OnnxTensor>>;
  release(): Promise<void>;
}

interface SessionOptions {
  graphOptimizationLevel: OptimizationLevel;
  intraOpNumThreads: number;
  logSeverityLevel: number;
  externalData: readonly { path: string; data: Uint8Array }[];
  extra: object;
}

/** The part of the package onnxruntime-node that is used here. */
interface RuntimePackage {
  Tensor: new (type: string, data: TensorData, dims: readonly number[]) => OnnxTensor;
  InferenceSession: { create(graph: Uint8Array, options: SessionOptions): Promise<OnnxSession> };
}

/** A graph with the files beside it in which its tensors lie. */
export interface GraphFiles {
  /** What messages call it. */
  name: string;
  bytes: Uint8Array;
  external: readonly { path: string; data: Uint8Array }[];
}

const packageFile = z.object({ version: z.string() });

const installHint = 'Install it with: npx cupbearer engine install onnx';

/** The folder of all installations of ONNX Runtime; it need not exist. */
export function runtimesFolder(home: string = cupbearerHome()): string {
  return join(home, 'engines', 'onnx');
}

/** Names of the folders of the installed versions of ONNX Runtime, oldest first. */
export function installedRuntimes(home: string = cupbearerHome()): string[] {
  const folder = runtimesFolder(home);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /^onnx-\d+\.\d+\.\d+$/.test(name))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

/** Where the packages of an installation are. */
export function runtimePackages(installation: string): string {
  return join(installation, 'node_modules');
}

/** The folder of the installation to use: the one in `CUPBEARER_ONNX` if set, else the newest; undefined if there is none. */
function activeRuntime(): string | undefined {
  const named = process.env['CUPBEARER_ONNX'];
  if (named) return resolve(named);
  const newest = installedRuntimes().at(-1);
  return newest === undefined ? undefined : join(runtimesFolder(), newest);
}

/** ONNX Runtime, which runs graphs of other programs on the CPU. It is no dependency: `engine install onnx` fetches it. */
export class OnnxRuntime {
  readonly version: string;
  readonly #package: RuntimePackage;

  private constructor(version: string, loaded: RuntimePackage) {
    this.version = version;
    this.#package = loaded;
  }

  /**
   * Loads the installation in `folder`, or the one in use.
   * @throws CupbearerError `engine` if there is none, it does not load, or other users can change it.
   */
  static open(folder = activeRuntime()): OnnxRuntime {
    if (folder === undefined) {
      throw new CupbearerError('engine', 'The model is an ONNX graph, and ONNX Runtime is not installed.', {
        hint: installHint,
      });
    }
    const exposed = exposedFolder(folder);
    if (exposed !== undefined) {
      throw new CupbearerError(
        'engine',
        `ONNX Runtime is not loaded from "${exposed}": other users can write to that folder.`,
        { hint: 'Make it yours alone (chown, chmod go-w), or set CUPBEARER_HOME to a folder that is.' },
      );
    }
    const place = join(runtimePackages(folder), 'onnxruntime-node');
    try {
      const { version } = packageFile.parse(readJsonFile(join(place, 'package.json')));
      const loaded = createRequire(join(place, 'package.json'))(place) as RuntimePackage;
      takeHalvesAsBits(loaded);
      return new OnnxRuntime(version, loaded);
    } catch (error) {
      const [reason] = (error instanceof Error ? error.message : String(error)).split('\n');
      throw new CupbearerError('engine', `ONNX Runtime in "${folder}" does not load: ${reason}.`, {
        hint: installHint,
        cause: error,
      });
    }
  }

  /**
   * Makes a graph ready to run on as many threads as this process may use.
   * @throws CupbearerError `bad-data` naming an operator that this version lacks, or saying what is wrong with the graph.
   */
  async session({ name, bytes, external }: GraphFiles, level: OptimizationLevel): Promise<OnnxSession> {
    try {
      return await this.#package.InferenceSession.create(bytes, {
        graphOptimizationLevel: level,
        intraOpNumThreads: ownProcessors(),
        // What is wrong comes as an error; warnings would go to the terminal.
        logSeverityLevel: 4,
        externalData: external,
        // Threads that wait in a loop keep busy the processors that the rest of the program needs.
        extra: { session: { intra_op: { allow_spinning: '0' } } },
      });
    } catch (error) {
      throw refused(error, name, this.version);
    }
  }

  /** A tensor of these numbers. */
  tensor(type: string, data: TensorData, dims: readonly number[]): OnnxTensor {
    return new this.#package.Tensor(type, data, dims);
  }
}

/**
 * Has the package hold float16 as bits. With its first tensor it looks whether this Node.js has an array of such numbers, which its
 * native part cannot read ("not enough space").
 */
function takeHalvesAsBits({ Tensor }: RuntimePackage): void {
  const halves = Object.getOwnPropertyDescriptor(globalThis, 'Float16Array');
  if (halves) Reflect.deleteProperty(globalThis, 'Float16Array');
  try {
    void new Tensor('float32', new Float32Array(1), [1]);
  } finally {
    if (halves) Object.defineProperty(globalThis, 'Float16Array', halves);
  }
}

/** Why a graph cannot be run, from what ONNX Runtime says. */
function refused(error: unknown, file: string, version: string): CupbearerError {
  const message = error instanceof Error ? error.message : String(error);
  const [, operator, set] =
    /No Op registered for (\S+) with domain_version of (\d+)/.exec(message) ??
    /(?:error: |, )?(\S+?)\(-1\) is not a registered function\/op/.exec(message) ??
    /Could not find an implementation for (\S+?)\(\d+\)/.exec(message) ??
    [];
  if (operator !== undefined) {
    const node = /node with name '([^']*)'/.exec(message)?.[1] ?? /In Node, \("([^"]*)"/.exec(message)?.[1];
    const where = [node && `operation "${node}"`, set && `operator set ${set}`].filter(Boolean).join(', ');
    return new CupbearerError(
      'bad-data',
      `"${file}": ONNX Runtime ${version} cannot compute the operator "${operator.replace(':', '.')}"${where === '' ? '' : ` (${where})`} for the types that it is given.`,
      { hint: 'Export the model with operators of ONNX itself, in float32.', details: { message } },
    );
  }
  const reason = message.replace(/^.*?(ONNX Runtime only|Error: )/s, '$1').slice(0, 300);
  return new CupbearerError('bad-data', `"${file}" cannot be run by ONNX Runtime ${version}: ${reason.trim()}`, {
    hint: 'Check it in Python: onnx.checker.check_model. Export it again, or with an older operator set.',
    details: { message },
  });
}

/** A graph of one operation, y = x + x. */
const twice = 'CAgSADo7Cg4KAXgKAXgSAXkiA0FkZBIFdHdpY2VaEAoBeBILCgkIARIFCgMSAW5iEAoBeRILCgkIARIFCgMSAW5CBAoAEBE=';

/** Loads the installation in a folder and computes something with it. @throws CupbearerError `engine` if it does not work. */
export async function testRuntime({ folder }: { folder: string }): Promise<{ version: string }> {
  const runtime = OnnxRuntime.open(folder);
  const session = await runtime.session(
    { name: 'twice.onnx', bytes: Buffer.from(twice, 'base64'), external: [] },
    'all',
  );
  const { y } = await session.run({ x: runtime.tensor('float32', Float32Array.of(1, 2.5), [2]) }, ['y']);
  await session.release();
  if (y?.data.join() === '2,5') return { version: runtime.version };
  throw new CupbearerError(
    'engine',
    `ONNX Runtime ${runtime.version} gives wrong numbers: expected 2,5, found ${y?.data.join()}.`,
  );
}
