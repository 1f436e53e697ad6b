/** What this window remembers between visits; a wish of the user's, not data: what cannot be read is forgotten. */
export function readStored<T>(key: string, isValid: (value: unknown) => value is T, otherwise: T): T {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(`cupbearer:${key}`) ?? 'null');
    return isValid(value) ? value : otherwise;
  } catch {
    return otherwise;
  }
}

export function store(key: string, value: unknown): void {
  try {
    localStorage.setItem(`cupbearer:${key}`, JSON.stringify(value));
  } catch {
    // Storage is full or switched off: it holds for this visit.
  }
}

/** Nothing is remembered any more. */
export function forget(key: string): void {
  try {
    localStorage.removeItem(`cupbearer:${key}`);
  } catch {
    // There is none.
  }
}

export const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');
