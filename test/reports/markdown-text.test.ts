import fc from 'fast-check';
import { Marked, type Token } from 'marked';
import { describe, expect, it } from 'vitest';
import { foreignMarkdown, markdownSentence, markdownText } from '../../main/reports/markdown-text.ts';
import { hostileMarkdown, notesElements } from './hostile-markdown.ts';

/** The tags that a viewer makes of a Markdown text; one that knows tables, links addresses by itself and lets HTML through. */
function tagsOf(markdown: string): string[] {
  const html = new Marked({ gfm: true }).parse(markdown, { async: false });
  return [...new Set(html.match(/<[^>]*>?/g))].map((tag) => tag.replace(/ alt="[^"<>]*"/, ' alt'));
}

/** What a viewer shows of it, with entities and white space as they are read. */
function shownOf(markdown: string): string {
  const viewer = new Marked({ gfm: true });
  let text = '';
  void viewer.walkTokens(viewer.lexer(markdown), (token: Token) => {
    if ((token.type === 'text' && !('tokens' in token && token.tokens)) || token.type === 'escape') text += token.raw.replace(/^\\(?=[!-/:-@[-`{-~])/, ''); // prettier-ignore
  });
  return text.replaceAll(/\s+/g, ' ').trim();
}

describe('text in a Markdown report', () => {
  it.each([
    ['<img src=x onerror=alert(1)>', '\\<img src=x onerror=alert(1)\\>'],
    ['[x](https://example.org)', '\\[x\\](https\\://example.org)'],
    ['www.example.org a@b.example', 'www\\.example.org a\\@b.example'],
    ['a | b\n# c', 'a \\| b \\# c'],
    ['train_data _x_ `y` **z**', 'train_data \\_x\\_ \\`y\\` \\*\\*z\\*\\*'],
    ['&lt; AT&T', '\\&lt; AT&T'],
    ['mahalanobis on backdoor: corner, 0.5 − 1 (95 %)', 'mahalanobis on backdoor: corner, 0.5 − 1 (95 %)'],
  ])('%j is shown as it is', (text, expected) => {
    expect(markdownText(text)).toBe(expected);
  });

  it.each([
    ['a heading', (text: string) => `# ${text}`, ['<h1>', '</h1>']],
    ['a list', (text: string) => `- name: ${text}`, ['<ul>', '<li>', '</li>', '</ul>']],
    [
      'a table',
      (text: string) => `| a |\n|---|\n| x ${text} |`,
      [
        '<table>',
        '<thead>',
        '<tr>',
        '<th>',
        '</th>',
        '</tr>',
        '</thead>',
        '<tbody>',
        '<td>',
        '</td>',
        '</tbody>',
        '</table>',
      ],
    ],
    [
      'the name of a picture',
      (text: string) => `![x ${text}][a]\n\n[a]: data:,x`,
      ['<p>', '<img src="data:,x" alt>', '</p>'],
    ],
  ])('is text and nothing else in %s', (_, markdown, tags) => {
    fc.assert(
      fc.property(hostileMarkdown, (words) => {
        for (const tag of tagsOf(markdown(markdownText(words)))) expect([...tags, '<p>', '</p>']).toContain(tag);
      }),
      { numRuns: 5000 },
    );
  });

  it('loses nothing that can be read', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 30 }), (words) => {
        expect(shownOf(`x ${markdownText(words)} x`)).toBe(`x ${words} x`.replaceAll(/\s+/g, ' ').trim());
      }),
      { numRuns: 5000 },
    );
  });

  it('of a sentence of ours keeps what the eye should land on', () => {
    expect(markdownSentence('AUROC **0.9** at <b>_x_, **not [y](z)**.')).toBe(
      'AUROC **0.9** at \\<b\\>\\_x\\_, **not \\[y\\](z)**.',
    );
  });
});

describe("a run's notes in a Markdown report", () => {
  const labels = new Set(['a-roc', 'all-ks']);

  it('keep their Markdown and have no HTML', () => {
    expect(foreignMarkdown('**a** <b>c</b> <https://example.org> `d<e`', labels)).toBe(
      '**a** &lt;b>c&lt;/b> <https://example.org> `d&lt;e`',
    );
    fc.assert(
      fc.property(hostileMarkdown, (notes) => {
        const shown = tagsOf(foreignMarkdown(notes, labels)).map((tag) => /^<\/?(\w*)/.exec(tag)![1]);
        for (const name of shown) expect([...Object.keys(notesElements), 'input']).toContain(name);
      }),
      { numRuns: 500 },
    );
  });

  it('of whatever kind are looked through once', () => {
    for (const piece of ['[', '[a', ']:', '<', '[a]: b\n', '\\', '](', '![', '- ', '> ', '\n', ' ', '```\n']) {
      const notes = piece.repeat(100_000 / piece.length);
      const tamed = notes.replaceAll('<', '&lt;').replaceAll(']: b', ']&#58; b').replaceAll('](', ']\\(').replaceAll('![', '!\\['); // prettier-ignore
      expect([tamed, `\`\`\`\n${notes}\n\`\`\``]).toContain(foreignMarkdown(notes, labels));
    }
  });

  it('that are too long to be looked through are shown as they were typed', () => {
    for (const piece of ['` ', '<b>', '[a](javascript:x) ']) {
      const notes = piece.repeat(100_000);
      expect(foreignMarkdown(notes, labels)).toBe(`\`\`\`\n${notes}\n\`\`\``);
    }
  });

  it.each(['```', '~~~~~\ncode', '```a|b\n:-|-:\n<kbd>', '- ```\n```', '> a\n\n```js\ncode\n``', '- a\n\n<!--\n```'])(
    'cannot take in what follows them: %j',
    (notes) => {
      const page = `${foreignMarkdown(notes, labels)}\n\n### How to repeat it\n`;
      expect(new Marked({ gfm: true }).parse(page, { async: false })).toContain('<h3>How to repeat it</h3>');
    },
  );

  it.each([
    ['![beacon](http://evil.example/b.png)', '!\\[beacon](http://evil.example/b.png)'],
    ['![a][b]\n\n[b]: https://evil.example/b.png', '!\\[a][b]\n\n[b]: https://evil.example/b.png'],
    ['[click](javascript:alert(1))', '[click]\\(javascript:alert(1))'],
    ['[click]( <data:text/html,x>)', '[click]\\( &lt;data:text/html,x>)'],
    ['[x]: javascript:alert(1)', '[x]&#58; javascript:alert(1)'],
    [
      '[good](https://example.org) [mail](<mailto:a@b.example>)',
      '[good](https://example.org) [mail](<mailto:a@b.example>)',
    ],
  ])('have no pictures, and no address but those of pages and mail: %j', (notes, expected) => {
    expect(foreignMarkdown(notes, labels)).toBe(expected);
  });

  it('have no pictures and swallow nothing, whatever is in them', () => {
    fc.assert(
      fc.property(hostileMarkdown, (notes) => {
        const page = `${foreignMarkdown(notes, labels)}\n\n### How to repeat it\n`;
        const html = new Marked({ gfm: true }).parse(page, { async: false });
        expect(html).not.toMatch(/<img/);
        expect(html).not.toMatch(/href="(?!https?:|mailto:)/i);
        expect(html).toContain('<h3>How to repeat it</h3>');
      }),
      { numRuns: 2000 },
    );
  });

  it.each(['A-roc', 'a-ROC', ' A-roc ', 'all-\u212as', 'ALL-K\u017f'])(
    'cannot say what the figure [%s] is',
    (label) => {
      const notes = foreignMarkdown(`[${label}]: https://example.org/p.png\n[own]: https://example.org`, labels);
      expect(notes).toContain(`[${label}]&#58; https`);
      expect(notes).toContain('[own]: https');
    },
  );
});
