import { z } from 'zod';
import { optionalInteger, optionalText } from '../../shared/schema/fields.ts';

const only = 'Of an ONNX model: ';

/** What an ONNX file does not say of itself, and the import of one needs to know. */
export const onnxStatement = z.object({
  classes: optionalText({
    advanced: true,
    label: 'Classes',
    help: `${only}the names of its classes in the order of its outputs, separated by commas; read from classes.txt (one a line) or config.json beside it unless given`,
  }),
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
  resize_to: optionalInteger({
    advanced: true,
    label: 'Shorter side before cropping',
    help: `${only}what the shorter side is made before the middle is cut out; as small as fits unless given`,
    unit: 'px',
    min: 1,
    max: 2 ** 16,
  }),
  value_range: optionalText({
    advanced: true,
    label: 'Range of values',
    help: `${only}what values of 0 to 1 become before the mean is subtracted: 0,1 unless given, 0,255 or -1,1`,
  }),
  channel_order: optionalText({
    advanced: true,
    label: 'Order of channels',
    help: `${only}rgb, unless given, or bgr`,
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
