import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { trainingSeries } from '../../shared/charts/training-series.ts';
import { drawEvaluationFigures } from '../../main/figures/evaluation-figures.ts';
import { drawImageSheet } from '../../main/figures/image-sheet.ts';
import { drawTextSheet } from '../../main/figures/text-sheet.ts';
import { drawTrainingFigure } from '../../main/figures/training-figure.ts';
import { evaluateScores } from '../../main/evaluation/evaluate-scores.ts';
import { drawnSvg } from '../../main/reports/drawn-svg.ts';
import { hostileSvg, someFigure, svgElements } from './hostile-svg.ts';

describe('a figure that this program has drawn', () => {
  const labels = Uint8Array.from({ length: 60 }, (_, i) => i % 2);
  const metrics = evaluateScores(
    Float32Array.from(labels, (label, i) => label + ((i * 7) % 13) / 4),
    labels,
  );
  const figures = [
    ...drawEvaluationFigures({ layers: { 'a & <b>': metrics, b: metrics, c: metrics, all: metrics }, about: {} }),
    drawTrainingFigure(
      trainingSeries([1, 2].map((epoch) => ({ epoch, loss: 1 / epoch, accuracy: 0.5, validation: {} }))),
    ),
    drawImageSheet(
      { shape: [2, 2, 1], count: 1, before: new Float32Array(4), after: new Float32Array(4).fill(0.5) },
      { name: 'examples', title: 'A & B', before: 'Clean', after: '<x>' },
    ),
    drawTextSheet([{ before: ['a'], after: ['b', '<c>'] }], { name: 'texts', title: 'T', before: 'x', after: 'y' }),
  ];
  it.each(figures.map((figure) => [figure.name, figure] as const))(
    '%s is taken as it is',
    (_, { svg, description }) => {
      expect(drawnSvg(svg.toString())).toEqual({ svg: svg.toString(), description });
    },
  );
});

describe('what this program cannot have drawn is none', () => {
  const figure = someFigure();
  const changed = (change: (svg: string) => string) => {
    const after = change(figure);
    expect(after).not.toBe(figure);
    return drawnSvg(after);
  };

  it.each([
    ['a script', (svg: string) => svg.replace('</svg>', '<script>alert(1)</script></svg>')],
    ['a script that closes itself', (svg: string) => svg.replace('</svg>', '<script/></svg>')],
    ['a handler', (svg: string) => svg.replace('<svg ', '<svg onload="alert(1)" ')],
    ['a handler of a part', (svg: string) => svg.replace('<path ', '<path onclick="alert(1)" ')],
    ['a link', (svg: string) => svg.replace('<text ', '<a href="javascript:alert(1)"><text ')],
    ['styles', (svg: string) => svg.replace('</svg>', '<style>*{display:none}</style></svg>')],
    ['a style', (svg: string) => svg.replace('<path ', '<path style="display:none" ')],
    [
      'a picture from elsewhere',
      (svg: string) => svg.replace('</svg>', '<image width="1" height="1" href="https://example.org/"/></svg>'),
    ],
    [
      'a drawing as a picture',
      (svg: string) =>
        svg.replace('</svg>', '<image width="1" height="1" href="data:image/svg+xml;base64,PHN2Zz4="/></svg>'),
    ],
    ['a paint from elsewhere', (svg: string) => svg.replace(/fill="[^"]*"/, 'fill="url(https://example.org/#x)"')],
    ['another document', (svg: string) => svg.replace('</svg>', '<foreignObject><p>x</p></foreignObject></svg>')],
    ['an open foreignObject', (svg: string) => svg.replace('</svg>', '<foreignObject></svg>')],
    ['an entity', (svg: string) => svg.replace('<desc>', '<desc>&x;')],
    ['a declaration', (svg: string) => `<?xml version="1.0"?>${svg}`],
    ['entities of its own', (svg: string) => `<!DOCTYPE svg [<!ENTITY x "y">]>${svg}`],
    ['a comment', (svg: string) => svg.replace('</svg>', '<!-- --></svg>')],
    ['text outside of words', (svg: string) => svg.replace('</svg>', 'words</svg>')],
    ['a second drawing', (svg: string) => svg + svg],
    ['something behind it', (svg: string) => `${svg}<p>`],
    ['an attribute twice', (svg: string) => svg.replace('<path ', '<path fill="red" fill="red" ')],
    ['a tag in the description', (svg: string) => svg.replace('<desc>', '<desc><b>')],
    ['the end missing', (svg: string) => svg.replace('</svg>', '')],
    ['a closing tag too many', (svg: string) => svg.replace('</svg>', '</text></svg>')],
    ['an HTML page', () => '<html><body>x</body></html>'],
    ['nothing', () => ''],
  ])('%s', (_, change: (svg: string) => string) => {
    expect(changed(change)).toBeUndefined();
  });

  it('and what is taken has none of the rest in it, by a reading that shares nothing with it', () => {
    let taken = 0;
    fc.assert(
      fc.property(hostileSvg, (svg) => {
        const figure = drawnSvg(svg);
        if (!figure) return;
        taken++;
        for (const [, name, attributes] of figure.svg.matchAll(/<([^\s/>]+)([^>]*)>/g)) {
          if (name === undefined || name === '') continue;
          expect(Object.keys(svgElements)).toContain(name);
          for (const [, key, value] of attributes!.matchAll(/([^\s=]+)\s*=\s*"([^"]*)"/g)) {
            expect(svgElements[name]).toContain(key);
            expect(value).not.toMatch(/script|[<&]|url\((?!#clip-[\da-f]{8}\))/i);
          }
        }
        expect(figure.svg).not.toMatch(/<!|<\?/);
      }),
      { numRuns: 1500 },
    );
    // Text put into text is a figure still, so that something was looked at.
    expect(taken).toBeGreaterThan(0);
  });
});

it('a large file that is none is refused at once, not looked at for long', () => {
  const long = `<svg xmlns="http://www.w3.org/2000/svg"${' width="1'.repeat(200_000)}`;
  for (const file of [long, `<svg>${'<'.repeat(1_000_000)}`, `<svg>${'<text>'.repeat(200_000)}`, '&'.repeat(1_000_000)])
    expect(drawnSvg(file)).toBeUndefined();
});
