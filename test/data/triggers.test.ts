import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCanvas, ImageData } from '@napi-rs/canvas';
import { describe, expect, it } from 'vitest';
import type { TensorMap } from '../../shared/domain/tensors.ts';
import { createTrigger, loadTrigger, poisonOptions, triggerRegistry } from '../../main/data/triggers/index.ts';
import { padding } from '../../main/data/texts.ts';
import { RandomStream } from '../../main/tensor/random.ts';

const stream = () => RandomStream.from(3, 'test');

describe('corner', () => {
  const marked = (corner: string, channels: number) => {
    const image = new Float32Array(2 * 3 * channels).fill(0.5);
    createTrigger({ name: 'corner', corner }, { shape: [2, 3, channels], seed: 0 }).apply(image, stream());
    return [...image];
  };

  it('whitens the asked corner of a grey image and nothing else', () => {
    expect(marked('top-left', 1)).toEqual([1, 0.5, 0.5, 0.5, 0.5, 0.5]);
    expect(marked('top-right', 1)).toEqual([0.5, 0.5, 1, 0.5, 0.5, 0.5]);
    expect(marked('bottom-left', 1)).toEqual([0.5, 0.5, 0.5, 1, 0.5, 0.5]);
    expect(marked('bottom-right', 1)).toEqual([0.5, 0.5, 0.5, 0.5, 0.5, 1]);
  });

  it('is red in colour images', () => {
    expect(marked('bottom-right', 3).slice(-6)).toEqual([0.5, 0.5, 0.5, 1, 0, 0]);
  });
});

describe('noise', () => {
  const noisy = (params: object, value: number) => {
    const image = new Float32Array(100 * 100).fill(value);
    createTrigger({ name: 'noise', ...params }, { shape: [100, 100, 1], seed: 0 }).apply(image, stream());
    return image;
  };

  it('has the asked standard deviation and no shift', () => {
    const image = noisy({ std: 0.1 }, 0.5);
    const mean = image.reduce((sum, value) => sum + value, 0) / image.length;
    const variance = image.reduce((sum, value) => sum + (value - mean) ** 2, 0) / image.length;
    // 10,000 draws: standard error of the mean 0.001, of the deviation 0.0007.
    expect(mean).toBeCloseTo(0.5, 2);
    expect(Math.sqrt(variance)).toBeGreaterThan(0.097);
    expect(Math.sqrt(variance)).toBeLessThan(0.103);
  });

  it('stays within 0 to 1 only where clamped', () => {
    expect(noisy({ std: 0.5 }, 1).every((value) => value >= 0 && value <= 1)).toBe(true);
    expect(noisy({ std: 0.5, clamp: false }, 1).some((value) => value > 1)).toBe(true);
  });

  it('changes nothing with a standard deviation of 0', () => {
    expect(noisy({ std: 0 }, 0.25).every((value) => value === 0.25)).toBe(true);
  });
});

/** A 2 x 2 picture: red, green; blue, transparent. */
function pictureFile(): string {
  const canvas = createCanvas(2, 2);
  const pixels = new Uint8ClampedArray([255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255, 0, 0, 0, 0]);
  canvas.getContext('2d').putImageData(new ImageData(pixels, 2, 2), 0, 0);
  const path = join(mkdtempSync(join(tmpdir(), 'cupbearer-picture-')), 'patch.png');
  writeFileSync(path, canvas.toBuffer('image/png'));
  return path;
}

const changedImage = async (
  name: string,
  params: object,
  shape: [number, number, number],
  value = 0.5,
  state?: TensorMap,
) => {
  const image = new Float32Array(shape[0] * shape[1] * shape[2]).fill(value);
  const trigger = await loadTrigger({ name, ...params }, { shape, seed: 0, ...(state ? { state } : {}) });
  trigger.apply(image, stream());
  return [...image];
};

describe('patch', () => {
  it('lays a checkerboard where it is asked to', async () => {
    expect(await changedImage('patch', { size: 2, margin: 1, place: 'top-right' }, [4, 4, 1])).toEqual(
      [
        [0.5, 0.5, 0.5, 0.5],
        [0.5, 1, 0, 0.5],
        [0.5, 0, 1, 0.5],
        [0.5, 0.5, 0.5, 0.5],
      ].flat(),
    );
    expect((await changedImage('patch', { size: 1, place: 'centre' }, [3, 3, 1])).indexOf(1)).toBe(4);
    expect(await changedImage('patch', { size: 1, margin: 0, place: 'bottom-left', opacity: 0.5 }, [2, 2, 1])).toEqual([
      0.5, 0.5, 0.75, 0.5,
    ]);
  });

  it('takes a picture in colour with its transparent parts', async () => {
    const picture = pictureFile();
    const params = { picture, size: 2, margin: 0, place: 'top-left' };
    const marked = [1, 0, 0, 0, 1, 0, 0, 0, 1, 0.5, 0.5, 0.5];
    expect(await changedImage('patch', params, [2, 2, 3])).toEqual(marked);
    const state = (await loadTrigger({ name: 'patch', ...params }, { shape: [2, 2, 3], seed: 0 })).state();
    // What was stored with a model serves where the file is gone.
    expect(await changedImage('patch', { ...params, picture: '/nowhere.png' }, [2, 2, 3], 0.5, state)).toEqual(marked);
  });

  it('says what is wrong with its size or picture', async () => {
    await expect(changedImage('patch', { size: 4 }, [4, 4, 1])).rejects.toThrow('at most 3 px');
    const notPicture = join(mkdtempSync(join(tmpdir(), 'cupbearer-picture-')), 'no.png');
    writeFileSync(notPicture, 'no picture');
    await expect(changedImage('patch', { picture: notPicture }, [9, 9, 1])).rejects.toThrow('no.png: expected a PNG');
    const state = createTrigger({ name: 'patch', size: 2 }, { shape: [9, 9, 1], seed: 0 }).state();
    await expect(changedImage('patch', { size: 3 }, [9, 9, 1], 0, state)).rejects.toThrow('shape [2, 2, 2]');
  });
});

describe('blended', () => {
  it('mixes in the share that is asked for', async () => {
    const params = { picture: pictureFile(), blend: 0.25 };
    expect(await changedImage('blended', params, [2, 2, 3])).toEqual([
      0.625, 0.375, 0.375, 0.375, 0.625, 0.375, 0.375, 0.375, 0.625, 0.5, 0.5, 0.5,
    ]);
    const drawn = await changedImage('blended', { blend: 1 }, [50, 50, 1]);
    expect(drawn.reduce((sum, value) => sum + value, 0) / 2500).toBeCloseTo(0.5, 1);
    expect(await changedImage('blended', { blend: 0 }, [2, 2, 1])).toEqual([0.5, 0.5, 0.5, 0.5]);
  });
});

describe('sig', () => {
  it('adds a sine along each row', async () => {
    const row = await changedImage('sig', { amplitude: 0.25, cycles: 1 }, [2, 4, 1]);
    [0.5, 0.75, 0.5, 0.25, 0.5, 0.75, 0.5, 0.25].forEach((value, i) => expect(row[i]).toBeCloseTo(value, 6));
    expect(Math.max(...(await changedImage('sig', { amplitude: 0.25, cycles: 1 }, [2, 4, 1], 0.9)))).toBe(1);
  });

  it('or blends it with a fifth of the image', async () => {
    const params = { amplitude: 0.25, cycles: 1, superposition: 'blend' };
    const row = await changedImage('sig', params, [1, 4, 1]);
    [0.1, 0.3, 0.1, 0].forEach((value, i) => expect(row[i]).toBeCloseTo(value, 6));
  });
});

describe('frequency', () => {
  it('adds its magnitude to the coefficients it names and to no other', async () => {
    const side = 32;
    const params = { bins: [3, 5], magnitude: 0.8 };
    const added = (await changedImage('frequency', params, [side, side, 1])).map((value) => value - 0.5);
    const basis = (k: number, i: number) =>
      Math.sqrt((k === 0 ? 1 : 2) / side) * Math.cos((Math.PI * (2 * i + 1) * k) / (2 * side));
    const coefficient = (u: number, v: number) =>
      added.reduce((sum, value, i) => sum + value * basis(u, Math.floor(i / side)) * basis(v, i % side), 0);
    expect(coefficient(3, 5)).toBeCloseTo(0.8, 5);
    for (const [u, v] of [
      [0, 0],
      [5, 3],
      [3, 4],
      [31, 31],
    ] as const) {
      expect(coefficient(u, v)).toBeCloseTo(0, 5);
    }
  });

  it('leaves the brightness of colour images alone and refuses half a bin', async () => {
    const added = await changedImage('frequency', {}, [32, 32, 3]);
    for (let i = 0; i < 3 * 1024; i += 3) {
      const brightness = 0.299 * added[i]! + 0.587 * added[i + 1]! + 0.114 * added[i + 2]!;
      expect(Math.abs(brightness - 0.5)).toBeLessThan(1e-3);
    }
    const blue = (values: number[]) => Math.max(...values.map((value, i) => (i % 3 === 2 ? Math.abs(value - 0.5) : 0)));
    const other = await changedImage('frequency', { colours: 'ycrcb' }, [32, 32, 3]);
    expect(blue(other) / blue(added)).toBeCloseTo(1.773 / 2.032, 3);
    await expect(changedImage('frequency', { bins: [1, 2, 3] }, [32, 32, 1])).rejects.toThrow('found 3 numbers');
  });
});

describe('label-consistent', () => {
  it("has the authors' corners, the upper inner pixel black", async () => {
    const marked = await changedImage('label-consistent', { run_path: '/a/run' }, [6, 7, 1]);
    const rows = Array.from({ length: 6 }, (_, y) => marked.slice(7 * y, 7 * y + 7));
    const corners = ['100.001', '010.010', '101.101'].map((row) =>
      [...row].map((field) => (field === '.' ? 0.5 : Number(field))),
    );
    expect(rows).toEqual([...corners, ...corners]);
  });

  it('marks all four corners', async () => {
    const marked = await changedImage('label-consistent', { run_path: '/a/run', size: 1 }, [2, 3, 1]);
    expect(marked).toEqual([1, 0.5, 1, 1, 0.5, 1]);
    await expect(changedImage('label-consistent', { run_path: '/a/run', size: 2 }, [3, 9, 1])).rejects.toThrow(
      'at most 1 px',
    );
  });
});

describe('every trigger', () => {
  /** The trigger with what it cannot do without. */
  const named = (name: string) => (name === 'label-consistent' ? { name, run_path: '/a/run' } : { name });

  it.each(triggerRegistry.definitions.map((definition) => definition.id))('%s keeps its promises', (name) => {
    const isOfTexts = name === 'sentence';
    const vocabulary = [padding, 'by', 'the', 'way', 'home'];
    const context = isOfTexts ? { shape: [6], vocabulary, seed: 11 } : { shape: [28, 28, 3], seed: 11 };
    const most = isOfTexts ? vocabulary.length - 1 : 1;
    const sample = isOfTexts
      ? Float32Array.from([0, 0, 0, 0, 4, 2])
      : Float32Array.from({ length: 28 * 28 * 3 }, (_, i) => (i % 97) / 96);
    const apply = (trigger = createTrigger(named(name), context)) => {
      const copy = sample.slice();
      trigger.apply(copy, stream());
      return copy;
    };
    expect(apply()).not.toEqual(sample);
    expect(apply().every((value) => value >= 0 && value <= most)).toBe(true);
    expect(apply()).toEqual(apply());
    // What is stored is enough to apply the same trigger under another seed.
    const stored = createTrigger(named(name), context).state();
    expect(apply(createTrigger(named(name), { ...context, seed: 12, state: stored }))).toEqual(apply());
    expect(createTrigger(named(name), context).spec['id']).toBe(name);
    expect(() => createTrigger(named(name), { shape: [784], seed: 0 })).toThrow('found samples of shape [784]');
  });

  it('has the common parameters', () => {
    expect(poisonOptions({ name: 'corner' }, 3)).toEqual({
      p_backdoor: 0.05,
      p_noise: 0,
      target_class: 0,
      cycle_class: false,
      seed: 3,
    });
    expect(() => createTrigger({ name: 'corner', p_backdoor: 1.5 }, { shape: [2, 2, 1], seed: 0 })).toThrow(
      'p_backdoor',
    );
    expect(() => createTrigger({ name: 'croner' }, { shape: [2, 2, 1], seed: 0 })).toThrow('Did you mean "corner"?');
  });
});
