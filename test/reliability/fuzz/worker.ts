/** Process that gives inputs to parsers. What ends it, or holds it up, is found by the process that has started it. */
import { openSync, readFileSync, writeSync } from 'node:fs';
import { CupbearerError } from '../../../shared/errors.ts';
import { Inputs } from './inputs.ts';
import { usualMemory, type Parser } from './parser.ts';
import {
  parsersVariable,
  progressBytes,
  progressVariable,
  type Counts,
  type FindingKind,
  type FromWorker,
  type ToWorker,
} from './protocol.ts';

const { parsers } = (await import(process.env[parsersVariable]!)) as { parsers: readonly Parser[] };
const progress = openSync(process.env[progressVariable]!, 'r+');

process.on('message', (message: ToWorker) => void answer(message));

/** Kept, since making the seeds of some parsers takes longer than many inputs. */
let inputs: { parser: string; seed: number; of: Inputs } | undefined;

async function answer(message: ToWorker): Promise<void> {
  const parser = parsers.find(({ name }) => name === message.parser)!;
  const counts: Counts = { inputs: 0, read: 0, refused: 0, memory: 0, ms: 0 };
  if (message.type === 'input') await put(parser, new Uint8Array(readFileSync(message.path)), 0, false, counts);
  else {
    const { seed, from, count } = message;
    if (inputs?.parser !== parser.name || inputs.seed !== seed)
      inputs = { parser: parser.name, seed, of: await Inputs.of(parser, seed) };
    for (let index = from; index < from + count; index++)
      await put(parser, inputs.of.at(index), index, index < inputs.of.seeds, counts);
  }
  await parser.close?.();
  tell({ type: 'done', counts });
}

/** Gives one input to a parser and tells what does not hold. */
async function put(parser: Parser, input: Uint8Array, index: number, isSeed: boolean, counts: Counts): Promise<void> {
  // Written down at once: an input that ends this process leaves no other trace.
  writeSync(progress, progressBytes({ index, input }), 0, null, 0);
  const find = (kind: FindingKind, what: string) =>
    tell({ type: 'finding', finding: { parser: parser.name, kind, what, input } });
  const before = process.resourceUsage().maxRSS;
  const began = performance.now();
  try {
    // A copy: parsers may keep views of what they are given.
    const value = await parser.parse(input.slice());
    counts.read++;
    const wrong = parser.wrong?.(value, input);
    if (wrong !== undefined) find('wrong', wrong);
  } catch (error) {
    counts.refused++;
    if (isSeed) find('wrong', `A seed was refused: ${described(error)}`);
    else if (!isExpected(error, parser)) find('threw', described(error));
  }
  counts.inputs++;
  counts.ms = Math.max(counts.ms, performance.now() - began);
  // The peak of the process: what the garbage of earlier inputs takes counts too, but that comes in small steps.
  const memory = (process.resourceUsage().maxRSS - before) * 1024;
  counts.memory = Math.max(counts.memory, memory);
  if (memory > (parser.mostMemory ?? usualMemory))
    find('memory', `One input of ${input.length} bytes took ${Math.round(memory / 1e6)} MB.`);
}

function isExpected(error: unknown, parser: Parser): boolean {
  if (error instanceof CupbearerError) return error.code !== 'internal';
  return parser.documents?.(error) === true;
}

/** An error with where it was thrown; how this process got there says nothing. */
function described(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const lines = (error.stack ?? error.message).split('\n');
  const own = lines.findIndex((line) => line.includes('/fuzz/worker.ts'));
  return lines.slice(0, own === -1 ? lines.length : own).join('\n');
}

function tell(message: FromWorker): void {
  process.send!(message);
}
