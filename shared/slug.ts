/**
 * Words as a part of a file's name: "Corner pixel, MNIST" is "corner-pixel-mnist". Empty if no character can be used.
 */
export function slug(words: string, mostCharacters = 60): string {
  return words
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '')
    .slice(0, mostCharacters)
    .replace(/-$/, '');
}
