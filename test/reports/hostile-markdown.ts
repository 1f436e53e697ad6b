import fc from 'fast-check';

/** Pieces that raw HTML, styles, scripts and addresses in Markdown are made of, and the Markdown that they hide in. */
const pieces = [
  '<kbd>', '</kbd>', '<pre>', '</pre>', '<code>', '<script>', '</script>', '<style>', '<textarea>', '<title>', '<xmp>',
  '<plaintext>', '<noscript>', '<template>', '<svg>', '<math>', '<mtext>', '<foreignObject>', '<table>', '<td>', '<form>',
  '<meta http-equiv=refresh content="0;url=https://example.org/">', '<base href=//example.org>', '<link rel=stylesheet href=//example.org>',
  '<img src=x onerror=alert(1)>', '<iframe srcdoc="<script>alert(1)</script>">', '<form action=//example.org><input autofocus onfocus=alert(1)>',
  '<meta/http-equiv=refresh/content="0;url=//example.org">', '<form/action=//example.org>', '<input/autofocus/onfocus=alert(1)>', '<style/>*{display:none}', '<script/x>alert(1)', '<base/href=//example.org>', '<img/src=x/onerror=alert(1)>',
  '<svg/onload=alert(1)>', '<a href=javascript:alert(1)>', '<style>*{display:none}</style>', '<body onload=alert(1)>', '<!--', '-->',
  '<![CDATA[', ']]>', '<?php', '?>', '<!doctype html>', '</p>', '</div>', '</notes>', '<p', ' x=', '"', "'", '>', '<', '/>', '&lt;script&gt;',
  '&#60;', '&#x3c;img src=x&#x3e;', '&colon;', '&Tab;', '&', '\\', '\\<', '`', '``', '```', '~~~', '```html"onload=x\n', '\n', '\n\n', '    ',
  '\t', '- ', '1. ', '7. ', '> ', '# ', '***', '**', '_', '~~', '|', '|-|-|\n', 'a|b\n:-|-:\n', '[', ']', '](', ')', '!', '![', '[x](javascript:alert(1))',
  '[x](JaVaScRiPt:alert(1))', '[x](java\tscript:alert(1))', '[x](&#106;avascript:alert(1))', '[x](data:text/html,<script>alert(1)</script>)',
  '[x](vbscript:x)', '[x](file:///etc/passwd)', '[x](//example.org)', '[x](https://example.org/"onmouseover="alert(1))', '[x](<https://example.org/ "a">)',
  '[x](https://example.org \'t" onclick="x\')', '[x]: javascript:alert(1)\n', '[x]', '[x]: https://example.org "t"\n', '<https://example.org/"x>', '<javascript:alert(1)>',
  'https://example.org/"><script>', 'www.example.org', 'a@b.example', '<a@b.example>', '![x](https://example.org/p.png)', '![<b>](x)', '- [ ] ', '- [x] ',
  '\0', '\r', '\u2028', '\ufeff', '\u202e', '\u0130', 'text', ' ',
]; // prettier-ignore

/** Markdown made to become more than text. */
export const hostileMarkdown = fc
  .array(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...pieces) }, fc.string({ unit: 'binary', maxLength: 4 })), {
    minLength: 1,
    maxLength: 14,
  })
  .map((parts) => parts.join(''));

/** Elements that Markdown may become, with their attributes. */
export const notesElements: Readonly<Record<string, readonly string[]>> = {
  p: [], h1: [], h2: [], h3: [], h4: [], h5: [], h6: [], blockquote: [], pre: [], code: [], ul: [], ol: ['start'], li: [],
  table: [], thead: [], tbody: [], tr: [], th: ['align'], td: ['align'], strong: [], em: [], del: [], hr: [], br: [], a: ['href', 'rel'],
}; // prettier-ignore
