import { z } from 'zod';
import { CupbearerError } from '../../../shared/errors.ts';
import { integer, integers } from '../../../shared/schema/fields.ts';
import { defineArchitecture } from '../architecture.ts';
import { conv, globalMaxPool, maxPool, relu, sequential, type Module } from '../modules.ts';
import { denseLayers } from './mlp.ts';
import { numbered } from '../../../shared/format.ts';

export const cnn = defineArchitecture({
  id: 'cnn',
  title: 'Convolutional network',
  summary: 'Convolutions with ReLU and 2 x 2 max pooling, global max pooling, dense layers',
  source: 'ejnnr/cupbearer, models.CNN',
  params: z.object({
    channels: integers({
      label: 'Channels',
      help: 'Output channels of each convolution, first to last',
      default: [32, 64],
      min: 1,
      max: 4096,
      atLeast: 1,
    }),
    kernel_size: integer({
      advanced: true,
      label: 'Kernel size',
      help: 'Side of the square kernels',
      unit: 'px',
      default: 3,
      min: 1,
      max: 15,
    }),
    dense_dims: integers({
      label: 'Dense layers',
      help: 'Width of each hidden dense layer after the pooling',
      unit: 'neurons',
      default: [256, 256],
      min: 1,
      max: 65536,
    }),
  }),
  build: (params, { inputShape, classes }) => {
    const [height = 0, width = 0] = inputShape;
    const smallest = 2 ** params.channels.length;
    if (inputShape.length !== 3 || Math.min(height, width) < smallest) {
      throw new CupbearerError(
        'usage',
        `A cnn with ${numbered(params.channels.length, 'pooling')} needs images of at least ${smallest} x ${smallest} pixels; the data has shape ${inputShape.join(' x ')}.`,
        { hint: 'Take fewer channels, or an mlp.' },
      );
    }
    const convolutions: Record<string, Module> = {};
    params.channels.forEach((channels, i) => {
      convolutions[`conv_${i}`] = conv(channels, params.kernel_size);
      convolutions[`relu_${i}`] = relu();
      convolutions[`pool_${i}`] = maxPool();
    });
    return sequential({
      conv_layers: sequential(convolutions),
      global_pool: globalMaxPool(),
      mlp: sequential({ layers: denseLayers(params.dense_dims, classes) }),
    });
  },
});
