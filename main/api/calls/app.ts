import { writeFile } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import type { AppInfo, Settings } from '../../../shared/domain/settings.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { checkInThread } from '../../storage/catalogue-in-thread.ts';
import { createFolder } from '../../storage/create-folder.ts';
import { cupbearerHome } from '../../storage/home.ts';
import { isFolder } from '../../storage/is-folder.ts';
import type { Application } from '../application.ts';
import { calls } from '../calls.ts';
import { diagnosticsText } from '../diagnostics.ts';
import { dataFolder, runsFolder } from '../settings.ts';
import { versions } from '../versions.ts';

/** The calls about the program itself. */
export function appCalls(application: Application) {
  const { host, settings, workbench, made, library } = application;
  const askCache = (action: 'look' | 'clear') =>
    library.ask('activation-cache', { action }, { dataDir: dataFolder(settings.current()) });
  return {
    info: calls.app.info.handler(() => info(application)),
    settings: calls.app.settings.handler(() => settings.current()),
    change: calls.app.change.handler(({ input }) => {
      checkFolder('dataDir', input.dataDir);
      checkFolder('runsDir', input.runsDir);
      return settings.change(input);
    }),
    resetSettings: calls.app.resetSettings.handler(() => settings.reset()),
    activationCache: calls.app.activationCache.handler(() => askCache('look')),
    clearActivationCache: calls.app.clearActivationCache.handler(() => askCache('clear')),
    diagnostics: calls.app.diagnostics.handler(async () => ({
      text: diagnosticsText(info(application), settings.current(), await checkInThread(workbench.catalogue.path)),
    })),
    openFolder: calls.app.openFolder.handler(async ({ input: { what } }) => {
      if (!host.openFolder) throw cannot('show folders', 'Its path is shown beside it.');
      const folder = typeof what === 'object' ? workbench.catalogue.get(what.id).folder : folders(application)[what];
      // A file there instead would be opened by the program registered for its type.
      if (!isFolder(folder)) {
        throw new CupbearerError('not-found', `The folder "${folder}" does not exist yet.`);
      }
      await host.openFolder(folder);
      return {};
    }),
    chooseFolder: calls.app.chooseFolder.handler(async ({ input }) => {
      if (!host.chooseFolder) throw cannot('ask for folders', 'Type the path of the folder instead.');
      return { folder: await host.chooseFolder(input.title) };
    }),
    printPdf: calls.app.printPdf.handler(async ({ input }) => {
      if (!host.printPdf) throw cannot('make PDF files', "Print the page with the browser's own command instead.");
      const pdf = await host.printPdf(made.pathOf(input.id));
      return made.make(async (file) => {
        await writeFile(file, pdf);
        return { name: input.name, type: 'application/pdf', bytes: pdf.length };
      });
    }),
  };
}

function info({ host, settings, storedDraft, workbench }: Application): AppInfo {
  const { path, runs, bytes } = workbench.catalogue.size();
  return {
    version: versions()['cupbearer']!,
    versions: versions(),
    host: host.kind,
    platform: `${process.platform}-${process.arch}`,
    home: cupbearerHome(),
    dataDir: dataFolder(settings.current()),
    runsDir: runsFolder(settings.current()),
    catalogue: { path, runs, bytes },
    can: {
      openFolder: host.openFolder !== undefined,
      chooseFolder: host.chooseFolder !== undefined,
      printPdf: host.printPdf !== undefined,
      update: host.canUpdate === true,
    },
    notices: [...settings.notices, ...storedDraft.notices, ...workbench.catalogue.notices],
  };
}

function folders({ host, settings }: Application): Record<'data' | 'runs' | 'home' | 'logs', string> {
  return {
    data: dataFolder(settings.current()),
    runs: runsFolder(settings.current()),
    home: cupbearerHome(),
    logs: host.logsDir ?? cupbearerHome(),
  };
}

/**
 * @throws CupbearerError if new runs or data could not be put there: better to say so now than to fail the first run.
 */
function checkFolder(key: keyof Settings, folder: string | null | undefined): void {
  if (folder === null || folder === undefined) return;
  const label = key === 'dataDir' ? 'Data folder' : 'Folder for runs';
  if (!isAbsolute(folder)) {
    throw new CupbearerError('usage', `${label}: expected an absolute path, found "${folder}".`);
  }
  createFolder(folder);
}

function cannot(what: string, instead: string): CupbearerError {
  return new CupbearerError('usage', `The program cannot ${what} here.`, { hint: instead });
}
