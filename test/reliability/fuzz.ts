/**
 * `npm run test:fuzz`: gives mutated inputs to all parsers, `--minutes N` (5 unless given) in turn, or to one with `--parser NAME`;
 * `--seed S` repeats a run, `--parser NAME --input FILE` one input. Findings are kept in `logs/fuzz`.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Campaign, type ParserReport } from './fuzz/campaign.ts';
import { usualShortRun } from './fuzz/parser.ts';
import { parsers } from './fuzz/parsers/index.ts';
import { campaignTable } from './fuzz/table.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    parser: { type: 'string' },
    input: { type: 'string' },
  },
});

const findingsFolder = fileURLToPath(new URL('../../logs/fuzz', import.meta.url));

const say = (line: string) => process.stdout.write(`${line}\n`);

/** Keeps what was found, and says how to see it again. */
function keep(report: ParserReport): void {
  for (const { kind, what, input, more } of report.findings) {
    const name = `${report.parser}-${createHash('sha256').update(input).digest('hex').slice(0, 12)}`;
    const path = join(findingsFolder, name);
    mkdirSync(findingsFolder, { recursive: true });
    writeFileSync(path, input);
    writeFileSync(`${path}.txt`, `${kind}, ${more} more of its kind\n${what}\n`);
    say(`\n${report.parser}: ${kind} (${more} more)\n${what.slice(0, 1000)}`);
    say(`Again: npm run test:fuzz -- --parser ${report.parser} --input ${relative(process.cwd(), path)}`);
  }
}

const chosen = parsers.filter(({ name }) => values.parser === undefined || name === values.parser);
if (chosen.length === 0) {
  say(`There is no parser "${values.parser}": ${parsers.map(({ name }) => name).join(', ')}.`);
  process.exit(2);
}
const campaign = new Campaign({ seed: Number(values.seed) });
try {
  if (values.input !== undefined && values.parser !== undefined) await campaign.giveFile(values.parser, values.input);
  else {
    say(`Seed ${values.seed}, ${values.minutes} minutes`);
    const end = performance.now() + Number(values.minutes) * 60_000;
    for (let round = 1; performance.now() < end; round++) {
      for (const { name, shortRun = usualShortRun } of chosen)
        if (performance.now() < end) await campaign.give(name, shortRun);
      const inputs = campaign.reports.reduce((sum, report) => sum + report.inputs, 0);
      const findings = campaign.reports.reduce((sum, report) => sum + report.findings.length, 0);
      say(`Round ${round}: ${inputs} inputs, ${findings} findings`);
    }
  }
  campaign.reports.forEach(keep);
  say(`\n${campaignTable(campaign.reports)}`);
  process.exitCode = campaign.reports.some(({ findings }) => findings.length > 0) ? 1 : 0;
} finally {
  campaign.close();
}
