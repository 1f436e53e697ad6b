import { Registry } from '../../../shared/definition.ts';
import type { DatasetDefinition } from '../dataset.ts';
import { arithmetic } from './arithmetic.ts';
import { arrayFolder } from './array-folder.ts';
import { backdoorDataset } from './backdoor.ts';
import { cifar10 } from './cifar10.ts';
import { fashionMnist } from './fashion-mnist.ts';
import { glyphs } from './glyphs.ts';
import { gtsrb } from './gtsrb.ts';
import { imageFolder } from './image-folder.ts';
import { mnist } from './mnist.ts';
import { toyFeatures } from './toy-features.ts';

/** All datasets. A new one is its file and a line here. */
export const datasetRegistry: Registry<DatasetDefinition> = new Registry<DatasetDefinition>('dataset', [
  mnist,
  fashionMnist,
  cifar10,
  gtsrb,
  imageFolder,
  arrayFolder,
  glyphs,
  toyFeatures,
  arithmetic,
  backdoorDataset(() => datasetRegistry),
]);
