/** Returns whether a name chosen by the user can be part of a flag: letters, digits and `_`. */
export function isOwnName(name: string): boolean {
  return /^[a-z0-9]\w*$/i.test(name);
}
