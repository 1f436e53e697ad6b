import { describe, expect, it } from 'vitest';
import type { EnginePart } from '../../shared/domain/run.ts';
import { engineText, ownEngines, withEnginePart } from '../../shared/engine-parts.ts';

const at = (hour: number) => `2026-11-25T0${hour}:15:30.000Z`;
const run = (engine: string): EnginePart => ({ engine, part: 'run', started_at: at(1) });
const later = (engine: string, part: 'resumed' | 'evaluation', hour: number): EnginePart => ({
  engine,
  part,
  started_at: at(hour),
});

describe('the engines of a run', () => {
  it('are one where it goes on where it was, and more where it does not', () => {
    const record = { engine: 'tensorflow', created_at: at(0), started_at: at(1) };
    expect(withEnginePart(record, later('tensorflow', 'resumed', 2))).toEqual([run('tensorflow')]);
    const parts = withEnginePart(record, later('wasm', 'resumed', 2));
    expect(parts).toEqual([run('tensorflow'), later('wasm', 'resumed', 2)]);
    const resumed = { ...record, engine: 'wasm', started_at: at(2), engine_parts: parts };
    expect(withEnginePart(resumed, later('wasm', 'evaluation', 3))).toEqual(parts);
    const evaluated = withEnginePart(resumed, later('webgpu', 'evaluation', 3));
    expect(evaluated).toEqual([...parts, later('webgpu', 'evaluation', 3)]);
    // The last word counts: the evaluation on webgpu is there no more.
    expect(withEnginePart({ ...resumed, engine_parts: evaluated }, later('wasm', 'evaluation', 4))).toEqual([
      ...evaluated,
      later('wasm', 'evaluation', 4),
    ]);
  });

  it('are none before the first has started, also where it was not known when', () => {
    const record = { engine: null, created_at: at(0), started_at: null };
    expect(withEnginePart(record, later('wasm', 'resumed', 2))).toEqual([later('wasm', 'resumed', 2)]);
    expect(withEnginePart({ ...record, engine: 'wasm' }, later('webgpu', 'resumed', 2))[0]!.started_at).toBe(at(0));
    expect(engineText(record)).toBe('not started');
    expect(ownEngines(record)).toEqual([]);
  });

  it('are told in words, with those that did its own work', () => {
    expect(engineText({ engine: 'wasm' })).toBe('wasm');
    expect(engineText({ engine: 'wasm', engine_parts: [] })).toBe('wasm');
    const engine_parts = [run('tensorflow'), later('wasm', 'resumed', 2), later('webgpu', 'evaluation', 3)];
    expect(engineText({ engine: 'wasm', engine_parts })).toBe(
      'tensorflow, then resumed on wasm (2026-11-25 02:15 UTC), then evaluated on webgpu (2026-11-25 03:15 UTC)',
    );
    expect(ownEngines({ engine: 'wasm', engine_parts })).toEqual(['tensorflow', 'wasm']);
  });
});
