import fc from 'fast-check';
import { drawEvaluationFigures } from '../../main/figures/evaluation-figures.ts';
import { evaluateScores } from '../../main/evaluation/evaluate-scores.ts';

/** A figure of an evaluation as it is drawn. */
export function someFigure(): string {
  const labels = Uint8Array.from({ length: 40 }, (_, i) => i % 2);
  const scores = Float32Array.from(labels, (label, i) => label + ((i * 7) % 11) / 5);
  const layers = { 'a <layer> & "more"': evaluateScores(scores, labels) };
  return drawEvaluationFigures({ layers, about: {} })
    .find(({ name }) => name === 'roc')!
    .svg.toString();
}

const pieces = [
  '<script>alert(1)</script>', '<script/>', '<script href="https://example.org/x.js"/>', ' onload="alert(1)"', ' onclick="alert(1)"', '<a href="javascript:alert(1)">', '<a xlink:href="javascript:alert(1)">',
  '<style>*{display:none}</style>', '<style>@import "https://example.org/x.css"', ' style="display:none"', ' class="wide"', '<image href="https://example.org/x.png"/>', '<image href="data:image/svg+xml;base64,PHN2Zz4="/>',
  '<use href="https://example.org/x.svg#a"/>', '<foreignObject>', '<foreignObject><img src=x onerror=alert(1)></foreignObject>', '<iframe src="https://example.org/">', '<set attributeName="href" to="javascript:alert(1)"/>',
  '<animate attributeName="x" values="1"/>', '<feImage href="https://example.org/"/>', ' fill="url(https://example.org/#x)"', ' clip-path="url(https://example.org/#x)"', ' clip-path="url(#clip-00000000)"', ' filter="url(#x)"', '<title>', '</title>', '<desc>', '</desc>', '</svg>', '<svg>', '<svg xmlns="http://www.w3.org/1999/xhtml">',
  '<!--', '-->', '<![CDATA[', ']]>', '<?xml-stylesheet href="https://example.org/x.css"?>', '<!DOCTYPE svg [<!ENTITY x "<script>alert(1)</script>">]>', '&x;', '&#60;script&#62;', '&lt;script&gt;', '&', '<', '>', '"', "'", '/>', '=', '\0', '\n', '\f', ' ', '</text>', '<text>', '<p>', '<math>', '<img src=x onerror=alert(1)>', '</desc><script>alert(1)</script><desc>', 'x',
]; // prettier-ignore

/** A figure with pieces put into it, anywhere. */
export const hostileSvg = fc
  .array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(...pieces)), {
    minLength: 1,
    maxLength: 4,
  })
  .map((inserted) => {
    let svg = someFigureOnce();
    for (const [share, piece] of inserted) {
      // Mostly at the edges of tags, where something may come of it.
      const near = Math.floor(share * svg.length);
      const edge = svg.slice(near).search(/[<>" ]/);
      const at = near + Math.max(0, edge) + (near % 2);
      svg = svg.slice(0, at) + piece + svg.slice(at);
    }
    return svg;
  });

let drawn: string | undefined;
const someFigureOnce = () => (drawn ??= someFigure());

/** Elements of a figure, with their attributes. */
export const svgElements: Readonly<Record<string, readonly string[]>> = (() => {
  const look = ['fill', 'fill-opacity', 'stroke', 'stroke-opacity', 'stroke-width', 'stroke-linecap', 'stroke-linejoin', 'stroke-dasharray', 'stroke-dashoffset', 'clip-path']; // prettier-ignore
  return {
    svg: ['xmlns', 'width', 'height', 'viewBox', 'role', 'font-family'],
    title: [],
    desc: [],
    defs: [],
    clipPath: ['id', 'clip-path'],
    path: ['d', ...look],
    text: ['x', 'y', 'transform', 'font-size', 'font-weight', 'text-anchor', 'aria-hidden', ...look],
    image: ['width', 'height', 'href'],
  };
})();
