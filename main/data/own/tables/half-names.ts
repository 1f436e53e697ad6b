/** The half that data belong to, as their names tell. */
export type HalfName = 'train' | 'test' | 'validation';

/** What an array is to its samples. */
export type Role = 'inputs' | 'labels';

const halves: Readonly<Record<string, HalfName>> = {
  train: 'train',
  training: 'train',
  test: 'test',
  testing: 'test',
  t10k: 'test',
  val: 'validation',
  valid: 'validation',
  validation: 'validation',
  dev: 'validation',
};
const roles: Readonly<Record<string, Role>> = {
  x: 'inputs',
  images: 'inputs',
  image: 'inputs',
  inputs: 'inputs',
  input: 'inputs',
  data: 'inputs',
  features: 'inputs',
  y: 'labels',
  labels: 'labels',
  label: 'labels',
  targets: 'labels',
  target: 'labels',
  classes: 'labels',
};

const wordsOf = (name: string) => name.toLowerCase().split(/[^a-z0-9]+/);
const own = <T>(table: Readonly<Record<string, T>>, word: string) =>
  Object.hasOwn(table, word) ? table[word] : undefined;

/** Returns the half that a path or a cell names: "data/train-00000-of-00002.parquet", "x_test"; undefined if none. */
export function halfOf(parts: readonly string[]): HalfName | undefined {
  // What is nearest to the data counts.
  for (const part of parts.toReversed()) {
    const found = wordsOf(part.replace(/\.[a-z]+$/i, '')).flatMap((word) => own(halves, word) ?? []);
    if (found[0]) return found[0];
  }
  return undefined;
}

/** Returns whether an array holds inputs or labels, by its name; undefined if that does not tell. */
export function roleOf(name: string): Role | undefined {
  return wordsOf(name)
    .flatMap((word) => own(roles, word) ?? [])
    .at(-1);
}
