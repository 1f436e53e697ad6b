import { existsSync, readFileSync } from 'node:fs';
import { readGraph, withOutputs } from '../../main/models/onnx/graph.ts';
import { OnnxRuntime, type OnnxSession, type OnnxTensor } from '../../main/models/onnx/runtime.ts';
import { onnxBytes, tensorBytes, valueBytes, type NodeOf } from '../models/onnx/onnx-bytes.ts';
import { RandomStream } from '../../main/tensor/random.ts';

/** One model: how long a pass takes alone and with layers as outputs, milliseconds. */
interface OnnxTimes {
  name: string;
  alone: number;
  shown: number;
  ratio: number;
}

const batch = 64;
const rounds = 15;

/** A convolutional network of four layers for pictures of 32 x 32 pixels, with random weights. */
function convolutional(): Uint8Array {
  const stream = RandomStream.from(0, 'bench-onnx');
  const weights: Uint8Array[] = [];
  const nodes: NodeOf[] = [];
  const add = (name: string, ...shape: number[]) => {
    const length = shape.reduce((a, b) => a * b, 1);
    const scale = Math.sqrt(shape[0]! / length);
    weights.push(
      tensorBytes(
        name,
        shape,
        Float32Array.from({ length }, () => scale * stream.normal()),
      ),
    );
  };
  let from = 'x';
  let channels = 3;
  for (const [k, out] of [32, 64, 64, 128].entries()) {
    add(`w${k}`, out, channels, 3, 3);
    const strides = k % 2 === 1 ? [2, 2] : [1, 1];
    nodes.push({ operator: 'Conv', inputs: [from, `w${k}`], outputs: [`conv${k}`], attributes: { pads: [1, 1, 1, 1], strides } }); // prettier-ignore
    nodes.push({ operator: 'Relu', inputs: [`conv${k}`], outputs: [`relu${k}`] });
    from = `relu${k}`;
    channels = out;
  }
  add('head', 128, 10);
  nodes.push({ operator: 'GlobalAveragePool', inputs: [from], outputs: ['pool'] });
  nodes.push({ operator: 'Flatten', inputs: ['pool'], outputs: ['flat'] });
  nodes.push({ operator: 'MatMul', inputs: ['flat', 'head'], outputs: ['logits'] });
  return onnxBytes({
    nodes,
    inputs: [valueBytes('x', ['n', 3, 32, 32])],
    outputs: [valueBytes('logits', ['n', 10])],
    weights,
  });
}

/**
 * Measures a pass through ONNX graphs with three layers as outputs against the same without, in turns in this very run: a convolutional
 * network and, where `MAGIKA_ONNX` names it, the model of the PyPI package magika. Undefined without ONNX Runtime.
 */
export async function onnxTimes(): Promise<OnnxTimes[] | undefined> {
  let runtime: OnnxRuntime;
  try {
    runtime = OnnxRuntime.open();
  } catch {
    return undefined;
  }
  const waves = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i));
  const times = [
    await timesOf(runtime, 'convolutional network, 64 pictures', convolutional(), ['conv1', 'conv3', 'flat'], {
      x: runtime.tensor('float32', waves(batch * 3 * 32 * 32), [batch, 3, 32, 32]),
    }),
  ];
  const magika = process.env['MAGIKA_ONNX'];
  if (magika !== undefined && existsSync(magika)) {
    const bytes = readFileSync(magika);
    const made = readGraph(bytes, 'magika').nodes.filter(({ operator }) => ['Conv', 'MatMul', 'GlobalMaxPool'].includes(operator)); // prettier-ignore
    const tokens = Int32Array.from({ length: 16 * 2048 }, (_, i) => (i * 7919) % 257);
    const layers = made.slice(0, 3).map(({ outputs }) => outputs[0]!);
    times.push(await timesOf(runtime, 'magika, 16 files', bytes, layers, { bytes: runtime.tensor('int32', tokens, [16, 2048]) })); // prettier-ignore
  }
  return times;
}

async function timesOf(
  runtime: OnnxRuntime,
  name: string,
  bytes: Uint8Array,
  layers: readonly string[],
  inputs: Record<string, OnnxTensor>,
): Promise<OnnxTimes> {
  const graph = readGraph(bytes, name);
  const outputs = graph.outputs.map((output) => output.name);
  const open = (shown: readonly string[]) =>
    runtime.session({ name, bytes: withOutputs(bytes, graph, shown), external: [] }, 'all');
  const [alone, shown] = [await open([]), await open(layers)];
  const pairs: [number, number][] = [];
  for (let round = 0; round < rounds; round++) {
    pairs.push([
      await milliseconds(alone, inputs, outputs),
      await milliseconds(shown, inputs, [...outputs, ...layers]),
    ]);
  }
  await Promise.all([alone.release(), shown.release()]);
  const [a, b] = [median(pairs.map((pair) => pair[0])), median(pairs.map((pair) => pair[1]))];
  return { name, alone: a, shown: b, ratio: median(pairs.map(([one, other]) => other / one)) };
}

async function milliseconds(session: OnnxSession, inputs: Record<string, OnnxTensor>, outputs: readonly string[]) {
  const start = performance.now();
  await session.run(inputs, outputs);
  return performance.now() - start;
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
