import { fileURLToPath } from 'node:url';
import { StandardRPCHandler } from '@orpc/server/standard';
import { createApplication } from '../../api/create-application.ts';
import { createRouter } from '../../api/router.ts';
import { forkProcess } from '../../jobs/child-process.ts';
import { requireRenderer } from '../renderer-files.ts';
import { rpcHandlerOptions } from '../rpc-handler.ts';
import { startWebHost, type WebHost } from './web-host.ts';

/** Where `npm run build` puts the renderer. */
const rendererFolder = fileURLToPath(new URL('../../../dist/renderer/', import.meta.url));

/**
 * The application behind a web host of its own, with the user's catalogue.
 * @throws CupbearerError where the renderer is not built, the catalogue cannot be opened or no port is free.
 */
export async function serveApplication(options: { port: number; folder?: string }): Promise<WebHost> {
  const folder = options.folder ?? rendererFolder;
  requireRenderer(folder);
  const application = createApplication({ host: { kind: 'web', launch: forkProcess } });
  try {
    const handler = new StandardRPCHandler(createRouter(application), rpcHandlerOptions);
    const web = await startWebHost({ handler, folder, port: options.port });
    return {
      ...web,
      close: async (reason) => {
        await Promise.all([web.close(reason), application.close()]);
      },
    };
  } catch (error) {
    await application.close();
    throw error;
  }
}
