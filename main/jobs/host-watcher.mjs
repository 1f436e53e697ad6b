// Entry point of the thread that watches the host. Plain JavaScript without the program's own imports: reading
// TypeScript would triple its memory.
import { setInterval } from 'node:timers';
import { workerData } from 'node:worker_threads';

/** How often it checks. The process must be gone within two seconds after its host. */
const intervalMs = 250;

const { host, parent } = /** @type {{ host: number; parent: number }} */ (workerData);

function hostIsGone() {
  // A process whose parent has ended gets another one at once, also while the ended one waits to be collected. In
  // Electron the parent may be a process between this one and the host. On Windows the number never changes, and takes
  // long to get.
  if (process.platform !== 'win32' && process.ppid !== parent) return true;
  try {
    process.kill(host, 0);
    return false;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'ESRCH';
  }
}

setInterval(() => {
  // Anything gentler would wait for the main thread.
  if (hostIsGone()) process.kill(process.pid, 'SIGKILL');
}, intervalMs);
