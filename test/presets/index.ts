/**
 * Runs every preset of the wizard to its end, on the built-in digits and, where a data folder is given that has it, on MNIST, and
 * prints the table of docs/presets.md: `npm run presets -- [FOLDER]`.
 */
import { formatDuration, formatMetric, formatPercent } from '../../shared/format.ts';
import { finishedRuns } from '../e2e/finished-runs.ts';
import { startProgram, temporaryHome, type Program } from '../e2e/program.ts';

const [dataDir] = process.argv.slice(2);

type Preset = Awaited<ReturnType<Program['client']['drafts']['presets']>>[number];

/** One line of the table. */
async function measure({ client }: Program, { title, draft }: Preset): Promise<string> {
  const { totalMs } = await client.drafts.estimate({ draft });
  const started = performance.now();
  const ids = await finishedRuns(client, draft);
  const tookMs = performance.now() - started;
  const [classifier, ...detectors] = await Promise.all(
    ids.map(async (id) => (await client.runs.get({ id })).record.metrics),
  );
  const percent = (key: string) => formatPercent(classifier![key]!);
  const found = detectors.map(
    ({ auroc }, i) => `${draft.detectors[i]!.name} ${auroc === null ? '' : formatMetric(auroc!)}`,
  );
  return [
    title,
    JSON.stringify(draft).includes('"mnist"') ? 'MNIST' : 'built in',
    percent('clean_accuracy'),
    classifier!['attack_success'] === undefined ? '' : percent('attack_success'),
    found.join(', '),
    totalMs === null ? 'not known' : formatDuration(totalMs),
    formatDuration(tookMs),
  ].join(' | ');
}

console.log('| preset | data | clean accuracy | attack success | AUROC | estimated | took |');
console.log('| --- | --- | ---: | ---: | --- | ---: | ---: |');
for (const folder of dataDir === undefined ? [null] : [null, dataDir]) {
  const { home, remove } = temporaryHome();
  const program = await startProgram(home);
  try {
    await program.client.app.change({ dataDir: folder });
    for (const preset of await program.client.drafts.presets({})) {
      const { missingData, draft } = preset;
      const usesMnist = JSON.stringify(draft).includes('"mnist"');
      if (missingData.length > 0 || ['from-files', 'blank'].includes(preset.id) || (folder !== null && !usesMnist))
        continue;
      console.log(`| ${await measure(program, preset)} |`);
    }
  } finally {
    await program.stop();
    remove();
  }
}
