import type { RecipeMaker } from '../dataset.ts';
import { augmented } from './augmentation.ts';
import { changed } from './changed.ts';
import { concatenated } from './concatenated.ts';
import { poisoned } from './poisoning.ts';
import { relabelled } from './relabelled.ts';
import { replaced } from './replaced.ts';
import { chosenSamples } from './subset.ts';

/** All transforms. A new one is its file and a line here. */
export const transforms: readonly RecipeMaker[] = [
  chosenSamples,
  concatenated,
  changed,
  augmented,
  poisoned,
  relabelled,
  replaced,
];
