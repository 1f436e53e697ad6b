import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RandomStream } from '../../../main/tensor/random.ts';
import type { Material } from './material.ts';
import { materialOf, mutated } from './mutate.ts';
import type { Parser } from './parser.ts';

const corpus = fileURLToPath(new URL('../corpus/', import.meta.url));

/** Inputs that a parser once did not treat as it should, kept as small files in `corpus/<parser>/`. */
function keptInputs(parser: string): Uint8Array[] {
  const folder = join(corpus, parser);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .map((name) => new Uint8Array(readFileSync(join(folder, name))));
}

/** The inputs of a parser by index: first its seeds, then those of its corpus, then mutated ones, the same for the same seed. */
export class Inputs {
  readonly #given: readonly Uint8Array[];
  readonly #material: Material;
  readonly #stream: RandomStream;
  /** How many of the first inputs are seeds, which must be read. */
  readonly seeds: number;

  private constructor(parser: Parser, seeds: readonly Uint8Array[], seed: number) {
    const kept = keptInputs(parser.name);
    this.seeds = seeds.length;
    this.#given = [...seeds, ...kept];
    this.#material = materialOf(parser, this.#given);
    this.#stream = RandomStream.from(seed, 'fuzz', parser.name);
  }

  static async of(parser: Parser, seed: number): Promise<Inputs> {
    return new Inputs(parser, await parser.seeds(), seed);
  }

  at(index: number): Uint8Array {
    return this.#given[index]?.slice() ?? mutated(this.#material, this.#stream.derive(index));
  }
}
