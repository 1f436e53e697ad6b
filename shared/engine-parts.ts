import type { EnginePart, RunRecord } from './domain/run.ts';

type Engines = Pick<RunRecord, 'engine' | 'engine_parts'>;

/** Returns the parts of a run by engine after another part has begun; an engine that continues gets no new part. */
export function withEnginePart(
  record: Engines & Pick<RunRecord, 'created_at' | 'started_at'>,
  next: EnginePart,
): EnginePart[] {
  const { engine, engine_parts: parts = [], created_at, started_at } = record;
  const first: EnginePart[] = engine === null ? [] : [{ engine, part: 'run', started_at: started_at ?? created_at }];
  const before = parts.length > 0 ? parts : first;
  return before.at(-1)?.engine === next.engine ? before : [...before, next];
}

/** The engines that did the run's own work, in order, each once. */
export function ownEngines({ engine, engine_parts: parts = [] }: Engines): string[] {
  const own = parts.filter(({ part }) => part !== 'evaluation').map((part) => part.engine);
  return [...new Set([...own, ...(engine === null ? [] : [engine])])];
}

/** The engine of a run, and what others did: "tensorflow, then resumed on wasm (2026-11-25 10:11 UTC)". */
export function engineText({ engine, engine_parts: parts = [] }: Engines): string {
  const [first, ...later] = parts;
  if (first === undefined) return engine ?? 'not started';
  const words = later.map(({ engine: id, part, started_at }) => {
    const what = part === 'evaluation' ? 'evaluated' : 'resumed';
    return `then ${what} on ${id} (${started_at.slice(0, 16).replace('T', ' ')} UTC)`;
  });
  return [first.engine, ...words].join(', ');
}
