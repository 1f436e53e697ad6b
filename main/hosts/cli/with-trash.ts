import { Trash } from '../../api/trash/trash.ts';
import type { Workbench } from '../../api/workbench.ts';
import { defaultDataDir } from '../../data/data-dir.ts';
import { withLibrary } from './with-library.ts';

/** Lets `work` use the trash, and waits for what it has begun there. */
export async function withTrash<T>({ catalogue }: Workbench, work: (trash: Trash) => T | Promise<T>): Promise<T> {
  return await withLibrary(async (library) => {
    const trash = new Trash(catalogue, (name, question) => library.ask(name, question, { dataDir: defaultDataDir() }));
    try {
      return await work(trash);
    } finally {
      await trash.idle();
      trash.close();
    }
  });
}
