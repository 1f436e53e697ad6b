/** A value as Python writes it in a `.npy` header. Tuples become arrays. */
type PythonValue = string | boolean | number | number[];

const tokens = /\s*(?:([{}()[\],:])|'([^'\\\n]*)'|"([^"\\\n]*)"|(True|False)\b|(\d{1,16})\b)/y;

type Token = { sign: string } | { value: string | boolean | number };

/**
 * Reads a Python dictionary of strings, booleans, whole numbers and tuples of whole numbers, and nothing else. Nothing
 * is evaluated. Returns a description of what was found instead if the text is anything else.
 */
export function parsePythonDict(text: string): Record<string, PythonValue> | string {
  const scanned = scan(text);
  if (typeof scanned === 'string') return scanned;
  let at = 0;
  const isSign = (sign: string): boolean => {
    const token = scanned[at];
    const found = token !== undefined && 'sign' in token && token.sign === sign;
    if (found) at++;
    return found;
  };
  const value = (): string | boolean | number | undefined => {
    const token = scanned[at];
    if (token === undefined || !('value' in token)) return undefined;
    at++;
    return token.value;
  };
  const tuple = (): number[] | undefined => {
    const items: number[] = [];
    while (!isSign(')')) {
      const item = value();
      if (typeof item !== 'number') return undefined;
      items.push(item);
      if (isSign(',')) continue;
      // "(3)" is a number in parentheses in Python, not a tuple.
      return isSign(')') && items.length > 1 ? items : undefined;
    }
    return items;
  };

  const entries = new Map<string, PythonValue>();
  if (!isSign('{')) return 'no dictionary';
  while (!isSign('}')) {
    const key = value();
    if (typeof key !== 'string' || !isSign(':')) return 'a key that is no string, or has no value';
    if (entries.has(key)) return `the key "${key}" twice`;
    const item = isSign('(') ? tuple() : value();
    if (item === undefined) return `no plain value for "${key}"`;
    entries.set(key, item);
    if (isSign(',')) continue;
    if (isSign('}')) break;
    return `no comma after "${key}"`;
  }
  return at === scanned.length ? Object.fromEntries(entries) : 'more text after the dictionary';
}

function scan(text: string): Token[] | string {
  const end = text.trimEnd().length;
  const found: Token[] = [];
  tokens.lastIndex = 0;
  while (tokens.lastIndex < end) {
    const from = tokens.lastIndex;
    const match = tokens.exec(text);
    if (!match) return JSON.stringify(text.slice(from, from + 20));
    const [, sign, single, double, truth, digits] = match;
    if (sign !== undefined) found.push({ sign });
    else if (digits !== undefined) found.push({ value: Number(digits) });
    else if (truth !== undefined) found.push({ value: truth === 'True' });
    else found.push({ value: single ?? double! });
  }
  return found;
}
