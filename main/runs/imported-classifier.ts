import { z } from 'zod';
import { defaultPick, flag, optionalPick, optionalText } from '../../shared/schema/fields.ts';
import { datasetRegistry } from '../data/datasets/index.ts';
import { knownArchitectures } from '../models/architectures/index.ts';
import { trainClassifierParams } from './classifier-spec.ts';

/**
 * The spec of a classifier that was trained elsewhere: a training's spec with a mark and only the parameters that are
 * known. It need not say what the model was trained on.
 */
export const importedClassifierParams = z.object({
  ...trainClassifierParams.shape,
  train_data: optionalPick(() => datasetRegistry, {
    label: 'Training data',
    help: 'What the classifier has learned from, where that is known',
  }),
  model: defaultPick(() => knownArchitectures, {
    label: 'Model',
    help: 'Architecture of the classifier',
    default: 'mlp',
  }),
  imported: flag({ label: 'Imported', help: 'Trained elsewhere and imported', default: true }),
  graph: optionalText({ label: 'Graph', help: 'The ONNX file that the model is, where it is one' }),
  classes_note: optionalText({
    label: 'Classes',
    help: 'What is to be known where its classes are not matched with those of its data by name',
  }),
});
