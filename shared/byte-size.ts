const units: Readonly<Record<string, number>> = { '': 1, b: 1, kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12 };

/** Returns the bytes of a size as people write it, in decimal units ("5GB", "1.5 tb", "800 MB"); undefined for any other text. */
export function parseByteSize(text: string): number | undefined {
  const [, amount, unit] = /^\s*(\d{1,15}(?:\.\d{1,9})?)\s*([kmgt]?b)?\s*$/i.exec(text) ?? [];
  return amount === undefined ? undefined : Math.round(Number(amount) * units[(unit ?? '').toLowerCase()]!);
}
