/** What has a meaning in LaTeX, or looks otherwise in its default encoding. */
const special: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}', '&': '\\&', '%': '\\%', $: '\\$', '#': '\\#', _: '\\_', '{': '\\{', '}': '\\}',
  '~': '\\textasciitilde{}', '^': '\\textasciicircum{}', '<': '\\textless{}', '>': '\\textgreater{}', '|': '\\textbar{}', '`': '\\`{}',
  '"': "{''}",
  // After the end of a row these would be read as its options.
  '[': '{[}', ']': '{]}', '*': '{*}',
}; // prettier-ignore

/** Letters and signs that LaTeX has commands for, so that a table needs no encoding and no package. */
const commands: Readonly<Record<string, string>> = {
  '\u00a0': '~', '\u202f': '\\,', '\u2009': '\\,', '–': '--', '—': '---', '‐': '-', '‑': '-', '…': '\\ldots{}', '‘': '`', '’': "'",
  '“': '``', '”': "''", '„': ',{},', '•': '\\textbullet{}', '†': '\\dag{}', '‡': '\\ddag{}', '§': '\\S{}', '¶': '\\P{}', '©': '\\copyright{}',
  '±': '$\\pm$', '×': '$\\times$', '÷': '$\\div$', '·': '$\\cdot$', '−': '$-$', '≤': '$\\leq$', '≥': '$\\geq$', '≠': '$\\neq$',
  '≈': '$\\approx$', '∞': '$\\infty$', '√': '$\\surd$', '∈': '$\\in$', '∑': '$\\sum$', '∂': '$\\partial$', '→': '$\\rightarrow$',
  '←': '$\\leftarrow$', '↑': '$\\uparrow$', '↓': '$\\downarrow$', '↔': '$\\leftrightarrow$', '°': '$^\\circ$', '¹': '$^1$', '²': '$^2$', '³': '$^3$',
  '½': '$\\frac12$', '¼': '$\\frac14$', '¾': '$\\frac34$', 'µ': '$\\mu$', '¿': '?`', '¡': '!`', '£': '\\pounds{}', '¬': '$\\neg$',
  ß: '\\ss{}', æ: '\\ae{}', Æ: '\\AE{}', œ: '\\oe{}', Œ: '\\OE{}', ø: '\\o{}', Ø: '\\O{}', ł: '\\l{}', Ł: '\\L{}', ı: '\\i{}', å: '\\aa{}', Å: '\\AA{}',
  α: '$\\alpha$', β: '$\\beta$', γ: '$\\gamma$', δ: '$\\delta$', ε: '$\\varepsilon$', ζ: '$\\zeta$', η: '$\\eta$', θ: '$\\theta$', ι: '$\\iota$',
  κ: '$\\kappa$', λ: '$\\lambda$', μ: '$\\mu$', ν: '$\\nu$', ξ: '$\\xi$', π: '$\\pi$', ρ: '$\\rho$', σ: '$\\sigma$', τ: '$\\tau$', υ: '$\\upsilon$',
  φ: '$\\varphi$', χ: '$\\chi$', ψ: '$\\psi$', ω: '$\\omega$', Γ: '$\\Gamma$', Δ: '$\\Delta$', Θ: '$\\Theta$', Λ: '$\\Lambda$', Ξ: '$\\Xi$',
  Π: '$\\Pi$', Σ: '$\\Sigma$', Φ: '$\\Phi$', Ψ: '$\\Psi$', Ω: '$\\Omega$',
}; // prettier-ignore

/** Accents over a letter, by the combining character. */
const accents: Readonly<Record<string, string>> = {
  '\u0300': '`', '\u0301': "'", '\u0302': '^', '\u0303': '~', '\u0304': '=', '\u0306': 'u', '\u0307': '.', '\u0308': '"', '\u030a': 'r',
  '\u030b': 'H', '\u030c': 'v', '\u0323': 'd', '\u0327': 'c', '\u0331': 'b',
}; // prettier-ignore

/** Two of these in a row become one sign. */
const joined = new Set(['-', "'", ',']);

/**
 * Returns text as LaTeX that shows it as it is, on one line, in any input and font encoding and without packages. What
 * LaTeX has no command for (most scripts, emoji) stands as its code point, "[U+4E2D]"; characters that show nothing are
 * left out.
 */
export function latexText(text: string): string {
  let latex = '';
  const line = text.normalize('NFC').replaceAll(/[ \p{Cc}\u2028\u2029]+/gu, ' ');
  for (const character of line) {
    const written = ofCharacter(character);
    latex += joined.has(written) && latex.endsWith(written) ? `{}${written}` : written;
  }
  return latex;
}

function ofCharacter(character: string): string {
  const known = special[character] ?? commands[character];
  if (known !== undefined) return known;
  if (character >= ' ' && character <= '~') return character;
  if (/^\p{Cf}$/u.test(character)) return '';
  return accented(character) ?? `{[}U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}{]}`;
}

/** A Latin letter with an accent as a command; null where it is none, or has several accents, which TeX cannot stack. */
function accented(character: string): string | null {
  const [letter, mark, ...more] = character.normalize('NFD');
  const accent = mark === undefined ? undefined : accents[mark];
  if (letter === undefined || accent === undefined || more.length > 0 || !/^[A-Za-z]$/.test(letter)) return null;
  return `\\${accent}{${letter}}`;
}
