import { describe, expect, it } from 'vitest';
import { describeNetwork } from '../../main/models/describe-network.ts';

const classes = ['a', 'b', 'c'];

describe('the description of a network', () => {
  it('lists what each layer gives, without an engine', () => {
    const architecture = { name: 'mlp', hidden_dims: [5] };
    const network = describeNetwork({ architecture, inputShape: [2, 2, 1], classes });
    expect(network).toEqual({
      architecture: 'mlp',
      inputShape: [2, 2, 1],
      classes: 3,
      // 4 x 5 + 5 and 5 x 3 + 3.
      parameters: 43,
      layers: [
        { activation: 'flatten.output', kind: 'reshape', shape: [4], parameters: 0, isDefault: false },
        { activation: 'layers.linear_0.output', kind: 'linear', shape: [5], parameters: 25, isDefault: true },
        { activation: 'layers.relu_0.output', kind: 'activation', shape: [5], parameters: 0, isDefault: false },
        { activation: 'layers.linear_1.output', kind: 'linear', shape: [3], parameters: 18, isDefault: true },
      ],
    });
  });

  it('has every activation that detectors look at, containers too', () => {
    const architecture = { name: 'preactresnet18', width: 4 };
    const { layers } = describeNetwork({ architecture, inputShape: [16, 16, 3], classes });
    const chosen = layers.filter(({ isDefault }) => isDefault);
    expect(chosen.length).toBeGreaterThan(3);
    expect(chosen.some(({ kind }) => kind === 'container')).toBe(true);
  });

  it('is refused where the architecture does not fit the data', () => {
    const architecture = { name: 'cnn', channels: [4, 4], kernel_size: 3, dense_dims: [4] };
    expect(() => describeNetwork({ architecture, inputShape: [2, 2, 1], classes })).toThrow(/needs images of at least/);
  });
});
