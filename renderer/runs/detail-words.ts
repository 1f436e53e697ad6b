import { inSentence } from '../../shared/format.ts';

/**
 * A word of a run's task as people read it: "wanet" as "WaNet warp", "against corner" as "against corner pixel"; what is no
 * trigger stays as it is. `titleOf` has the title of a trigger by its id, and the id where there is none.
 */
export function detailWords(detail: string, titleOf: (id: string) => string): string {
  const [, against = '', id = ''] = /^(against )?(.*)$/.exec(detail) ?? [];
  const title = titleOf(id);
  return title === id ? detail : against + inSentence(title);
}
