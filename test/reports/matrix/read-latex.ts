/** Commands that a table may use, and the text that they stand for where they do. */
const commands: Readonly<Record<string, string>> = {
  textbackslash: '\\', textasciitilde: '~', textasciicircum: '^', textless: '<', textgreater: '>', textbar: '|', textbullet: '•', ldots: '…',
  textbf: '', underline: '', textsuperscript: '', scriptsize: '',
  dag: '†', ddag: '‡', S: '§', P: '¶', copyright: '©', pounds: '£', ss: 'ß', ae: 'æ', AE: 'Æ', oe: 'œ', OE: 'Œ', o: 'ø', O: 'Ø', l: 'ł', L: 'Ł', i: 'ı', aa: 'å', AA: 'Å',
  pm: '±', times: '×', div: '÷', cdot: '·', leq: '≤', geq: '≥', neq: '≠', approx: '≈', infty: '∞', surd: '√', in: '∈', sum: '∑', partial: '∂', neg: '¬',
  rightarrow: '→', leftarrow: '←', uparrow: '↑', downarrow: '↓', leftrightarrow: '↔', circ: '°', frac: '', mu: 'µ',
  alpha: 'α', beta: 'β', gamma: 'γ', delta: 'δ', varepsilon: 'ε', zeta: 'ζ', eta: 'η', theta: 'θ', iota: 'ι', kappa: 'κ', lambda: 'λ', nu: 'ν', xi: 'ξ', pi: 'π',
  rho: 'ρ', sigma: 'σ', tau: 'τ', upsilon: 'υ', varphi: 'φ', chi: 'χ', psi: 'ψ', omega: 'ω', Gamma: 'Γ', Delta: 'Δ', Theta: 'Θ', Lambda: 'Λ', Xi: 'Ξ', Pi: 'Π',
  Sigma: 'Σ', Phi: 'Φ', Psi: 'Ψ', Omega: 'Ω',
}; // prettier-ignore

const accents: Readonly<Record<string, string>> = {
  '`': '\u0300', "'": '\u0301', '^': '\u0302', '~': '\u0303', '=': '\u0304', u: '\u0306', '.': '\u0307', '"': '\u0308', r: '\u030a',
  H: '\u030b', v: '\u030c', d: '\u0323', c: '\u0327', b: '\u0331',
}; // prettier-ignore

/** A table that was read. */
interface ReadTable {
  columns: string;
  rows: string[][];
}

/**
 * Reads LaTeX text as TeX would: characters with a meaning act unless they are escaped. Returns what is shown, with
 * what is raised in angle brackets. Throws where braces or dollars do not match, or something acts that should be text.
 */
export function readLatex(source: string): string {
  const reader = new Reader(source);
  const text = reader.group(false);
  if (!reader.ended) throw new Error(`A brace too many in ${JSON.stringify(source)}`);
  return text.normalize('NFC');
}

/** Reads the only table of a document, cell by cell. */
export function readLatexTable(source: string): ReadTable {
  if (/[^\x20-\x7e\n]/.test(source)) throw new Error('Expected nothing but ASCII.');
  const lines = source.split('\n').filter((line) => !line.startsWith('%'));
  const begins = lines.filter((line) => line.includes('\\begin{tabular}'));
  const [begin] = begins;
  const columns = /^ {2}\\begin\{tabular\}\{([lc]+)\}$/.exec(begin ?? '')?.[1];
  if (begins.length !== 1 || columns === undefined) throw new Error('Expected one table.');
  const body = lines.slice(lines.indexOf(begin!) + 1, lines.indexOf('  \\end{tabular}'));
  const rows = body
    .filter((line) => !/^ {4}\\(top|mid|bottom)rule$|^ {4}\\addlinespace(\[2pt\])?$/.test(line))
    .map((line) => {
      if (!line.endsWith(' \\\\')) throw new Error(`Not a row: ${line}`);
      return cellsOf(line.slice(4, -3)).map((cell) => readLatex(cell.trim()));
    });
  return { columns, rows };
}

/** Splits at ampersands that are not escaped and in no group. */
function cellsOf(row: string): string[] {
  const cells = [''];
  let depth = 0;
  for (let i = 0; i < row.length; i++) {
    const character = row[i]!;
    const escaped = character === '\\' ? row.slice(i, i + 2) : character;
    if (escaped === '\\\\') throw new Error(`A row ends within ${row}`);
    if (escaped === '{') depth++;
    if (escaped === '}') depth--;
    if (escaped === '&' && depth === 0) cells.push('');
    else cells[cells.length - 1]! += escaped;
    i += escaped.length - 1;
  }
  return cells;
}

class Reader {
  #at = 0;
  readonly #source: string;

  constructor(source: string) {
    this.#source = source;
  }

  get ended(): boolean {
    return this.#at === this.#source.length;
  }

  /** Text up to the brace that ends a group, or to the end. */
  group(isMath: boolean): string {
    let text = '';
    while (!this.ended) {
      const character = this.#source[this.#at]!;
      if (character === '}') return text;
      this.#at++;
      if (character === '{') text += this.#rest(isMath);
      else if (character === '\\') text += this.#command(isMath);
      else if (character === '$') text += this.#math(isMath);
      else if (character === '~') text += '\u00a0';
      else if ('%#&_^'.includes(character) && !(isMath && character === '^'))
        throw new Error(`${character} acts in ${JSON.stringify(this.#source)}`);
      else text += character;
    }
    return text;
  }

  /** A group whose brace has been read. */
  #rest(isMath: boolean): string {
    const text = this.group(isMath);
    if (this.#source[this.#at++] !== '}') throw new Error(`A brace is missing in ${JSON.stringify(this.#source)}`);
    return text;
  }

  #math(isMath: boolean): string {
    if (isMath) throw new Error('Mathematics within mathematics');
    const end = this.#source.indexOf('$', this.#at);
    if (end === -1) throw new Error(`A dollar is missing in ${JSON.stringify(this.#source)}`);
    const inner = new Reader(this.#source.slice(this.#at, end)).group(true);
    this.#at = end + 1;
    return inner;
  }

  #command(isMath: boolean): string {
    const name = /^([a-zA-Z]+ ?|.)/.exec(this.#source.slice(this.#at))?.[1];
    if (name === undefined) throw new Error('A backslash at the end');
    this.#at += name.length;
    if ('&%$#_{}'.includes(name)) return name;
    if (name === ',') return '\u202f';
    const key = name.trimEnd();
    if (accents[key] !== undefined && this.#source[this.#at] === '{') {
      this.#at++;
      const letter = this.#rest(isMath);
      return letter === '' ? key : letter + accents[key];
    }
    const known = commands[key];
    if (known === undefined) throw new Error(`An unknown command: ${key}`);
    if (key !== 'textsuperscript') return known;
    this.#at++;
    return `<${this.#rest(isMath)}>`;
  }
}
