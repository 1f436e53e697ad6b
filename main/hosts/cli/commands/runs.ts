import { existsSync } from 'node:fs';
import { z } from 'zod';
import { evaluationFolders, readEvaluation } from '../../../runs/stored-evaluations.ts';
import type { Catalogue } from '../../../storage/catalogue.ts';
import type { CatalogueRun } from '../../../storage/catalogue-rows.ts';
import type { RunRecord } from '../../../../shared/domain/run.ts';
import { unknownName } from '../../../../shared/definition.ts';
import type { Evaluation } from '../../../../shared/domain/evaluation.ts';
import { CupbearerError, toErrorRecord } from '../../../../shared/errors.ts';
import { engineText } from '../../../../shared/engine-parts.ts';
import { counted, formatCount, formatDuration, formatMetric, formatRelativeTime } from '../../../../shared/format.ts';
import { namedPoolings, parseTokenPooling } from '../../../../shared/scores/token-pooling.ts';
import { choice, integer, optionalText, parseParams } from '../../../../shared/schema/fields.ts';
import { RunSummaries } from '../../../api/runs/run-summaries.ts';
import { runTitle } from '../../../api/runs/run-title.ts';
import { defaultDataDir } from '../../../data/data-dir.ts';
import type { Workbench } from '../../../api/workbench.ts';
import { isFolder } from '../../../storage/is-folder.ts';
import type { Command } from '../command.ts';
import { faultLines, printedRun } from '../faults.ts';
import { flagName } from '../flags.ts';
import type { Output } from '../output.ts';
import { contextLines, evaluationTable, shownPath } from '../results.ts';
import { showFolder } from '../show-folder.ts';
import { textTable } from '../table.ts';
import { withLibrary } from '../with-library.ts';
import { withTrash } from '../with-trash.ts';
import { withWorkbench } from './experiments.ts';

const actions = ['list', 'show', 'open', 'pool', 'remove', 'lock', 'unlock'];
/** Actions on any number of runs. */
const ofMany = ['remove', 'lock', 'unlock'];

const flags = z.object({
  kind: choice({
    label: 'Kind',
    help: 'Only runs of this kind',
    options: ['any', 'classifier', 'detector', 'evaluation'],
    default: 'any',
  }),
  limit: integer({ label: 'Limit', help: 'Newest runs to list', unit: 'runs', default: 50, min: 1 }),
  tokens: optionalText({
    label: 'Tokens',
    help: 'For pool: last, mean or max of the scores of tokens, or the mean over tokens at some places, as 0,5,-1',
  }),
});

export const runs: Command = {
  name: 'runs',
  summary: 'The catalogue of runs on this machine',
  synopsis: '[list | show ID | open ID | pool ID | remove ID ... | lock ID ... | unlock ID ...] [--FLAG VALUE ...]',
  notes: [
    'ID may be shortened as long as it names one run. `open` shows the run folder in the file manager.',
    '`pool` combines the scores of single tokens another way, without running the detector again; without `--tokens`, it compares last, mean and max.',
    '`remove` moves runs into the trash (npx cupbearer trash); a lock refuses that.',
  ].join('\n'),
  flags,
  maxWords: 10_000,
  async run([action = 'list', ...ids], given, output) {
    const [id] = ids;
    if (!actions.includes(action)) throw new CupbearerError('usage', unknownName('action', action, actions));
    if ((action === 'list') === (id !== undefined)) {
      throw new CupbearerError(
        'usage',
        action === 'list' ? 'runs list takes no id.' : `runs ${action} needs the id of a run.`,
        {
          hint: 'npx cupbearer runs lists them.',
        },
      );
    }
    if (ids.length > 1 && !ofMany.includes(action))
      throw new CupbearerError('usage', `runs ${action} takes one id; "${ids[1]}" is not expected here.`);
    const { kind, limit, tokens } = parseParams(flags, given, flagName);
    await withWorkbench(output, async (workbench) => {
      const { catalogue } = workbench;
      const summaries = new RunSummaries(catalogue);
      if (action === 'list') list(catalogue.list({ ...(kind === 'any' ? {} : { kind }), limit }), summaries, output);
      else if (action === 'remove') await remove(workbench, ids, output);
      else if (action === 'pool') await pool(catalogue.get(id!), tokens, output);
      else if (action !== 'show' && action !== 'open') lock(catalogue, ids, action === 'lock', output);
      else if (action === 'show') show(catalogue.get(id!), summaries, output);
      else await open(catalogue.get(id!), output);
    });
  },
};

function list(found: readonly CatalogueRun[], summaries: RunSummaries, output: Output): void {
  const records = found.map(printedRun);
  output.result(records, () => {
    if (records.length === 0) return 'No runs yet. "npx cupbearer demo" makes two in under a minute.';
    const now = new Date();
    const titles = summaries.of(found).map(runTitle);
    const rows = records.map((record, i) => [
      record.id,
      record.locked ? `${record.status}, locked` : record.status,
      record.kind,
      titles[i]!,
      keyFigure(record),
      formatRelativeTime(new Date(record.created_at), now),
    ]);
    return [textTable(['id', 'status', 'kind', 'title', 'result', 'when'], rows), ...faultLines(records)].join('\n');
  });
}

async function remove(workbench: Workbench, ids: readonly string[], output: Output): Promise<void> {
  const named = ids.map((id) => workbench.catalogue.get(id).id);
  const removed = await withTrash(workbench, (trash) => trash.removeRuns(named));
  output.result(removed, () =>
    [
      `Moved to the trash: ${counted(removed.ids.length, 'run')}. npx cupbearer trash restore brings them back.`,
      ...(removed.needed === 0 ? [] : [`${neededWords(removed.needed)} Their results stay.`]),
    ].join('\n'),
  );
}

const neededWords = (count: number) =>
  count === 1 ? '1 other run was built on them.' : `${formatCount(count)} other runs were built on them.`;

function lock(catalogue: Catalogue, ids: readonly string[], locked: boolean, output: Output): void {
  const named = ids.map((id) => catalogue.get(id).id);
  catalogue.mark(named, { locked });
  catalogue.mirrorPending();
  output.result({ ids: named, locked }, () => `${locked ? 'Locked' : 'Unlocked'}: ${named.join(', ')}.`);
}

/** AUROC with its interval, or the accuracy of a classifier. */
function keyFigure({ metrics }: RunRecord): string {
  const { auroc, clean_accuracy: accuracy } = metrics;
  if (typeof auroc === 'number') return `AUROC ${formatMetric(auroc)}`;
  return typeof accuracy === 'number' ? `accuracy ${formatMetric(accuracy)}` : '';
}

function show(run: CatalogueRun, summaries: RunSummaries, output: Output): void {
  const record = printedRun(run);
  const { folder } = record;
  const isThere = existsSync(folder);
  const results = isThere ? evaluationFolders(folder) : [];
  const evaluations: Record<string, Evaluation['layers']> = {};
  const tables: string[] = [];
  for (const path of results) {
    if (path !== folder) tables.push(shownPath(path));
    try {
      const evaluation = readEvaluation(path);
      evaluations[path] = evaluation.layers;
      tables.push(evaluationTable(evaluation));
    } catch (error) {
      // The rest of the run is worth showing all the same.
      tables.push(toErrorRecord(error).message);
    }
  }
  output.result({ ...record, folder_exists: isThere, evaluations }, () =>
    [
      runTitle(summaries.of([run])[0]!),
      '',
      `id          ${record.id}`,
      `kind        ${record.kind}`,
      `status      ${record.status}${record.error ? `: ${record.error.message}` : ''}`,
      ...(record.locked ? ['locked      yes'] : []),
      ...(record.fault === null ? [] : [`fault       ${record.fault}`]),
      `folder      ${shownPath(folder)}${isThere ? '' : ' (no longer there)'}`,
      `engine      ${engineText(record)}`,
      ...Object.entries(record.engines_passed_over ?? {}).map(([id, reason]) => `            not ${id}: ${reason}`),
      `created     ${record.created_at}`,
      ...(record.parents.length > 0 ? [`from        ${record.parents.join(', ')}`] : []),
      ...Object.entries(record.timings).map(([phase, ms]) => `${phase.padEnd(12)}${formatDuration(ms)}`),
      ...contextLines(record),
      ...tables.flatMap((table) => ['', table]),
      '',
      JSON.stringify(record.spec, null, 2),
    ].join('\n'),
  );
}

async function pool({ id, folder }: CatalogueRun, tokens: string | undefined, output: Output): Promise<void> {
  const pooling = tokens === undefined ? undefined : parseTokenPooling(tokens);
  const { poolings, layers } = await withLibrary((library) =>
    library.ask('run-pooling', { folder, pooling }, { dataDir: defaultDataDir() }),
  );
  if (layers) return output.result({ id, pooling, layers }, () => evaluationTable({ layers }));
  if (!poolings)
    throw new CupbearerError('usage', `The run ${id} has no scores of single tokens.`, {
      hint: 'Fit a detector whose tokens are scored on their own: --detector.tokens score-last, score-mean or score-max.',
    });
  const named = namedPoolings.filter((name) => poolings.auroc[name]);
  const names = Object.keys(poolings.auroc[named[0]!] ?? {});
  output.result({ id, ...poolings }, () => {
    const heads = ['AUROC at', ...named.map((name) => (name === poolings.own ? `${name} (this run)` : name))];
    const rows = names.map((layer) => [layer, ...named.map((name) => formatMetric(poolings.auroc[name]![layer]!))]);
    return textTable(heads, rows, [false, ...named.map(() => true)]);
  });
}

async function open(record: RunRecord, output: Output): Promise<void> {
  const { folder } = record;
  if (!isFolder(folder)) {
    throw new CupbearerError('not-found', `The folder of run ${record.id} is no longer there: ${folder}.`);
  }
  const opened = await showFolder(folder);
  output.result({ folder, opened }, () =>
    opened ? folder : `${folder}\n(There is no file manager to open it with here.)`,
  );
}
