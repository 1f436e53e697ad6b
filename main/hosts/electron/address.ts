/** The address of the program's pages, which only its own windows can open. */
export const scheme = 'app';
export const origin = `${scheme}://cupbearer`;

/** Whether an address is one of the program's own pages. */
export function isOwnAddress(address: string): boolean {
  const url = URL.parse(address);
  return url?.protocol === `${scheme}:` && url.host === 'cupbearer';
}
