/** What an attribute may say, and what may stand within an element. */
interface ElementRules {
  attributes: Readonly<Record<string, RegExp>>;
  children: readonly string[];
  hasText?: boolean;
}

const size = /^\d+(\.\d+)?$/;
const place = /^-?\d+(\.\d+)?(e-?\d+)?$/;
const colour = /^(none|#[\da-f]{3,8}|rgb\(\d+,\d+,\d+\)|[a-z]+)$/i;
const clip = /^url\(#clip-[\da-f]{8}\)$/;
const word = /^[a-z]+$/;

const look = {
  fill: colour,
  'fill-opacity': size,
  stroke: colour,
  'stroke-opacity': size,
  'stroke-width': size,
  'stroke-linecap': word,
  'stroke-linejoin': word,
  'stroke-dasharray': /^[\d. ]+$/,
  'stroke-dashoffset': place,
  'clip-path': clip,
};

/** All that figures are drawn with: `shared/charts/svg-context.ts` and `figures/image-sheet.ts` write nothing else. */
const rules: Readonly<Record<string, ElementRules>> = {
  svg: {
    attributes: {
      xmlns: /^http:\/\/www\.w3\.org\/2000\/svg$/,
      width: size,
      height: size,
      viewBox: /^0 0 [\d.]+ [\d.]+$/,
      role: /^img$/,
      'font-family': /^[\w ,'-]+$/,
    },
    children: ['title', 'desc', 'defs', 'path', 'text', 'image'],
  },
  title: { attributes: {}, children: [], hasText: true },
  desc: { attributes: {}, children: [], hasText: true },
  defs: { attributes: {}, children: ['clipPath'] },
  clipPath: { attributes: { id: /^clip-[\da-f]{8}$/, 'clip-path': clip }, children: ['path'] },
  path: { attributes: { d: /^[MLCAZ\d\s.e-]*$/, ...look }, children: [] },
  text: {
    attributes: {
      x: place,
      y: place,
      transform: /^translate\([\d.e -]+\) rotate\([\d.e -]+\)$/,
      'font-size': size,
      'font-weight': /^(\d+|bold)$/,
      'text-anchor': word,
      'aria-hidden': /^true$/,
      ...look,
    },
    children: [],
    hasText: true,
  },
  image: {
    attributes: { width: size, height: size, href: /^data:image\/png;base64,[A-Za-z\d+/]*={0,2}$/ },
    children: [],
  },
};

const names: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' };
const reference = /&(?:#(\d{1,7})|(amp|lt|gt|quot));/g;
const piece = /<(\/?)([a-zA-Z]+)((?: [\w-]+="[^"<>&]*")*)(\/?)>|[^<]+/y;

/** A figure that is safe to put into a page: drawn with nothing but shapes and text. */
export interface DrawnSvg {
  svg: string;
  /** Its text alternative, "" if it has none. */
  description: string;
}

/**
 * Returns the figure in an SVG file if this program can have drawn it, else undefined. It is read by a grammar of its
 * own, the few elements and attributes that figures are drawn with, so that it means the same to every reader and holds
 * neither scripts nor styles nor addresses, even if the file is hostile.
 */
export function drawnSvg(file: string): DrawnSvg | undefined {
  const open: string[] = [];
  let isComplete = false;
  let description = '';
  for (const match of pieces(file.trim())) {
    if (match === undefined || isComplete) return undefined;
    const [text, closes, name, attributes = '', closesItself] = match;
    const within = open.at(-1);
    if (name === undefined) {
      if (!isText(text, within)) return undefined;
      if (within === 'desc') description += decoded(text);
    } else if (closes) {
      if (open.pop() !== name || attributes !== '' || closesItself) return undefined;
    } else {
      const isExpected = within === undefined ? name === 'svg' : rules[within]!.children.includes(name);
      if (!isExpected || !areAllowed(attributes, name)) return undefined;
      if (!closesItself) open.push(name);
    }
    isComplete = open.length === 0;
  }
  return isComplete ? { svg: file, description } : undefined;
}

/** Tags and the texts between them in their order; undefined for what is neither. */
function* pieces(file: string): Generator<RegExpExecArray | undefined> {
  for (let at = 0; at < file.length;) {
    piece.lastIndex = at;
    const match = piece.exec(file);
    yield match ?? undefined;
    if (!match) return;
    at = piece.lastIndex;
  }
}

function isText(text: string, within: string | undefined): boolean {
  const hasText = within !== undefined && rules[within]!.hasText === true;
  return hasText ? !text.replaceAll(reference, '').includes('&') : text.trim() === '';
}

function areAllowed(attributes: string, name: string): boolean {
  const given = [...attributes.matchAll(/ ([\w-]+)="([^"]*)"/g)];
  const allowed = rules[name]!.attributes;
  return (
    new Set(given.map(([, key]) => key)).size === given.length &&
    given.every(([, key, value]) => Object.hasOwn(allowed, key!) && allowed[key!]!.test(value!))
  );
}

function decoded(text: string): string {
  return text.replaceAll(reference, (_, code: string | undefined, name: string | undefined) =>
    code === undefined ? names[name!]! : String.fromCodePoint(Math.min(Number(code), 0x10ffff)),
  );
}
