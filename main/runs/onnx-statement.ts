import { z } from 'zod';
import { optionalInteger, optionalText } from '../../shared/schema/fields.ts';

const only = 'Of an ONNX model: ';

/** What an ONNX file does not say of itself, and the import of one needs to know. */
export const onnxStatement = z.object({
  input_shape: optionalText({
    advanced: true,
    label: 'Shape of a sample',
    help: `${only}height, width and channels of the images, or the number of tokens, separated by commas; that of its training data or of the graph unless given`,
  }),
  vocabulary: optionalInteger({
    advanced: true,
    label: 'Tokens',
    help: `${only}how many tokens texts are made of; as many as in its training data unless given`,
    min: 1,
    max: 2 ** 24,
  }),
  resize: optionalText({
    advanced: true,
    label: 'Resizing',
    help: `${only}how images of another size are made to fit: stretch, crop (the middle, after the shorter side fits) or pad (with black)`,
  }),
  layout: optionalText({
    advanced: true,
    label: 'Layout',
    help: `${only}nchw (channels before height and width) or nhwc (after them); seen from the graph where it can be`,
  }),
  output: optionalText({
    advanced: true,
    label: 'Output',
    help: `${only}the name of the output with one number a class, where it has several`,
  }),
});
export type OnnxStatement = z.output<typeof onnxStatement>;
