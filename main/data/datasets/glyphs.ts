import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import { integer } from '../../../shared/schema/fields.ts';
import { RandomStream } from '../../tensor/random.ts';
import { defaultAugmentation } from '../transforms/augmentation.ts';
import { checkNotCancelled } from '../cancellation.ts';
import { defineDataset, type DatasetContext } from '../dataset.ts';
import { fingerprint } from '../fingerprint.ts';
import { drawGlyph, glyphSide } from '../glyphs/draw-glyph.ts';
import { imageDataset, type Images } from '../image-dataset.ts';
import { splitFields } from './fields.ts';
import { loadedOnce } from './loaded-once.ts';
import { prepared } from './prepared.ts';

const classes = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
/** How many glyphs each half has. */
export const glyphCounts = { train: 12_000, test: 2_000 };

/** How many glyphs are drawn between two chances to report progress and to cancel. */
const stride = 1_000;

/** Digits drawn by our own code: no download, the same bytes on every machine. */
export const glyphs = defineDataset({
  id: 'glyphs',
  title: 'Glyphs (built in)',
  summary: 'Digits drawn from strokes, 28\u00a0×\u00a028 grey, 12\u202f000 + 2\u202f000; built in, no download',
  source: 'Drawn by this program; no outside data',
  builtIn: glyphCounts,
  params: z.object({
    ...splitFields,
    glyph_seed: integer({
      advanced: true,
      default: 2_026,
      min: 0,
      label: 'Glyph seed',
      help: "Determines the drawings; independent of the run's seed, so that runs with different seeds share their data.",
    }),
  }),
  facts: () => ({ shape: [glyphSide, glyphSide, 1], classes }),
  async load(params, context) {
    const split = params.train ? 'train' : 'test';
    const drawn = await loadedOnce(context, ['glyphs', split, params.glyph_seed], [], async () => {
      const images = await generateGlyphs(split, params.glyph_seed, context);
      return imageDataset(images, fingerprint('glyphs', images.pixels, images.labels));
    });
    return prepared(drawn, params, defaultAugmentation, context);
  },
});

/** Draws a whole split: images `[12000 or 2000, 28, 28, 1]`, equally many of each class, in random order. */
export async function generateGlyphs(
  split: 'train' | 'test',
  seed: number,
  context: Pick<DatasetContext, 'signal' | 'progress'> = {},
): Promise<Images & { labels: Uint8Array }> {
  const count = glyphCounts[split];
  const root = RandomStream.from(seed, 'glyphs', split);
  const labels = Uint8Array.from(root.derive('order').permutation(count), (k) => k % classes.length);
  const pixels = new Uint8Array(count * glyphSide * glyphSide);
  for (let i = 0; i < count; i++) {
    if (i % stride === 0) {
      checkNotCancelled(context.signal, 'Drawing glyphs');
      context.progress?.(i, count);
      await setImmediate();
    }
    drawGlyph(labels[i]!, root.derive('sample', i), pixels, i * glyphSide * glyphSide);
  }
  context.progress?.(count, count);
  return { shape: [glyphSide, glyphSide, 1], classes, pixels, labels };
}
