/** Returns text without the form of accents and letters, and without capitals: "Straße" and "STRASSE" are alike. */
export function foldCase(text: string): string {
  // Upper case first: it spells out letters that have no capital of their own.
  return text.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFC');
}

const number = /^0*(\d+)(?:\.0*)?$/;

/** Returns a folded name as a number is written, if it is a whole one: "09" and "9.0" are "9". */
export function foldNumber(text: string): string {
  const folded = foldCase(text).trim();
  return number.exec(folded)?.[1] ?? folded;
}
