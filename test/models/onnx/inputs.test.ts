import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Preprocessing } from '../../../main/models/onnx/description.ts';
import { GraphInput, toHalf, type InputSpec } from '../../../main/models/onnx/graph-input.ts';
import type { OnnxGraph } from '../../../main/models/onnx/graph.ts';
import { pooled } from '../../../main/models/onnx/pooled.ts';
import { placementOf, Resizer } from '../../../main/models/onnx/resize.ts';
import type { OnnxRuntime, OnnxTensor, TensorData } from '../../../main/models/onnx/runtime.ts';
import { elementTypes } from '../../../main/storage/element-type.ts';

const wave = (length: number) => Float32Array.from({ length }, (_, i) => 0.5 + Math.sin(i) / 2);

describe('resizing', () => {
  // PIL.Image.fromarray(wave, "F").resize((width, height), PIL.Image.BILINEAR) of Pillow 12.
  it.each<[[number, number], [number, number], number[]]>([
    [[7, 5], [3, 4], [0.297983, 0.592588, 0.766992, 0.615034, 0.592822, 0.373066, 0.312753, 0.483179, 0.46499, 0.731548, 0.711156, 0.427919]],
    [[6, 6], [6, 2], [0.780258, 0.312705, 0.737685, 0.386347, 0.676179, 0.469042, 0.600638, 0.554204, 0.51708, 0.635047, 0.432162, 0.705133]],
    [[3, 4], [7, 5], [0.5, 0.794515, 0.937692, 0.839422, 0.57056, 0.445943, 0.688278, 0.830938, 0.791041, 0.607408, 0.283771, 0.369567, 0.510677, 0.645897, 0.71795, 0.121599, 0.0508561, 0.190415, 0.500753, 0.828493, 0.495776, 0.368766, 0.308962, 0.354542, 0.473427, 0.869953, 0.686675, 0.427509, 0.208331, 0.11836, 0.994679, 0.792645, 0.467024, 0.159594, 4.89672e-6]],
  ])('from %j to %j is what Pillow does', (from, to, expected) => {
    const target = new Float32Array(to[0] * to[1]);
    new Resizer([...from, 1], to, { resize: 'stretch' }).resize(wave(from[0] * from[1]), target);
    expect(Math.max(...target.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThan(2e-6);
  }); // prettier-ignore

  it('cuts out the middle, or leaves black around', () => {
    expect(placementOf([100, 200], [50, 50], { resize: 'crop' })).toEqual({
      height: 50,
      width: 100,
      top: 0,
      left: -25,
    });
    expect(placementOf([100, 200], [50, 50], { resize: 'crop', resize_to: 60 })).toEqual({ height: 60, width: 120, top: -5, left: -35 }); // prettier-ignore
    expect(placementOf([100, 200], [50, 50], { resize: 'pad' })).toEqual({ height: 25, width: 50, top: 12, left: 0 });
    const target = new Float32Array(9);
    new Resizer([1, 3, 1], [3, 3], { resize: 'pad' }).resize(Float32Array.of(1, 2, 3), target);
    expect([...target]).toEqual([0, 0, 0, 1, 2, 3, 0, 0, 0]);
    new Resizer([3, 5, 1], [3, 3], { resize: 'crop' }).resize(
      Float32Array.from({ length: 15 }, (_, i) => i),
      target,
    );
    expect([...target]).toEqual([1, 2, 3, 6, 7, 8, 11, 12, 13]);
  });

  it('of a picture of one value gives that value, whatever the sizes', () => {
    const side = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(side, side, side, side, (height, width, toHeight, toWidth) => {
        const target = new Float32Array(toHeight * toWidth * 2);
        const picture = new Float32Array(height * width * 2).fill(0.25);
        new Resizer([height, width, 2], [toHeight, toWidth], { resize: 'stretch' }).resize(picture, target);
        expect(Math.max(...target.map((value) => Math.abs(value - 0.25)))).toBeLessThan(1e-6);
      }),
    );
  });
});

/** Makes tensors as ONNX Runtime would hold them. */
const tensors = {
  tensor: (type: string, data: TensorData, dims: readonly number[]): OnnxTensor => ({ type, data, dims }),
} as OnnxRuntime;

const steps: Preprocessing = { resize: 'none', channel_order: 'rgb', layout: 'nchw', value_range: [0, 1], mean: [0], std: [1] }; // prettier-ignore

function made(spec: InputSpec, samples: readonly number[], size: number, type = 'float32', names: string[] = []) {
  const inputs = ['x', ...names].map((name) => ({ name, type, shape: [] }));
  const graph = { inputs } as unknown as OnnxGraph;
  return new GraphInput(spec, graph, tensors, 'm.onnx').of(Float32Array.from(samples), size);
}

describe('the input of a graph', () => {
  const colour = [0, 0.25, 0.5, 1, 0.75, 0.5];
  const of = (more: Partial<Preprocessing>, axes: number[], shape = [1, 2, 3]) =>
    made({ input_shape: shape, preprocessing: { ...steps, ...more }, graph: { input: 'x', input_axes: axes } }, colour.slice(0, shape.reduce((a, b) => a * b, 1)), 1)['x']!; // prettier-ignore

  it('has the layout, range and order of channels that are declared', () => {
    expect([...of({}, [3, 1, 2]).data]).toEqual([0, 1, 0.25, 0.75, 0.5, 0.5]);
    expect([...of({ layout: 'nhwc' }, [1, 2, 3]).data]).toEqual(colour);
    expect([...of({ channel_order: 'bgr', value_range: [0, 4] }, [3, 1, 2]).data]).toEqual([2, 2, 1, 3, 0, 4]);
    expect([...of({ value_range: [-1, 1] }, [6]).data]).toEqual([-1, 1, -0.5, 0.5, 0, 0]);
    expect([...of({ mean: [0, 1, 2], std: [1, 2, 4] }, [3, 1, 2]).data]).toEqual([
      0, 1, -0.375, -0.125, -0.375, -0.375,
    ]);
    expect([...of({ mean: [1, 2, 3], std: [2, 2, 2] }, [3, 1, 2], [1, 2, 1]).data]).toEqual([-0.5, -0.375, -1, -0.875, -1.5, -1.375]); // prettier-ignore
    expect(of({}, [3, 1, 2]).dims).toEqual([1, 3, 1, 2]);
  });

  it('of texts has whole numbers, and what stands beside them', () => {
    const spec = { input_shape: [3], vocabulary: 9, graph: { input: 'x', input_axes: [3] } };
    const found = made(spec, [1, 2, 3, 4, 5, 6], 2, 'int64', ['attention_mask', 'position_ids', 'token_type_ids']);
    expect(Object.entries(found).map(([name, { data, dims }]) => [name, [...data].map(Number), dims])).toEqual([
      ['x', [1, 2, 3, 4, 5, 6], [2, 3]],
      ['attention_mask', [1, 1, 1, 1, 1, 1], [2, 3]],
      ['position_ids', [0, 1, 2, 0, 1, 2], [2, 3]],
      ['token_type_ids', [0, 0, 0, 0, 0, 0], [2, 3]],
    ]);
    expect(() => made(spec, [], 0, 'int64', ['past'])).toThrow('wants more than samples: the input "past".');
    expect(() => made(spec, [], 0, 'float32')).toThrow('to be of int32, int64, found float32.');
  });

  it('in float16 is the nearest there is', () => {
    const half = elementTypes.find(({ safetensors }) => safetensors === 'F16')!;
    const back = (value: number) => half.decode(new Uint8Array(Uint16Array.of(toHalf(value)).buffer), 0, 1, 'x')[0]!;
    for (const [value, expected] of [
      [0, 0],
      [1, 1],
      [-2.5, -2.5],
      [65504, 65504],
      [65520, Infinity],
      [1e9, Infinity],
      [-Infinity, -Infinity],
      [6e-8, 2 ** -24],
      [2 ** -25, 0],
      [2 ** -14, 2 ** -14],
      [1 + 2 ** -11, 1],
      [1 + 3 * 2 ** -11, 1 + 2 ** -9],
    ] as const)
      // prettier-ignore
      expect([value, back(value)]).toEqual([value, expected]);
    expect(back(NaN)).toBeNaN();
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0x7bff }), (bits) => {
        const value = half.decode(new Uint8Array(Uint16Array.of(bits).buffer), 0, 1, 'x')[0]!;
        expect([toHalf(value), toHalf(-value)]).toEqual([bits, bits | 0x8000]);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('pooling', () => {
  const values = Float32Array.of(1, 2, 3, 4, 5, 6);

  it('is over positions, wherever the channels are', () => {
    expect([...pooled(values, 1, [1, 3, 2], false, { pooling: 'mean' })]).toEqual([3, 4]);
    expect([...pooled(values, 1, [1, 3, 2], true, { pooling: 'mean' })]).toEqual([2, 5]);
    expect([...pooled(values, 1, [1, 3, 2], true, { pooling: 'max' })]).toEqual([3, 6]);
    expect([...pooled(values, 1, [1, 3, 2], true, { pooling: 'none' })]).toEqual([1, 4, 2, 5, 3, 6]);
    expect([...pooled(values, 1, [3, 2], true, { pooling: 'mean' })]).toEqual([3, 6]);
    expect([...pooled(values, 1, [3, 2], false, { pooling: 'mean', tokens: 'max' })]).toEqual([5, 6]);
    expect([...pooled(values, 1, [3, 2], false, { pooling: 'mean', token_position: 1 })]).toEqual([3, 4]);
    expect([...pooled(values, 3, [2], false, { pooling: 'mean' })]).toEqual([...values]);
  });

  it('keeps what is not a number, so that it is found', () => {
    for (const pooling of ['mean', 'max'] as const)
      for (const at of [0, 1, 2])
        expect(pooled(Float32Array.from([1, 2, 3], (v, i) => (i === at ? NaN : v)), 1, [1, 3, 1], false, { pooling })[0]).toBeNaN(); // prettier-ignore
  });
});
