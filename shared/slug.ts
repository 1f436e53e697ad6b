/** Words as a part of a file's name: "Corner pixel, MNIST" is "corner-pixel-mnist". Empty where nothing of them can stand there. */
export function slug(words: string, mostCharacters = 60): string {
  return words
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '')
    .slice(0, mostCharacters)
    .replace(/-$/, '');
}
