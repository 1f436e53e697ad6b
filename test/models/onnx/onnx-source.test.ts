import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { importModelFiles } from '../../../main/inspections/import-model.ts';
import { openModel, readModelDescription } from '../../../main/models/model-in.ts';
import { withOutputs } from '../../../main/models/onnx/graph.ts';
import { readGraphFiles } from '../../../main/models/onnx/graph-files.ts';
import { GraphInput } from '../../../main/models/onnx/graph-input.ts';
import { OnnxRuntime } from '../../../main/models/onnx/runtime.ts';
import { toFloats } from '../../../main/models/onnx/tensor-values.ts';
import type { OnnxStatement } from '../../../main/runs/onnx-statement.ts';
import type { TrainingStatement } from '../../../main/runs/stated-training.ts';
import type { Dataset } from '../../../main/data/dataset.ts';
import { onnxFolder, withoutOnnx } from '../../onnx.ts';
import { temporaryFolder } from '../../storage/fixtures.ts';
import { onnxBytes, tensorBytes, valueBytes, type NodeOf } from './onnx-bytes.ts';

const folderOf = fileURLToPath(new URL('golden/', import.meta.url));
type Values = Record<string, Record<string, { shape: number[]; values: number[] }>>;
const golden = JSON.parse(readFileSync(join(folderOf, 'values.json'), 'utf8')) as Values;

const wave = (length: number) => Float32Array.from({ length }, (_, i) => 0.5 + Math.sin(i) / 2);
const letters = (count: number) => [...'abcdefgh'].slice(0, count).join();

/** What is said of a model; classes separated by commas. */
type Said = OnnxStatement & Omit<TrainingStatement, 'classes'> & { classes?: string };

/** Imports an ONNX file alone in a folder, with the files beside it, and returns its run folder. */
async function imported(file: string, statement: Said, beside: readonly string[] = []): Promise<string> {
  const folder = temporaryFolder();
  for (const name of [file, ...beside]) copyFileSync(join(folderOf, name), join(folder, name));
  return importedFrom(folder, statement);
}

async function importedFrom(folder: string, { classes, value_range, ...onnx }: Said): Promise<string> {
  const target = join(temporaryFolder(), 'run');
  const statement = { ...(classes === undefined ? {} : { classes: classes.split(',') }), value_range };
  const asked = { folder, isOwn: false, target, statement, onnx };
  return (await importModelFiles(asked, { dataDir: temporaryFolder() })).folder;
}

/** Samples as a dataset has them. */
const samples = (inputs: Float32Array, size: number) => ({
  dataset: {} as Dataset,
  indices: new Int32Array(size),
  batch: { inputs, size, labels: new Int32Array(size) },
});

const furthest = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  a.length === b.length ? Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!))) : Infinity;

/** Values `[n, channels, ...]` with the channels last. */
function channelsLast({ shape, values }: { shape: number[]; values: number[] }): number[] {
  const [n = 1, channels = 1, ...rest] = shape;
  const area = rest.reduce((a, b) => a * b, 1);
  return Array.from({ length: n * area * channels }, (_, i) => {
    const [c, p] = [i % channels, Math.floor(i / channels) % area];
    return values[(Math.floor(i / channels / area) * channels + c) * area + p]!;
  });
}

/** Pictures `[2, 8, 8, 3]` that become those of golden/make.py: channels first, values of -1 to 1. */
const pictures = Float32Array.from(channelsLast({ shape: [2, 3, 8, 8], values: [...wave(384)] }));

describe.skipIf(onnxFolder === undefined)(`an ONNX graph as a source of activations${withoutOnnx}`, () => {
  it.each([
    ['pictures.onnx', 'pictures', [], 1e-5],
    ['external.onnx', 'pictures', ['weights.bin'], 1e-5],
    ['half.onnx', 'half', [], 5e-3],
  ])('of %s gives what Python computes', async (file, name, beside, tolerance) => {
    const statement = { classes: letters(3), value_range: '-1,1' };
    const source = openModel(await imported(file, statement, beside));
    const known = golden[name]!;
    expect(source.activationNames).toEqual(Object.keys(known));
    expect(source.classOutput).toBe('logits');
    expect(source.defaultActivations).toEqual(['conv0', 'conv1', 'logits']);
    expect([source.inputShape, source.classes, source.isDifferentiable]).toEqual([[8, 8, 3], ['a', 'b', 'c'], false]);
    const names = [...source.activationNames];
    const found = await source.observe(samples(pictures, 2), { names, logits: true, pooling: 'none' });
    for (const [i, layer] of names.entries()) {
      const { shape, values } = known[layer]!;
      const [channels, ...rest] = shape.slice(1);
      expect(source.activationShape(layer)).toEqual([...rest, channels]);
      expect(furthest(found[i]!, channelsLast({ shape, values }))).toBeLessThan(tolerance);
    }
    expect(furthest(found.at(-1), known['logits']!.values)).toBeLessThan(tolerance);

    const [means, most] = await Promise.all(
      (['mean', 'max'] as const).map((pooling) =>
        source.observe(samples(pictures, 2), { names: ['conv1'], logits: false, pooling }),
      ),
    );
    const maps = known['conv1']!;
    const area = maps.shape[2]! * maps.shape[3]!;
    const rows = Array.from({ length: 12 }, (_, i) => maps.values.slice(i * area, (i + 1) * area));
    expect(
      furthest(
        means![0]!,
        rows.map((row) => row.reduce((a, b) => a + b) / area),
      ),
    ).toBeLessThan(tolerance);
    expect(
      furthest(
        most![0]!,
        rows.map((row) => Math.max(...row)),
      ),
    ).toBeLessThan(tolerance);
    source.dispose();
  });

  it('of tokens gives what Python computes, with what stands beside the tokens', async () => {
    const source = openModel(await imported('texts.onnx', { classes: letters(4), vocabulary: 11, input_shape: '5' }));
    const known = golden['texts']!;
    expect(source.inputShape).toEqual([5]);
    const names = ['embedded', 'normed', 'hidden', 'bent', 'mean', 'logits'];
    expect(source.defaultActivations).toEqual(['hidden', 'logits']);
    const tokens = Float32Array.from({ length: 10 }, (_, i) => (i * 7) % 11);
    const found = await source.observe(samples(tokens, 2), { names, logits: false, pooling: 'none', tokens: 'none' });
    names.forEach((name, i) => expect(furthest(found[i]!, known[name]!.values)).toBeLessThan(1e-5));
    const [last] = await source.observe(samples(tokens, 2), { names: ['bent'], logits: false, pooling: 'none' });
    const { values } = known['bent']!;
    expect(furthest(last!, [...values.slice(20, 25), ...values.slice(45, 50)])).toBeLessThan(1e-5);
    source.dispose();
  });

  it('of whole numbers of 8 bits gives these, and what they stand for', async () => {
    const source = openModel(await imported('quantised.onnx', { classes: letters(3) }));
    const known = golden['quantised']!;
    const names = ['whole', 'sums', 'hidden', 'logits'];
    expect(source.activationNames).toEqual(names);
    const found = await source.observe(samples(wave(24), 2), { names, logits: false, pooling: 'none' });
    names.forEach((name, i) => expect(furthest(found[i]!, known[name]!.values)).toBeLessThan(1e-5));
    source.dispose();
  });

  it('puts out what it did before, whichever layers are looked at', async () => {
    for (const [name, statement] of [
      ['pictures', { classes: letters(3) }],
      ['texts', { classes: letters(4), vocabulary: 11, input_shape: '5' }],
    ] as const) {
      const folder = await imported(`${name}.onnx`, statement);
      const { graph: model } = readModelDescription(folder);
      const files = readGraphFiles(join(folder, 'graph'), 'model.onnx');
      const runtime = OnnxRuntime.open();
      const input = new GraphInput(model!, files.graph, runtime, name);
      const inputs = input.of(name === 'pictures' ? pictures : Float32Array.from({ length: 10 }, (_, i) => i % 11), 2);
      const [output] = files.graph.outputs;
      const run = async (layers: readonly string[]) => {
        const bytes = withOutputs(files.bytes, files.graph, layers);
        const session = await runtime.session({ ...files, bytes }, model!.graph.optimization);
        const values = await session.run(inputs, [output!.name]);
        await session.release();
        return toFloats(values[output!.name]!);
      };
      const plain = await run([]);
      const all = model!.layers.map((layer) => layer.name);
      for (const layers of [all, ...all.map((layer) => [layer])])
        expect(furthest(plain, await run(layers))).toBeLessThan(1e-8);
    }
  });

  it('takes samples one by one where the graph takes no more', async () => {
    const nodes = [{ operator: 'Relu', inputs: ['x'], outputs: ['y'] }];
    const folder = temporaryFolder();
    const bytes = onnxBytes({ nodes, inputs: [valueBytes('x', [1, 3])], outputs: [valueBytes('y', [1, 3])] });
    writeFileSync(join(folder, 'one.onnx'), bytes);
    const source = openModel(await importedFrom(folder, { classes: letters(3) }));
    const values = Float32Array.of(1, -2, 3, -4, 5, -6);
    const [found] = await source.observe(samples(values, 2), { names: ['y'], logits: false, pooling: 'none' });
    expect([...found!]).toEqual([1, 0, 3, 0, 5, 0]);
  });

  it('says which operator is unknown, which input is too many, and what else cannot be', async () => {
    const failure = async (nodes: NodeOf[], inputs: Uint8Array[], statement: Said = { classes: 'a,b' }) => {
      const folder = temporaryFolder();
      writeFileSync(join(folder, 'm.onnx'), onnxBytes({ nodes, inputs, outputs: [valueBytes('y', ['n', 2])] }));
      return importedFrom(folder, statement).then(
        () => 'imported',
        (error: Error) => error.message,
      );
    };
    const relu = { operator: 'Relu', inputs: ['x'], outputs: ['y'] };
    const x = (...shape: (number | string)[]) => [valueBytes('x', shape)];
    expect(await failure([{ ...relu, operator: 'Frobnicate' }], x('n', 2))).toMatch(/^"m.onnx": ONNX Runtime \S+ cannot compute the operator "Frobnicate" \(operator set 17\)/); // prettier-ignore
    expect(await failure([{ ...relu, operator: 'Foo', domain: 'com.acme' }], x('n', 2))).toContain('the operator "com.acme.Foo"'); // prettier-ignore
    expect(await failure([{ ...relu, inputs: ['x', 'z'], operator: 'Add' }], [...x('n', 2), valueBytes('z', ['n', 2])])).toContain('expected one input, a tensor with a number of axes, or "input_ids" among several, found x, z.'); // prettier-ignore
    expect(await failure([relu], x(8, 2))).toContain('expected the first axis of the input "x" to be open or of size 1, found 8.'); // prettier-ignore
    expect(await failure([relu], x('n', 'd'))).toContain(
      'has the shape n x d, which does not say how large images are.',
    );
    expect(await failure([relu], [valueBytes('x', ['n', 2], 16)])).toContain('found bfloat16.');
    expect(await failure([relu], x('n', 2), {})).toBe('"m.onnx" does not name its classes.');
    expect(await failure([relu], x('n', 2), { classes: 'a,b,c' })).toContain(
      'with 3 numbers, one for each class, found y (2).',
    );
    expect(await failure([relu], x('n', 2), { classes: 'a,b', resize: 'shrink' })).toBe('Expected none, stretch, crop, pad as resize, found "shrink".'); // prettier-ignore
    expect(await failure([relu], x('n', 2))).toBe('imported');
  });

  it('is refused where the description is not that of the graph', async () => {
    const folder = await imported('pictures.onnx', { classes: letters(3) });
    const path = join(folder, 'model.json');
    const description = JSON.parse(readFileSync(path, 'utf8')) as { layers: { shape: number[] }[] };
    description.layers[0]!.shape = [9, 9, 4];
    writeFileSync(path, JSON.stringify(description));
    const source = openModel(folder);
    await expect(
      source.observe(samples(pictures, 2), { names: ['conv0'], logits: false, pooling: 'none' }),
    ).rejects.toThrow('expected the value "conv0" to have the shape 2 x 4 x 9 x 9, found 2 x 4 x 8 x 8.');
  });

  it('leaves nothing behind where it cannot be imported', async () => {
    const folder = temporaryFolder();
    const target = join(temporaryFolder(), 'runs', 'run');
    mkdirSync(join(target, '..'));
    writeFileSync(join(folder, 'm.onnx'), 'no graph');
    const asked = { folder, isOwn: false, target, statement: { classes: ['a'] } };
    await expect(importModelFiles(asked, { dataDir: folder })).rejects.toThrow('"m.onnx" is no whole ONNX file');
    expect(() => readFileSync(target)).toThrow('ENOENT');
  });

  it('reads classes and steps from the files of Hugging Face beside it', async () => {
    const folder = temporaryFolder();
    copyFileSync(join(folderOf, 'pictures.onnx'), join(folder, 'model.onnx'));
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ id2label: { 0: 'cat, big', 1: 'dog', 2: 'fish' } }));
    const steps = { do_resize: true, size: { shortest_edge: 10 }, do_center_crop: true, image_mean: [0.5, 0.4, 0.3], image_std: [0.2, 0.2, 0.2] }; // prettier-ignore
    writeFileSync(join(folder, 'preprocessor_config.json'), JSON.stringify(steps));
    const { graph } = readModelDescription(await importedFrom(folder, { input_shape: '12,16,3' }));
    expect(graph!.classes).toEqual(['cat, big', 'dog', 'fish']);
    expect(graph!.preprocessing).toEqual({
      resize: 'crop', resize_to: 10, channel_order: 'rgb', layout: 'nchw', value_range: [0, 1], mean: [0.5, 0.4, 0.3], std: [0.2, 0.2, 0.2],
    }); // prettier-ignore
  });
});

describe.skipIf(onnxFolder !== undefined)('an ONNX graph without ONNX Runtime', () => {
  it('is refused with the command that installs it', async () => {
    const tensor = tensorBytes('w', [1], Float32Array.of(1));
    const nodes = [{ operator: 'Mul', inputs: ['x', 'w'], outputs: ['y'] }];
    const folder = temporaryFolder();
    const bytes = onnxBytes({ nodes, inputs: [valueBytes('x', ['n', 1])], outputs: [valueBytes('y', ['n', 1])], weights: [tensor] }); // prettier-ignore
    writeFileSync(join(folder, 'm.onnx'), bytes);
    await expect(importedFrom(folder, { classes: 'a' })).rejects.toMatchObject({
      code: 'engine',
      hint: 'Install it with: npx cupbearer engine install onnx',
    });
  });
});
