/** A page without scripts or styles of its own that says what is wrong and what to do. */
export function plainPage(title: string, ...paragraphs: string[]): string {
  return page(title, paragraphs.map((text) => `<p>${escaped(text)}</p>`).join('\n'));
}

/**
 * Returns the page that a link leads to. Its script (renderer/public/sign-in.js) keeps the key, if there is one, and
 * goes on to the program. A redirect would not do: where another page or a file led here, browsers follow it without
 * the cookie that this very answer has set (SameSite=Strict).
 */
export function signInPage(key?: string): string {
  const data = key === undefined ? '' : ` data-key=${quoted(key)}`;
  return page('Signed in', `<p><a href="/">Open Cupbearer</a></p>\n<script src="/sign-in.js"${data}></script>`);
}

/**
 * Returns a page for a file that leads a browser to `address`, so that no process has the address among its arguments.
 */
export function leadingPage(address: string): string {
  return page(
    'Cupbearer',
    `<p><a href=${quoted(address)}>Open Cupbearer</a></p>`,
    `<meta http-equiv="refresh" content=${quoted(`0; url=${address}`)}>`,
  );
}

function page(title: string, content: string, head = ''): string {
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<meta name="referrer" content="no-referrer"><title>${escaped(title)}</title>${head}</head>`,
    `<body><main><h1>${escaped(title)}</h1>`,
    content,
    '</main></body></html>',
    '',
  ].join('\n');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** As the value of an attribute. */
function quoted(text: string): string {
  return `"${escaped(text).replaceAll('"', '&quot;')}"`;
}
