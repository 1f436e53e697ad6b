import { describe, expect, it, onTestFinished } from 'vitest';
import {
  formatBytes,
  counted,
  formatCount,
  numbered,
  formatDuration,
  formatDurationRange,
  formatInterval,
  formatMetric,
  formatParameter,
  formatPercent,
  formatPercentInterval,
  formatRelativeTime,
  formatSeconds,
  inSentence,
} from '../../shared/format.ts';

/** Written with plain spaces for reading; the texts have no-break spaces. */
const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, ' ');

describe('parameters', () => {
  it.each([
    [8 / 255, '0.0313725'],
    [1 / 3 / 1e6, '3.33333e-7'],
    [-2 / 3, '-0.666667'],
    [0.1, '0.1'],
    [0.05000001, '0.05000001'],
    [1e-8, '1e-8'],
    [12345678901234, '12345678901234'],
    ['pgd', 'pgd'],
    [true, 'true'],
    [null, 'null'],
  ])('%j is %s', (value, text) => expect(formatParameter(value)).toBe(text));
});

describe('figures', () => {
  it('three decimals, or one for percentages', () => {
    expect([formatMetric(0.99512), formatMetric(1), formatMetric(0.5)]).toEqual(['0.995', '1.000', '0.500']);
    expect(formatPercent(0.9312)).toBe('93.1\u00a0%');
    expect(plain(formatPercent(1))).toBe('100.0 %');
  });

  it.each([
    [0.992, 0.997, false, '0.992 to 0.997'],
    [0.99651, 1, true, 'at least 0.996'],
    [0.94, 1, true, 'at least 0.940'],
    [0, 0.0601, true, 'at most 0.061'],
    [0.99998, 0.9999999, false, '0.999 to 1.000'],
    [0.4, 0.4, false, '0.400 to 0.400'],
    [0.40004, 0.40008, false, '0.400 to 0.401'],
  ])('interval %d to %d, one-sided %s: %s', (lower, upper, one_sided, text) => {
    expect(formatInterval({ lower, upper, one_sided })).toBe(text);
  });

  it('intervals of shares', () => {
    expect(plain(formatPercentInterval({ lower: 0.914, upper: 0.945, one_sided: false }))).toBe('91.4 to 94.5 %');
    expect(plain(formatPercentInterval({ lower: 0.9975, upper: 1, one_sided: true }))).toBe('at least 99.7 %');
  });

  it('groups digits by three', () => {
    expect([0, 999, 1000, 12_345, 1_234_567].map(formatCount).map(plain)).toEqual([
      '0',
      '999',
      '1 000',
      '12 345',
      '1 234 567',
    ]);
  });
});

describe('counts of things', () => {
  it('have a noun of their own for one', () => {
    expect([0, 1, 2, 12_345].map((count) => plain(counted(count, 'run')))).toEqual(['0 runs', '1 run', '2 runs', '12 345 runs']); // prettier-ignore
    expect([1, 3].map((count) => counted(count, 'class', 'classes'))).toEqual(['1 class', '3 classes']);
    expect([1, 12_345].map((count) => numbered(count, 'byte'))).toEqual(['1 byte', '12345 bytes']);
  });
});

describe('durations, sizes and times', () => {
  it.each([
    [0, '0 ms'],
    [350.4, '350 ms'],
    [999.6, '1.0 s'],
    [4210, '4.2 s'],
    [9960, '10 s'],
    [41_000, '41 s'],
    [59_600, '1 min'],
    [112_000, '1 min 52 s'],
    [3_599_700, '1 h'],
    [7_500_000, '2 h 5 min'],
    [86_399_000, '1 d'],
    [273_600_000, '3 d 4 h'],
  ])('%d ms: %s', (ms, text) => {
    expect(plain(formatDuration(ms))).toBe(text);
  });

  it.each([
    [0, '< 0.1 s'],
    [49.9, '< 0.1 s'],
    [50, '0.1 s'],
    [891, '0.9 s'],
    [8460, '8.5 s'],
    [9960, '10 s'],
    [112_000, '1 min 52 s'],
  ])('%d ms in seconds: %s', (ms, text) => {
    expect(plain(formatSeconds(ms))).toBe(text);
  });

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1 kB'],
    [473_210, '473 kB'],
    [999_600, '1 MB'],
    [1_234_000, '1.2 MB'],
    [5e12, '5 TB'],
    [2e15, '2000 TB'],
  ])('%d bytes: %s', (bytes, text) => {
    expect(plain(formatBytes(bytes))).toBe(text);
  });

  it.each([
    [10, 'just now'],
    [12 * 60, '12 min ago'],
    [-12 * 60, 'in 12 min'],
    [59.7 * 60, '1 h ago'],
    [23.8 * 3600, '1 d ago'],
    [5 * 86_400, '5 d ago'],
    [40 * 86_400, '2026-10-01'],
  ])('%d s before now: %s', (seconds, text) => {
    const now = new Date('2026-11-10T12:00:00Z');
    expect(plain(formatRelativeTime(new Date(now.getTime() - seconds * 1000), now))).toBe(text);
  });
});

it('a time long ago has the date of the place where the user is', () => {
  const zone = process.env['TZ'];
  onTestFinished(() => {
    if (zone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zone;
  });
  const [time, now] = [new Date('2026-01-01T23:30:00Z'), new Date('2026-11-10T12:00:00Z')];
  const dates = ['Asia/Tokyo', 'UTC', 'America/Los_Angeles'].map((place) => {
    process.env['TZ'] = place;
    return formatRelativeTime(time, now);
  });
  expect(dates).toEqual(['2026-01-02', '2026-01-01', '2026-01-01']);
});

it('titles within a sentence begin small, names do not', () => {
  const titles = ['Corner pixel', 'Label-consistent', 'Backdoor, corner pixel', 'WaNet warp', 'PGD', 'OOD ablation'];
  expect(titles.map(inSentence)).toEqual([
    'corner pixel',
    'label-consistent',
    'backdoor, corner pixel',
    'WaNet warp',
    'PGD',
    'OOD ablation',
  ]);
});

describe('formatDurationRange', () => {
  it.each([
    [120_000, 360_000, '2 to 6 min'],
    [40_000, 200_000, '40 s to 3 min'],
    [1200, 3400, '1.2 to 3.4 s'],
    [41_000, 41_200, '41 s'],
    [3_000_000, 12_600_000, '50 min to 3.5 h'],
  ])('%i to %i ms is %s', (from, to, words) => {
    expect(formatDurationRange(from, to)).toBe(words);
  });
});
