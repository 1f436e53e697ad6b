/** A piece of a query as it was written, and where. */
interface Piece {
  text: string;
  start: number;
  end: number;
}

/**
 * Splits a query at white space; what is between double quotes stays together, `\"` inside them is a quote. A quote
 * that is not closed reaches to the end. The pieces keep their quotes: joined by spaces they are the query again.
 */
export function splitQuery(text: string): Piece[] {
  return [...text.matchAll(/(?:"(?:\\.|[^"\\])*(?:"|\\?$)|[^\s"])+/gsu)].map(({ 0: piece, index }) => ({
    text: piece,
    start: index,
    end: index + piece.length,
  }));
}

/** The text of a piece without its quotes. */
export function unquote(text: string): string {
  return text.replace(/"((?:\\.|[^"\\])*)(?:"|\\?$)/gsu, (_, inside: string) => inside.replace(/\\(["\\])/g, '$1'));
}

/** Writes a text as one piece of a query, quoted if it would otherwise be split or read as a field. */
export function quote(text: string): string {
  return /^[^\s"\\:<>=,!-][^\s"\\:<>=,!]*$/u.test(text) ? text : `"${text.replace(/["\\]/g, '\\$&')}"`;
}
