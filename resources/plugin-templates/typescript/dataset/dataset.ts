import { defineDataset, fingerprint, flag, imageDataset, integer, number, RandomStream, z } from 'cupbearer/plugin';

const side = 16;
const classes = ['horizontal', 'vertical', 'falling', 'rising'];

/** A dataset to train the program's own models on. */
export default defineDataset({
  id: 'PLUGIN_ID',
  title: 'PLUGIN_TITLE',
  summary: 'Bars of light in one of four directions',
  source: 'Where the data come from',
  params: z.object({
    train: flag({ label: 'Training half', help: 'The samples to train on, not those to test', default: true }),
    samples: integer({
      label: 'Samples',
      help: 'To train on; a fifth as many to test',
      default: 2000,
      min: 40,
      max: 100_000,
    }),
    noise: number({
      label: 'Noise',
      help: 'Standard deviation of the noise on each pixel',
      default: 0.1,
      min: 0,
      max: 1,
    }),
  }),

  facts: () => ({ shape: [side, side, 1], classes }),

  load({ train, samples, noise }, { seed }) {
    const stream = RandomStream.from(seed, 'PLUGIN_ID', train ? 'train' : 'test');
    const count = train ? samples : Math.floor(samples / 5);
    const labels = Uint8Array.from({ length: count }, () => Math.floor(stream.uniform() * 4));
    const pixels = new Uint8Array(count * side * side);
    for (let i = 0; i < count; i++) {
      const place = 4 + Math.floor(stream.uniform() * 8);
      for (let y = 0; y < side; y++)
        for (let x = 0; x < side; x++) {
          const across = [y, x, y - x + 8, y + x - 8][labels[i]!]!;
          const light = Math.exp(-((across - place) ** 2) / 4) + noise * stream.normal();
          pixels[(i * side + y) * side + x] = 255 * Math.min(1, Math.max(0, light));
        }
    }
    const images = { shape: [side, side, 1] as const, classes, pixels, labels };
    return Promise.resolve(imageDataset(images, fingerprint('PLUGIN_ID', pixels, labels)));
  },
});
