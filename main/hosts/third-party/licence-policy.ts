/** Licences that a program under MIT complies with by shipping their text. Read any other before you add it. */
const allowed: ReadonlySet<string> = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'OFL-1.1',
  'PSF-2.0',
  'Python-2.0',
  'blessing',
]);

/** Returns whether an SPDX expression ("(MIT OR GPL-3.0-only)", "MIT AND ISC") can be met by allowed licences alone. */
export function isAllowed(expression: string): boolean {
  const tokens = expression.match(/[()]|[^\s()]+/g) ?? [];
  let at = 0;
  const alternatives = (): boolean => {
    let isFine = conjunction();
    while (tokens[at] === 'OR') {
      at++;
      isFine = conjunction() || isFine;
    }
    return isFine;
  };
  const conjunction = (): boolean => {
    let isFine = licence();
    while (tokens[at] === 'AND') {
      at++;
      isFine = licence() && isFine;
    }
    return isFine;
  };
  const licence = (): boolean => {
    const token = tokens[at++];
    if (token !== '(') return token !== undefined && allowed.has(token);
    const isFine = alternatives();
    return tokens[at++] === ')' && isFine;
  };
  return alternatives() && at === tokens.length;
}
