/** A p value as it is printed: ".031", "< .001", "1". */
export function pWords(p: number): string {
  if (p < 0.001) return '< .001';
  return p >= 0.9995 ? '1' : p.toFixed(3).replace(/^0/, '');
}
