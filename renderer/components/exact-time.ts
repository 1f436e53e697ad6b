const exact = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

/** A time as the user's clock shows it: "24 Nov 2026, 21:03:11". */
export function formatExactTime(date: Date): string {
  return exact.format(date);
}
