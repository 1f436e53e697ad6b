import type { Parser } from '../parser.ts';
import { arrayParsers } from './arrays.ts';
import { dataParsers } from './data.ts';
import { fileParsers } from './files.ts';
import { hostParsers } from './hosts.ts';
import { runParsers } from './runs.ts';
import { storedParsers } from './stored.ts';
import { textParsers } from './texts.ts';

/** All parsers of what comes from outside. */
export const parsers: readonly Parser[] = [
  ...arrayParsers,
  ...dataParsers,
  ...fileParsers,
  ...textParsers,
  ...hostParsers,
  ...runParsers,
  ...storedParsers,
];
