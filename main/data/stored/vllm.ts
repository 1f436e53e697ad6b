import type { FoundArray } from './found-array.ts';
import { refuse } from './found-array.ts';
import { floatTypeOf } from './stored-rows.ts';
import { lengthsOf, type Lengths } from './stored-layers.ts';

const states = 'hidden_states';
const tokens = 'token_ids';

/** Whether a file is one request as vLLM's hidden-states connectors write it. */
export function isRequest(arrays: readonly FoundArray[]): boolean {
  return arrays.some(({ name }) => name === states) && arrays.some(({ name }) => name === tokens);
}

/**
 * Returns the layers of requests, each the arrays of one file: `hidden_states` `[seq, layers, d]`, of which every layer becomes an
 * array `[seq, d]` called `hidden_states.0` and so on, and `token_ids` `[seq]`. A request of which only the last token was kept has
 * all `token_ids` and one state. @throws CupbearerError `bad-data` naming the file that does not fit.
 */
export function requestLayers(requests: readonly (readonly FoundArray[])[]): {
  arrays: FoundArray[];
  lengths: Lengths;
} {
  const arrays: FoundArray[] = [];
  const lengths = new Int32Array(requests.length);
  let first: FoundArray | undefined;
  for (const [i, request] of requests.entries()) {
    const array = request.find(({ name }) => name === states)!;
    const ids = request.find(({ name }) => name === tokens)!;
    const [seq, layers, d] = array.shape;
    if (array.shape.length !== 3) refuse(array, 'a shape [tokens, layers, d]', `[${array.shape.join(', ')}]`);
    const known = ids.shape.length === 1 ? ids.shape[0]! : -1;
    if (known !== seq && !(seq === 1 && known > 1))
      refuse(ids, `a shape [${seq}], a token for each row of ${states}`, `[${ids.shape.join(', ')}]`);
    first ??= array;
    if (layers !== first.shape[1] || d !== first.shape[2]) {
      refuse(array, `${first.shape[1]} layers of ${first.shape[2]}, as in "${first.file.path}"`, `${layers} of ${d}`);
    }
    lengths[i] = seq!;
    const size = d! * floatTypeOf(array.type).bytes;
    for (let layer = 0; layer < layers!; layer++) {
      arrays.push({
        ...array,
        name: `${states}.${layer}`,
        shape: [seq, d!],
        start: array.start + layer * size,
        stride: layers! * size,
        bytes: seq * size,
      });
    }
  }
  return { arrays, lengths: lengthsOf(first!, lengths) };
}
