import { describe, expect, it } from 'vitest';
import { createTrigger, poisonOptions, triggerRegistry } from '../../main/data/triggers/index.ts';
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

describe('every trigger', () => {
  it.each(triggerRegistry.definitions.map((definition) => definition.id))('%s keeps its promises', (name) => {
    const context = { shape: [28, 28, 3], seed: 11 };
    const image = Float32Array.from({ length: 28 * 28 * 3 }, (_, i) => (i % 97) / 96);
    const apply = (trigger = createTrigger({ name }, context)) => {
      const copy = image.slice();
      trigger.apply(copy, stream());
      return copy;
    };
    expect(apply()).not.toEqual(image);
    expect(apply().every((value) => value >= 0 && value <= 1)).toBe(true);
    expect(apply()).toEqual(apply());
    // What is stored is enough to apply the same trigger under another seed.
    const stored = createTrigger({ name }, context).state();
    expect(apply(createTrigger({ name }, { ...context, seed: 12, state: stored }))).toEqual(apply());
    expect(createTrigger({ name }, context).spec['id']).toBe(name);
    expect(() => createTrigger({ name }, { shape: [784], seed: 0 })).toThrow('found samples of shape [784]');
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
