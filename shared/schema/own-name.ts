/** Returns whether a name of the user's own can stand in a flag: letters, digits and `_`. */
export function isOwnName(name: string): boolean {
  return /^[a-z0-9]\w*$/i.test(name);
}
