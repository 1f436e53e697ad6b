import { forkProcess } from '../../jobs/child-process.ts';
import { Inspector } from '../../jobs/inspection.ts';

/** Lets `work` ask a process that looks at data and folders, as this one never does, and ends that process afterwards. */
export async function withLibrary<T>(work: (library: Inspector) => Promise<T>): Promise<T> {
  const library = new Inspector(forkProcess);
  try {
    return await work(library);
  } finally {
    library.close();
  }
}
