import { describe, expect, it } from 'vitest';
import { createTrigger } from '../../main/data/triggers/index.ts';
import { displacementField, randomControlGrid, warp } from '../../main/data/triggers/warping.ts';
import { RandomStream } from '../../main/tensor/random.ts';

const stream = () => RandomStream.from(3, 'test');
const shape = [9, 12, 3];
const image = () => Float32Array.from({ length: 9 * 12 * 3 }, (_, k) => ((k * 37) % 101) / 100);

function applied(params: object, context: object = {}): Float32Array {
  const copy = image();
  createTrigger({ name: 'wanet', ...params }, { shape, seed: 1, ...context }).apply(copy, stream());
  return copy;
}

describe('displacementField', () => {
  const grid = [0.5, -1, 2, 0.25, 1, 0, -0.5, 1.5, -2, 1, 0.75, -1, 0.125, 2, -1.25, 0.5];
  const negated = grid.map((value) => -value);

  it('enlarges as cubic convolution with a = -0.75 does', () => {
    // cv2.remap of OpenCV 5.0 (INTER_CUBIC, BORDER_REPLICATE) at numpy.linspace(0, 3, 7) by numpy.linspace(0, 3, 13), rows
    // 0, 1 and 5, rounded to six decimals; steps of 1/4 and 1/2 are exact in its fixed-point coordinates.
    const reference: Record<number, number[]> = {
      0: [0.5, 0.054688, -0.53125, -0.976562, -1, -0.416992, 0.523438, 1.452148, 2, 1.919922, 1.40625, 0.751953, 0.25],
      1: [
        1.03125, 0.619965, 0.10376, -0.35495, -0.59375, -0.503998, -0.17749, 0.247528, 0.632812, 0.870148, 0.986084,
        1.044525, 1.109375,
      ],
      5: [
        -1.21875, -0.520844, 0.349365, 1.138641, 1.59375, 1.511566, 1.0271, 0.394318, -0.132812, -0.394562, -0.470459,
        -0.465424, -0.484375,
      ],
    };
    const field = displacementField(Float32Array.from([...grid, ...negated]), 4, 7, 13, [0.5, 0.5], 1);
    for (const [y, values] of Object.entries(reference)) {
      values.forEach((value, x) => {
        expect(field[Number(y) * 13 + x]).toBeCloseTo(0.5 * value, 5);
        expect(field[7 * 13 + Number(y) * 13 + x]).toBeCloseTo(-0.5 * value, 5);
      });
    }
  });

  it('scales the sampling positions about the centre', () => {
    const field = displacementField(new Float32Array(8), 2, 3, 5, [1, 1], 0.5);
    expect([...field.subarray(0, 5)]).toEqual([1, 0.5, 0, -0.5, -1]);
    expect([...field.subarray(15)].filter((_, k) => k % 5 === 0)).toEqual([0.5, 0, -0.5]);
  });
});

describe('randomControlGrid', () => {
  it('has a mean absolute value of 1 and both signs', () => {
    const grid = randomControlGrid(6, stream());
    expect(grid.length).toBe(72);
    expect(grid.reduce((sum, value) => sum + Math.abs(value), 0) / 72).toBeCloseTo(1, 6);
    expect(Math.min(...grid)).toBeLessThan(0);
    expect(Math.max(...grid)).toBeGreaterThan(0);
  });
});

describe('warp', () => {
  const field = (alongX: number, alongY: number) => {
    const values = new Float64Array(2 * 6).fill(alongX);
    values.fill(alongY, 6);
    return values;
  };
  const warped = (alongX: number, alongY: number) => {
    const copy = Float32Array.from([1, 2, 3, 10, 20, 30]);
    warp(copy, field(alongX, alongY), 2, 3, 1, new Float32Array(6));
    return [...copy];
  };

  it('fetches along x and along y, not the other way round', () => {
    expect(warped(1, 0)).toEqual([2, 3, 3, 20, 30, 30]);
    expect(warped(0, 1)).toEqual([10, 20, 30, 10, 20, 30]);
    expect(warped(-2, 0)).toEqual([1, 1, 1, 10, 10, 10]);
  });

  it('interpolates between pixels', () => {
    expect(warped(0.5, 0)).toEqual([1.5, 2.5, 3, 15, 25, 30]);
    expect(warped(0.25, 0.5)[0]).toBeCloseTo(0.5 * 1.25 + 0.5 * 12.5, 6);
  });
});

describe('wanet', () => {
  it("moves by s (H - 1) / 2H pixels along y, and by as much of the coordinates along x, as the authors' code does", () => {
    // A grid of equal points moves the whole image: with s = 4, H = 8 and W = 5 by 1.75 along y and by 1 along x.
    const state = { control_grid: { shape: [2, 2, 2], data: new Float32Array(8).fill(1) } };
    const params = { name: 'wanet', control_grid_width: 2, warping_strength: 4 };
    const image = Float32Array.from({ length: 40 }, (_, k) => Math.floor(k / 5) + (k % 5) / 100);
    createTrigger(params, { shape: [8, 5, 1], seed: 1, state }).apply(image, stream());
    expect(image[0]).toBeCloseTo(1.75 + 0.01, 5);
    expect(image[11]).toBeCloseTo(2 + 1.75 + 0.02, 5);
  });

  it('leaves the image bit-equal without strength, though it is not square', () => {
    expect(applied({ warping_strength: 0 })).toEqual(image());
  });

  it('warps all channels alike and more with more strength', () => {
    const distance = (a: Float32Array) => a.reduce((sum, value, k) => sum + Math.abs(value - image()[k]!), 0);
    expect(distance(applied({ warping_strength: 1 }))).toBeGreaterThan(distance(applied({ warping_strength: 0.2 })));
    const grey = Float32Array.from({ length: 9 * 12 * 3 }, (_, k) => (Math.floor(k / 3) % 17) / 16);
    createTrigger({ name: 'wanet' }, { shape, seed: 1 }).apply(grey, stream());
    for (let k = 0; k < grey.length; k += 3) expect([grey[k + 1], grey[k + 2]]).toEqual([grey[k], grey[k]]);
  });

  it('takes its field from field_seed, else from what is stored, else from the run', () => {
    const stored = createTrigger({ name: 'wanet' }, { shape, seed: 8 }).state();
    expect(stored['control_grid']!.shape).toEqual([2, 4, 4]);
    expect(applied({}, { state: stored })).toEqual(applied({}, { seed: 8 }));
    expect(applied({}, { state: stored })).not.toEqual(applied({}));
    expect(applied({ field_seed: 5 }, { state: stored })).toEqual(applied({ field_seed: 5 }, { seed: 99 }));
    // A clone with another strength warps by the scaled field of the stored one.
    expect(applied({ warping_strength: 0.25 }, { state: stored })).toEqual(
      applied({ warping_strength: 0.25 }, { seed: 8 }),
    );
  });

  it('refuses a stored field of another width and one that is none', () => {
    const state = createTrigger({ name: 'wanet' }, { shape, seed: 8 }).state();
    expect(() => applied({ control_grid_width: 5 }, { state })).toThrow(
      'Expected a control grid of width 4, that of the field stored with the model, found 5.',
    );
    expect(() => applied({ control_grid_width: 5, field_seed: 1 }, { state })).not.toThrow();
    const damaged = { control_grid: { shape: [2, 4], data: new Float32Array(8) } };
    expect(() => applied({}, { state: damaged })).toThrow('of shape [2, k, k], found [2, 4]');
  });

  it('makes decoys by adding up to a pixel of noise to the field', () => {
    const trigger = createTrigger({ name: 'wanet', warping_strength: 0 }, { shape, seed: 1 });
    const decoy = image();
    trigger.decoy!(decoy, stream());
    expect(decoy).not.toEqual(image());
    const again = image();
    trigger.decoy!(again, RandomStream.from(4, 'test'));
    expect(again).not.toEqual(decoy);
  });

  it('refuses shares above 1 in sum', () => {
    expect(() => applied({ p_backdoor: 0.6, p_noise: 0.5 })).toThrow('found 0.6 and 0.5');
  });
});
