import { z } from 'zod';
import { CupbearerError } from '../../../shared/errors.ts';
import { integer } from '../../../shared/schema/fields.ts';
import { defineArchitecture } from '../architecture.ts';
import { linear, sequential } from '../modules.ts';
import { lastPosition, layerNorm, tokenEmbedding, transformerBlock } from '../sequence-modules.ts';
import { parameter, worded } from '../../../shared/wording.ts';

export const transformer = defineArchitecture({
  id: 'transformer',
  title: 'Transformer',
  summary: 'Token and position embeddings, pre-norm blocks of causal attention, the answer read off the last token',
  source: 'Vaswani et al., NeurIPS 2017, arXiv 1706.03762; pre-norm: Xiong et al., ICML 2020, arXiv 2002.04745',
  params: z.object({
    width: integer({ label: 'Width', help: 'Length of the vectors', unit: 'neurons', default: 64, min: 1, max: 4096 }),
    blocks: integer({ label: 'Blocks', help: 'Number of blocks', default: 2, min: 1, max: 48 }),
    heads: integer({
      label: 'Heads',
      help: 'Attention heads; they share the width evenly',
      default: 4,
      min: 1,
      max: 128,
    }),
  }),
  defaultActivations: ({ blocks }) => [
    ...Array.from({ length: blocks }, (_, k) => `blocks.${k}.output`),
    'ln_final.output',
    'head.output',
  ],
  build: ({ width, blocks, heads }, { inputShape, classes, vocabulary }) => {
    if (vocabulary === undefined || inputShape.length !== 1) {
      throw new CupbearerError(
        'usage',
        `A transformer needs texts, samples of shape [length] with a vocabulary; the data has shape ${inputShape.join(' x ')}${vocabulary === undefined ? ' and no vocabulary' : ''}.`,
        { hint: worded`Set ${parameter('train_data')} to arithmetic, for example.` },
      );
    }
    if (width % heads !== 0) {
      throw new CupbearerError('usage', `Expected a width that ${heads} heads share evenly, found ${width}.`);
    }
    return sequential({
      embedding: tokenEmbedding(vocabulary, width),
      blocks: sequential(
        Object.fromEntries(Array.from({ length: blocks }, (_, k) => [String(k), transformerBlock(width, heads)])),
      ),
      ln_final: layerNorm(),
      last: lastPosition(),
      head: linear(classes),
    });
  },
});
