import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { StandardRPCHandler } from '@orpc/server/standard';
import { createApplication } from '../../api/create-application.ts';
import { SettingsStore } from '../../api/settings.ts';
import { createRouter } from '../../api/router.ts';
import { forkProcess } from '../../jobs/child-process.ts';
import type { Settings } from '../../../shared/domain/settings.ts';
import { requireRenderer } from '../renderer-files.ts';
import { rpcHandlerOptions } from '../rpc-handler.ts';
import { recordServer } from './running-servers.ts';
import { forgetSessions, sessionFile } from './session-file.ts';
import { startWebHost, type WebHost } from './web-host.ts';

/** The folder into which `npm run build` puts the renderer. */
const rendererFolder = fileURLToPath(new URL('../../../dist/renderer/', import.meta.url));

/** What is served, and how. */
interface ServeOptions {
  port: number;
  /**
   * The folder below which pages may name places; that of the environment, the settings, or the user's home if left
   * out.
   */
  root?: string | undefined;
  /** Whether pages may have plugins run. */
  allowPlugins?: boolean;
  /** The built renderer. */
  folder?: string;
  /** Browsers that are signed in stay so when the next server takes the port. */
  remember?: boolean;
}

/** An application that browsers reach. */
interface ServedApplication extends WebHost {
  /** The folder below which pages may name places. */
  readonly root: string;
}

function usualRoot({ root }: Settings): string {
  return process.env['CUPBEARER_ROOT'] || (root ?? homedir());
}

/**
 * Starts the application behind its own web host, with the user's catalogue.
 * @throws CupbearerError if the renderer is not built, the root is no folder, the catalogue cannot be opened or no port
 * is free.
 */
export async function serveApplication(options: ServeOptions): Promise<ServedApplication> {
  const folder = options.folder ?? rendererFolder;
  requireRenderer(folder);
  const settings = new SettingsStore();
  const application = createApplication({
    host: { kind: 'web', launch: forkProcess },
    settings,
    root: options.root ?? usualRoot(settings.current()),
    allowPlugins: options.allowPlugins,
  });
  try {
    const handler = new StandardRPCHandler(createRouter(application), rpcHandlerOptions);
    const sessions = (port: number) => {
      if (options.remember) return sessionFile(port);
      forgetSessions(port);
      return undefined;
    };
    const web = await startWebHost({ handler, folder, port: options.port, sessions });
    const forgetServer = recordServer(web.port, web.ownerSecret);
    return {
      ...web,
      root: application.reach.root!,
      close: async (reason) => {
        forgetServer();
        await Promise.all([web.close(reason), application.close()]);
      },
    };
  } catch (error) {
    await application.close();
    throw error;
  }
}
