/** Orders names as people do: "layer.2" before "layer.10". */
export function naturally(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
