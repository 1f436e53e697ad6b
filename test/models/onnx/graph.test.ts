import { readFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { channelAxes, weighedValues } from '../../../main/models/onnx/channel-axes.ts';
import { externalFiles, readGraphFiles } from '../../../main/models/onnx/graph-files.ts';
import { madeValues, readGraph, withOutputs } from '../../../main/models/onnx/graph.ts';
import { wireField } from '../../../main/models/onnx/wire.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { temporaryFolder } from '../../storage/fixtures.ts';
import { numberField, onnxBytes, tensorBytes, valueBytes } from './onnx-bytes.ts';

const golden = (name: string) => readFileSync(fileURLToPath(new URL(`golden/${name}`, import.meta.url)));

describe('an ONNX graph', () => {
  it('is read without its weights', () => {
    const graph = readGraph(golden('pictures.onnx'), 'pictures.onnx');
    expect(graph.inputs).toEqual([{ name: 'image', type: 'float32', shape: ['n', 3, 8, 8] }]);
    expect(graph.outputs).toEqual([{ name: 'probabilities', type: 'float32', shape: ['n', 3] }]);
    expect([...graph.operatorSets]).toEqual([['', 17]]);
    expect(graph.weights).toEqual(new Set(['w0', 'b0', 'scale', 'shift', 'mean', 'var', 'w1', 'w2', 'b2']));
    expect(madeValues(graph)).toEqual(
      ['conv0', 'norm0', 'relu0', 'conv1', 'relu1', 'pool', 'flat', 'logits', 'probabilities'], // prettier-ignore
    );
    expect(graph.externalTensors).toEqual([]);
  });

  it('has the types and sizes that its file says, open axes by name', () => {
    const { inputs } = readGraph(golden('texts.onnx'), 'texts.onnx');
    expect(inputs.map(({ name, type, shape }) => [name, type, shape])).toEqual([
      ['input_ids', 'int64', ['n', 'tokens']],
      ['attention_mask', 'int64', ['n', 'tokens']],
    ]);
    expect(readGraph(golden('half.onnx'), 'half.onnx').inputs[0]!.type).toBe('float16');
  });

  it('puts out further values by some bytes at the end, and each once', () => {
    const bytes = golden('pictures.onnx');
    const graph = readGraph(bytes, 'pictures.onnx');
    const shown = withOutputs(bytes, graph, ['conv0', 'probabilities', 'conv0', 'logits']);
    expect(Buffer.from(shown.subarray(0, bytes.length)).equals(bytes)).toBe(true);
    const outputs = readGraph(shown, 'pictures.onnx').outputs.map(({ name }) => name);
    expect(outputs).toEqual(['probabilities', 'conv0', 'logits']);
    expect(withOutputs(bytes, graph, ['probabilities'])).toBe(bytes);
    expect(() => withOutputs(bytes, graph, ['conv9'])).toThrow('The graph has no value "conv9".');
  });

  it('has its channels where convolutions and transpositions bring them', () => {
    const node = (operator: string, from: string, to: string, perm?: number[]) => ({
      operator,
      inputs: operator === 'MatMul' || operator === 'Conv' ? [from, 'w'] : [from],
      outputs: [to],
      ...(perm ? { attributes: { perm } } : {}),
    });
    const bytes = onnxBytes({
      nodes: [
        node('Transpose', 'x', 'a', [0, 3, 1, 2]),
        node('Conv', 'a', 'b'),
        node('Relu', 'b', 'c'),
        node('Transpose', 'c', 'd', [0, 2, 3, 1]),
        node('MatMul', 'd', 'e'),
      ],
      inputs: [valueBytes('x', ['n', 4, 4, 3])],
      outputs: [valueBytes('e', ['n', 4, 4, 2])],
      weights: [tensorBytes('w', [3, 3, 1, 1], new Float32Array(9))],
    });
    const graph = readGraph(bytes, 'x.onnx');
    expect(Object.fromEntries(channelAxes(graph, 'last'))).toEqual({
      x: 'last', a: 'first', b: 'first', c: 'first', d: 'last', e: 'last',
    }); // prettier-ignore
    expect(weighedValues(graph)).toEqual(['b', 'e']);
    expect(weighedValues(readGraph(golden('texts.onnx'), 'texts.onnx'))).toEqual(['hidden', 'logits']);
  });
});

describe('an ONNX file from anybody', () => {
  const simple = (weights: readonly Uint8Array[] = []) =>
    onnxBytes({
      nodes: [{ operator: 'Relu', inputs: ['x'], outputs: ['y'] }],
      inputs: [valueBytes('x', ['n', 2])],
      outputs: [valueBytes('y', ['n', 2])],
      weights,
    });
  const reading = (bytes: Uint8Array) => () => readGraph(bytes, 'model.onnx');

  it.each([
    ['nothing', new Uint8Array(), 'expected a graph with operations, found none'],
    ['text', Buffer.from('<html>'), 'expected'],
    ['one that is cut off', golden('pictures.onnx').subarray(0, 900), 'bytes left'],
    ['one of many levels', Array.from({ length: 80 }).reduce<Uint8Array>((inner) => wireField(1, wireField(5, wireField(6, inner))), new Uint8Array()), 'expected'], // prettier-ignore
    ['a length beyond the end', Uint8Array.of(0x3a, 0xff, 0xff, 0xff, 0xff, 0x7f), 'bytes left'],
    ['a number without an end', new Uint8Array(20).fill(0xff), 'expected a number of at most 10 bytes'],
    ['a value that is made twice', onnxBytes({ nodes: [{ operator: 'Relu', inputs: ['x'], outputs: ['y'] }, { operator: 'Relu', inputs: ['x'], outputs: ['y'] }], inputs: [valueBytes('x', [1])], outputs: [] }), 'found "y" twice'], // prettier-ignore
    ['an output that nothing makes', onnxBytes({ nodes: [{ operator: 'Relu', inputs: ['x'], outputs: ['y'] }], inputs: [valueBytes('x', [1])], outputs: [valueBytes('z', [1])] }), 'none that makes "z"'], // prettier-ignore
    ['a name that is no text', Buffer.concat([numberField(1, 8), wireField(7, wireField(1, wireField(3, Uint8Array.of(255))))]), 'expected text in UTF-8'], // prettier-ignore
  ])('is refused if it is %s', (_, bytes, message) => {
    expect(reading(bytes)).toThrow(CupbearerError);
    expect(reading(bytes)).toThrow(message);
  });

  it('is read or refused, whatever bytes are changed, cut off or put in', () => {
    const seeds = ['pictures', 'texts', 'external', 'quantised', 'half'].map((name) => golden(`${name}.onnx`));
    const changed = fc
      .tuple(
        fc.constantFrom(...seeds),
        fc.array(fc.tuple(fc.nat(3000), fc.nat(255)), { maxLength: 8 }),
        fc.option(fc.nat(3000)),
        fc.uint8Array({ maxLength: 12 }),
      )
      .map(([seed, edits, end, more]) => {
        const bytes = Uint8Array.from(seed);
        for (const [at, value] of edits) bytes[at % bytes.length] = value;
        return Buffer.concat([bytes.subarray(0, end === null ? bytes.length : end % bytes.length), more]);
      });
    fc.assert(
      fc.property(changed, (bytes) => {
        try {
          const graph = readGraph(bytes, 'model.onnx');
          withOutputs(bytes, graph, madeValues(graph));
          externalFiles(graph, 'model.onnx');
          channelAxes(graph, 'first');
          weighedValues(graph);
        } catch (error) {
          if (!(error instanceof CupbearerError)) throw error;
          expect(error.code).not.toBe('internal');
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('takes the weights beside it, and none from elsewhere', () => {
    const folder = temporaryFolder();
    const inFile = (location: string) => simple([tensorBytes('w', [2], undefined, location)]);
    const place = (location: string) => {
      writeFileSync(join(folder, 'model.onnx'), inFile(location));
      return () => readGraphFiles(folder, 'model.onnx');
    };
    writeFileSync(join(folder, 'weights.bin'), 'data');
    expect(place('weights.bin')().external.map(({ path, data }) => [path, Buffer.from(data).toString()])).toEqual([
      ['weights.bin', 'data'],
    ]);
    expect(place('./weights.bin')().external[0]!.path).toBe('./weights.bin');
    for (const outside of ['../weights.bin', '/etc/passwd', 'a/weights.bin', 'a\\weights.bin', '..', '.', ''])
      expect(place(outside)).toThrow(/tensor "w".*name of a file beside the graph was expected|a file for the tensor/);
    expect(place('missing.bin')).toThrow('the tensor "w" lies in "missing.bin", and there is no such file beside it');
    const elsewhere = temporaryFolder();
    writeFileSync(join(elsewhere, 'secret'), 'secret');
    symlinkSync(join(elsewhere, 'secret'), join(folder, 'link.bin'));
    expect(place('link.bin')).toThrow('leads out of the folder');
    mkdirSync(join(folder, 'folder.bin'));
    expect(place('folder.bin')).toThrow('expected a file, found something else');
  });

  it('finds weights in other files however deep in operations they are', () => {
    const inner = wireField(5, tensorBytes('deep', [2], undefined, 'deep.bin'));
    const node = Buffer.concat([wireField(2, Buffer.from('y')), wireField(4, Buffer.from('If')), wireField(5, Buffer.concat([wireField(1, Buffer.from('then_branch')), wireField(6, inner)]))]); // prettier-ignore
    const bytes = Buffer.concat([numberField(1, 8), wireField(7, wireField(1, node))]);
    expect(readGraph(bytes, 'x.onnx').externalTensors).toEqual([{ tensor: 'deep', file: 'deep.bin' }]);
  });
});
