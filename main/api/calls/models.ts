import type { Application } from '../application.ts';
import { calls } from '../calls.ts';
import { importModel } from '../import-model.ts';
import { defaultRunsDir } from '../queued-runs.ts';
import { networkOf } from '../run-results.ts';

/** The calls about models. */
export function modelsCalls({ workbench, summaries, settings }: Application) {
  const { catalogue } = workbench;
  return {
    list: calls.models.list.handler(() =>
      catalogue.list({ kind: 'classifier' }).map((record) => ({
        run: summaries.get(record.id),
        imported: record.spec['imported'] === true,
        network: networkOf(workbench, record),
        usedBy: catalogue.childrenOf(record.id),
      })),
    ),
    import: calls.models.import.handler(async ({ input: { name, files } }) => {
      const contents = await Promise.all(
        files.map(async (file) => [file.name, new Uint8Array(await file.arrayBuffer())] as const),
      );
      const base = settings.current().runsDir ?? defaultRunsDir();
      return { id: importModel(workbench, base, name, new Map(contents)).id };
    }),
  };
}
