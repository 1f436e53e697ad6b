import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Campaign, type ParserReport } from './fuzz/campaign.ts';
import { usualShortRun } from './fuzz/parser.ts';
import { parsers } from './fuzz/parsers/index.ts';
import { parsers as plantedParsers } from './fuzz/planted-parsers.ts';
import { campaignTable } from './fuzz/table.ts';

/** A short run is the same every time. */
const seed = 1;

/** What a person needs of findings. */
const found = ({ parser, findings }: ParserReport) =>
  findings.map(({ kind, what, more }) => `${parser} ${kind} (${more} more): ${what.slice(0, 600)}`);

describe('parsers of what comes from outside', () => {
  let campaign: Campaign;
  beforeAll(() => {
    campaign = new Campaign({ seed });
  });
  afterAll(() => {
    process.stdout.write(`${campaignTable(campaign.reports)}\n`);
    campaign.close();
  });

  it.each(parsers.map((parser) => [parser.name, parser] as const))(
    '%s reads or refuses whatever it is given',
    async (name, { shortRun = usualShortRun, takesAll = false }) => {
      const report = await campaign.give(name, shortRun);
      expect(found(report)).toEqual([]);
      expect(report.inputs).toBe(shortRun);
      expect(report.read).toBeGreaterThan(0);
      if (!takesAll) expect(report.refused).toBeGreaterThan(0);
    },
    // One that hangs is found by the campaign's own deadline, again and again.
    600_000,
  );

  it('have names of their own', () => {
    expect(new Set(parsers.map(({ name }) => name)).size).toBe(parsers.length);
  });
});

describe('the fuzzer', () => {
  const module = new URL('./fuzz/planted-parsers.ts', import.meta.url);
  let campaign: Campaign;
  /** One that does not wait long. */
  let hasty: Campaign;
  beforeAll(() => {
    campaign = new Campaign({ module, seed });
    hasty = new Campaign({ module, seed, deadlineMs: 1000 });
  });
  afterAll(() => {
    campaign.close();
    hasty.close();
  });

  const faulty = [
    ['throws', 'threw', /^RangeError: Offset is outside the bounds/],
    ['accepts', 'wrong', /^The length is not that of the text\.$/],
    ['hangs', 'hung', /^It took longer than 1 s\.$/],
    ['never-answers', 'hung', /^It took longer than 1 s\.$/],
    ['allocates', 'memory', /^One input of \d+ bytes took \d{2,3} MB\.$/],
    ['crashes', 'crashed', /^The process ended with SIGABRT\.|^The process ended with code \d+\./],
    ['refuses-its-seeds', 'wrong', /^A seed was refused: CupbearerError: Expected a length/],
  ] as const;

  it.each(faulty)('finds the fault of a parser that %s', async (name, kind, what) => {
    const { findings } = await (kind === 'hung' ? hasty : campaign).give(name, 60);
    expect(findings.map((finding) => finding.kind)).toContain(kind);
    expect(findings.find((finding) => finding.kind === kind)!.what).toMatch(what);
  });

  it('finds nothing in a parser without a fault', async () => {
    const report = await campaign.give('sound', 500);
    expect(found(report)).toEqual([]);
    expect([report.inputs, report.read + report.refused]).toEqual([500, 500]);
  });

  it('finds a fault again by its input', async () => {
    const first = (await campaign.give('throws', 60)).findings[0]!;
    const folder = mkdtempSync(join(tmpdir(), 'cupbearer-finding-'));
    const again = new Campaign({ module, seed });
    try {
      writeFileSync(join(folder, 'input'), first.input);
      const { findings } = await again.giveFile('throws', join(folder, 'input'));
      expect(findings).toEqual([{ ...first, more: 0 }]);
    } finally {
      again.close();
      rmSync(folder, { recursive: true });
    }
  });

  it('gives the same inputs for the same seed', async () => {
    const again = new Campaign({ module, seed });
    try {
      const [one, other] = await Promise.all([campaign.give('accepts', 60), again.give('accepts', 120)]);
      expect(other.findings[0]!.input).toEqual(one.findings[0]!.input);
      expect(other.findings[0]!.more).toBe(one.findings[0]!.more);
    } finally {
      again.close();
    }
  });

  it('covers every planted fault', () => {
    expect(faulty.map(([name]) => name)).toEqual(
      plantedParsers.map(({ name }) => name).filter((name) => name !== 'sound'),
    );
  });
});
