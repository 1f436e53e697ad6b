/** A phrase as a sentence of its own: with a full stop, unless it ends with a mark already. */
export function asSentence(phrase: string): string {
  return phrase === '' || /[.!?:…]$/.test(phrase) ? phrase : `${phrase}.`;
}
