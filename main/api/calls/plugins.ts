import { join } from 'node:path';
import { CupbearerError } from '../../../shared/errors.ts';
import { isThere, pathToWrite, within } from '../../storage/within-folder.ts';
import type { Application } from '../application.ts';
import { calls } from '../calls.ts';

/** A stream that nobody can end from outside goes on until it ends by itself. */
const never = new AbortController().signal;

/** The name under which the window sends a zip. */
const zipName = 'plugin.zip';

/** The calls about plugins. */
export function pluginsCalls({ plugins: service, host, uploads, experiments }: Application) {
  const { plugins } = calls;
  return {
    watch: plugins.watch.handler(({ signal = never }) => service.watch(signal)),
    add: plugins.add.handler(async ({ input, signal }) => {
      if (input.from === 'folder') return { id: await service.add({ folder: input.folder }, signal) };
      if (input.from === 'git') return { id: await service.add({ url: input.url }, signal) };
      return { id: await uploads.take(input.upload, (folder) => service.add({ zip: join(folder, zipName) }, signal)) };
    }),
    create: plugins.create.handler(async ({ input }) => ({ id: await service.create(input) })),
    allow: plugins.allow.handler(async ({ input }) => {
      await service.allow(input);
      return {};
    }),
    setEnabled: plugins.setEnabled.handler(async ({ input }) => {
      await service.setEnabled(input.id, input.enabled);
      return {};
    }),
    check: plugins.check.handler(async ({ input }) => {
      await service.check(input.id);
      return {};
    }),
    remove: plugins.remove.handler(async ({ input }) => {
      await service.remove(input.id);
      return {};
    }),
    environments: plugins.environments.handler(({ input, signal }) => service.environments(input.id, signal)),
    setEnvironment: plugins.setEnvironment.handler(async ({ input }) => {
      await service.setEnvironment(input.id, input.python);
      return {};
    }),
    changes: plugins.changes.handler(({ input, signal }) => service.changes(input.id, signal)),
    openFolder: plugins.openFolder.handler(async ({ input: { id, file } }) => {
      if (!host.openFolder) {
        throw new CupbearerError('usage', 'The program cannot show folders here.', {
          hint: 'Its path is shown beside it.',
        });
      }
      const folder = service.folderOf(id);
      const place = file === undefined ? folder : within(folder, file);
      if (!isThere(place)) throw new CupbearerError('not-found', `There is no "${file ?? folder}" any more.`);
      await host.openFolder(pathToWrite(place));
      return {};
    }),
    setLive: plugins.setLive.handler(({ input: { id, experiment, live } }) => {
      const { name } = experiments.summary(experiment);
      service.setLive({ plugin: id, experiment, name }, live);
      return {};
    }),
  };
}
