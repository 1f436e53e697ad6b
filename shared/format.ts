/** No-break space, between a number and its unit. */
const nbsp = '\u00a0';
/** Narrow no-break space, between groups of three digits. */
const thin = '\u202f';

/** A figure of merit (AUROC, AP) with three decimals: "0.995". */
export function formatMetric(value: number): string {
  return value.toFixed(3);
}

/** A share as a percentage with one decimal: 0.931 is "93.1 %". */
export function formatPercent(share: number): string {
  return `${(share * 100).toFixed(1)}${nbsp}%`;
}

/** A parameter's value for people: a number as it is typed, or with six digits if nobody would type it (8/255). */
export function formatParameter(value: unknown): string {
  if (typeof value === 'string') return value;
  const text = JSON.stringify(value);
  const isLong = typeof value === 'number' && !Number.isInteger(value) && text.length > 12;
  return isLong ? String(Number(value.toPrecision(6))) : text;
}

export interface Bounds {
  lower: number;
  upper: number;
  /** One bound is the end of the range and says nothing. */
  one_sided: boolean;
}

/** Rounds away from the value, so that a rounded bound never claims more than the bound itself. */
function outward(value: number, decimals: number, direction: 'down' | 'up'): string {
  const scale = 10 ** decimals;
  // Less than a rounding error beyond a round number is that number: 0.94 * 1000 is 939.9999999999999.
  const scaled = value * scale;
  const whole = direction === 'down' ? Math.floor(scaled + 1e-9) : Math.ceil(scaled - 1e-9);
  return (whole / scale).toFixed(decimals);
}

function interval({ lower, upper, one_sided }: Bounds, decimals: number, end: number): string {
  if (one_sided && upper >= end) return `at least ${outward(lower, decimals, 'down')}`;
  if (one_sided) return `at most ${outward(upper, decimals, 'up')}`;
  const [low, high] = [lower.toFixed(decimals), upper.toFixed(decimals)];
  if (low !== high) return `${low} to ${high}`;
  return `${outward(lower, decimals, 'down')} to ${outward(upper, decimals, 'up')}`;
}

/** In place of an interval of a figure whose samples come in groups. */
const noInterval = 'no interval for groups';

/**
 * The interval of a figure of merit: "0.992 to 0.997", one-sided "at least 0.998". The ends are never equal if the
 * bounds differ.
 */
export function formatInterval(bounds: Bounds | null): string {
  if (!bounds) return noInterval;
  return interval(bounds, 3, 1);
}

/** The interval of a share as percentages: "91.4 to 94.5 %", one-sided "at least 99.7 %". */
export function formatPercentInterval(bounds: Bounds | null): string {
  if (!bounds) return noInterval;
  const { lower, upper, one_sided } = bounds;
  return `${interval({ lower: lower * 100, upper: upper * 100, one_sided }, 1, 100)}${nbsp}%`;
}

/** A whole number with its digits in groups of three: "12 345" (narrow no-break spaces). */
export function formatCount(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, thin);
}

/** A number of things as they are counted in sentences: "1 run", "12 345 runs". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** A number of things as files and flags have it, without groups of digits: "1 byte", "12345 bytes". */
export function numbered(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** A duration in two units at most: "350 ms", "4.2 s", "41 s", "1 min 52 s", "2 h 5 min", "3 d 4 h". */
export function formatDuration(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)}${nbsp}ms`;
  if (ms < 9950) return `${(ms / 1000).toFixed(1)}${nbsp}s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds}${nbsp}s`;
  const pair = (amount: number, big: string, size: number, small: string) => {
    const whole = Math.floor(amount / size);
    const rest = amount % size;
    return rest === 0 ? `${whole}${nbsp}${big}` : `${whole}${nbsp}${big}${nbsp}${rest}${nbsp}${small}`;
  };
  if (seconds < 3600) return pair(seconds, 'min', 60, 's');
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return pair(minutes, 'h', 60, 'min');
  return pair(Math.round(minutes / 60), 'd', 24, 'h');
}

/** Formats a duration to a tenth of a second: "< 0.1 s", "0.9 s", "41 s", "1 min 52 s". */
export function formatSeconds(ms: number): string {
  if (ms < 50) return `<${nbsp}0.1${nbsp}s`;
  return ms < 9950 ? `${(ms / 1000).toFixed(1)}${nbsp}s` : formatDuration(ms);
}

/** A range of durations in the unit of its end: "2 to 6 min", "40 s to 3 min"; one duration if both read the same. */
export function formatDurationRange(from: number, to: number): string {
  const coarse = (ms: number) => {
    const size = ms < 99_500 ? 1000 : ms < 5_400_000 ? 60_000 : 3_600_000;
    const amount = ms / size;
    const digits = amount < 9.5 && size !== 60_000 ? 1 : 0;
    return {
      amount: Math.max(ms < 50 ? 0.1 : 0, Number(amount.toFixed(digits))),
      unit: size === 1000 ? 's' : size === 60_000 ? 'min' : 'h',
    };
  };
  const [low, high] = [coarse(from), coarse(to)];
  const end = `${high.amount}${nbsp}${high.unit}`;
  if (low.unit !== high.unit) return `${low.amount}${nbsp}${low.unit} to ${end}`;
  return low.amount === high.amount ? end : `${low.amount} to ${end}`;
}

const byteUnits = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** A size in decimal units with three significant digits at most: "473 kB", "1.2 MB". */
export function formatBytes(bytes: number): string {
  let amount = bytes;
  let unit = 0;
  while (amount >= 999.5 && unit < byteUnits.length - 1) {
    amount /= 1000;
    unit++;
  }
  const decimals = unit === 0 || amount >= 99.95 ? 0 : 1;
  return `${amount.toFixed(decimals).replace(/\.0$/, '')}${nbsp}${byteUnits[unit]}`;
}

/**
 * How long ago (or ahead) a time is, in one unit: "just now", "12 min ago", "in 3 h"; beyond 30 days its local date.
 */
export function formatRelativeTime(date: Date, now: Date): string {
  const elapsed = now.getTime() - date.getTime();
  const seconds = Math.abs(elapsed) / 1000;
  const minutes = Math.round(seconds / 60);
  const hours = Math.round(seconds / 3600);
  const days = Math.round(seconds / 86_400);
  if (seconds < 45) return 'just now';
  if (days > 30) return localDate(date);
  const amount = minutes < 60 ? `${minutes}${nbsp}min` : hours < 24 ? `${hours}${nbsp}h` : `${days}${nbsp}d`;
  return elapsed >= 0 ? `${amount} ago` : `in ${amount}`;
}

/** "2026-10-01", by the clock of the user. */
function localDate(date: Date): string {
  const two = (part: number) => String(part).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** People after whom things are named; their names keep their capital. */
const people = /^(?:Gaussian|Mahalanobis|Adam)\b/;

/** A title as it stands within a sentence: "corner pixel"; names such as WaNet, PGD or Gauss's stay as they are. */
export function inSentence(title: string): string {
  return /^[A-Z][a-z-]*(?![A-Za-z])/.test(title) && !people.test(title)
    ? title.charAt(0).toLowerCase() + title.slice(1)
    : title;
}
