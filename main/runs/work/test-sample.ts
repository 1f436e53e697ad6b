import type { TestPart } from '../../tasks/task.ts';

/** Returns the part of the test samples that a position among all of them belongs to, and the sample's index in its dataset. */
export function testSampleAt(test: readonly TestPart[], position: number): { part: TestPart; index: number } {
  let start = 0;
  for (const part of test) {
    if (position < start + part.indices.length) return { part, index: part.indices[position - start]! };
    start += part.indices.length;
  }
  throw new Error(`There is no test sample ${position}; there are ${start}.`);
}
