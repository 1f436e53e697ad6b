import fc from 'fast-check';
import { expect, it } from 'vitest';
import { notesHtml } from '../../main/reports/notes.ts';
import { hostileMarkdown } from './hostile-markdown.ts';

/** All that may stand in angle brackets. An address is in double quotes, in which an apostrophe is a character like any other. */
const tags =
  /<\/?(?:p|h[1-6]|blockquote|pre|code|ul|ol|li|table|thead|tbody|tr|th|td|strong|em|del|a)>|<(?:hr|br)>|<ol start="\d+">|<t[hd] align="(?:left|right|center)">|<a href="(?:https?|mailto):[^"<>]*" rel="noopener noreferrer">/gi;

const rest = (html: string) => html.replaceAll(tags, '');

it.each([
  ['a tag after which text was not escaped', '<kbd><meta/http-equiv=refresh/content="0;url=//example.org">'],
  ['a form', 'a <code> <form/action=//example.org><button/autofocus>Send'],
  ['a style sheet', 'a <pre> <style/>*{display:none}</style/>'],
  ['a script', 'text <script> <script/x>alert(1)</script/x>'],
  ['a comment', '<!-- <b> --> <!doctype html> <![CDATA[ x ]]> <?x?>'],
  ['an element as a block', '<div>\n\n<iframe src=x>\n\n</div>'],
  ['an attribute in an address', '[x](https://example.org/"onclick="alert(1)) <https://example.org/"onclick="x>'],
  ['an apostrophe in an address', "https://example.org/'onclick='alert(1) [x](<https://example.org/' onclick='x>)"],
  ['a title', '[x](https://example.org "t\\" onclick=\\"x")'],
  ['the language of code', '```js"><img/src=x>\ncode\n```'],
  ['a picture', '![<img src=x onerror=alert(1)>](https://example.org/p.png)'],
])('leaves nothing of %s', (_, notes) => {
  expect(rest(notesHtml(notes))).not.toMatch(/[<>]/);
});

it.each([
  'javascript:alert(1)',
  'JaVaScRiPt:x',
  ' javascript:x',
  'data:text/html,x',
  'file:///x',
  '//example.org',
  'vbscript:x',
  'x',
  '#y',
])('leads nobody to %j', (address) => {
  expect(notesHtml(`[words](<${address}>)`)).toBe('<p>words</p>\n');
});

it('keeps what Markdown is for', () => {
  const notes = '# A\n\n- **b** *c* ~~d~~ `e<f`\n- [ ] g\n- [x] h\n\n2. i\n\n> j\n\n|k|l|\n|:-|-:|\n|m|n|\n\n---\no  \np &copy; [q](https://example.org/?a=1&b=2)\n\n    r'; // prettier-ignore
  expect(notesHtml(notes).replaceAll('\n', '')).toBe(
    '<h1>A</h1><ul><li><strong>b</strong> <em>c</em> <del>d</del> <code>e&lt;f</code></li><li>☐ g</li><li>☑ h</li></ul><ol start="2"><li>i</li></ol><blockquote><p>j</p></blockquote><table><thead><tr><th align="left">k</th><th align="right">l</th></tr></thead><tbody><tr><td align="left">m</td><td align="right">n</td></tr></tbody></table><hr><p>o<br>p © <a href="https://example.org/?a=1&amp;b=2" rel="noopener noreferrer">q</a></p><pre><code>r</code></pre>', // prettier-ignore
  );
});

it('shows what is nested too deeply, or too long to be formatted, as it was typed', () => {
  for (const notes of ['>'.repeat(20_000), `${'a <b> '.repeat(20_000)}`])
    expect(notesHtml(notes)).toBe(`<pre>${notes.replaceAll('<', '&lt;').replaceAll('>', '&gt;')}</pre>\n`);
});

it.each([
  '- ',
  '> ',
  '* + ',
  '1. ',
  '**a ',
  '*a _',
  '[',
  '![',
  '[a](',
  '`',
  '<',
  '<a ',
  '~~a',
  '|a',
  '&#',
  '\\',
  '\t',
  'http://a.b/(',
  '[a]: ',
])('is done with notes full of %j', (part) => {
  const notes = part.repeat(Math.floor(100_000 / part.length));
  for (const end of ['', '\n\nend', ')]>']) expect(rest(notesHtml(notes.slice(0, -10) + end))).not.toMatch(/[<>]/);
});

it('becomes nothing but text and the elements of Markdown, whatever is in it', () => {
  fc.assert(
    fc.property(hostileMarkdown, (notes) => {
      expect(rest(notesHtml(notes))).not.toMatch(/[<>]/);
    }),
    { numRuns: 2000 },
  );
});
