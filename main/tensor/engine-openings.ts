/** Listens to which engine is being opened: a library that does not fit the machine may end the process. */
interface OpeningWatch {
  /** Resolves when it is noted that this engine is tried next. */
  opening(id: string): Promise<void>;
  /** Nothing is being opened any more; `holdsGpu`: an engine of this process has taken a GPU's memory. */
  opened(holdsGpu: boolean): void;
}

let watch: OpeningWatch | undefined;
let avoided: Readonly<Record<string, string>> = {};

/** Calls `listener` from now on before this process opens an engine. */
export function watchOpenings(listener: OpeningWatch): void {
  watch = listener;
}

/** From now on engines that ended a process before are not opened in this one: by id, how they did. */
export function avoidEngines(reasons: Readonly<Record<string, string>>): void {
  avoided = reasons;
}

/** How this engine ended a process before, where it must not be opened. */
export function whyAvoided(id: string): string | undefined {
  return avoided[id];
}

/** Resolves when the observer has noted that this engine is tried next. */
export async function announceOpening(id: string): Promise<void> {
  await watch?.opening(id);
}

let starts = 0;

/** Runs `start`, which opens engines, and then says that nothing is being opened any more. */
export async function whileOpening<T>(start: () => Promise<T>, holdsGpu: () => boolean): Promise<T> {
  starts++;
  try {
    return await start();
  } finally {
    if (--starts === 0) watch?.opened(holdsGpu());
  }
}
