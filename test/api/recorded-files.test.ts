import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RecordedCountState } from '../../shared/domain/recorded.ts';
import { tinyDraft } from '../e2e/drafts.ts';
import { hashFile } from '../../main/storage/content-hash.ts';
import { encodeNpy } from '../../main/storage/npy.ts';
import { writeRecordedSet } from '../recorded-files.ts';
import { startApplication, type StartedApplication } from './running-application.ts';

let started: StartedApplication;
let folder: string;
beforeAll(() => {
  started = startApplication();
  folder = join(started.place, 'sets');
});
afterAll(() => started.stop());

const recorded = () => started.client.recorded;
const draftOf = (task: object) => ({ ...tinyDraft(), task: { name: 'activations', ...task } });

/** What a count ends with, and the phases that it went through. */
async function count(task: object) {
  const states: RecordedCountState[] = [];
  for await (const state of await recorded().count({ draft: draftOf(task) })) states.push(state);
  const last = states.at(-1);
  if (last.type !== 'done') throw new Error('The count ended without numbers.');
  return last;
}

describe('a folder', () => {
  it('is listed with folders first, in the order of numbers, without what is hidden or leads nowhere', async () => {
    const place = join(started.place, 'listed');
    mkdirSync(join(place, 'z'), { recursive: true });
    for (const name of ['10.npy', '9.npy', '.hidden']) writeFileSync(join(place, name), 'abc');
    symlinkSync(join(place, 'none'), join(place, 'dangling'));
    const { entries, parent, more } = await recorded().browse({ folder: place });
    expect(entries.map(({ name, isFolder, bytes }) => [name, isFolder, bytes])).toEqual([
      ['z', true, null],
      ['9.npy', false, 3],
      ['10.npy', false, 3],
    ]);
    expect([parent, more]).toEqual([started.place, 0]);
    await expect(recorded().browse({ folder: join(place, 'gone') })).rejects.toThrow(/does not exist/);
  });
});

describe('reference rows', () => {
  it('come with the command that computes them again, and with what it found for this contract', async () => {
    const contract = { reference: { rows: [0, 7], inputs: ['one', "it's two"], file: 'reference.safetensors' } };
    const trusted = writeRecordedSet(join(folder, 'referenced'), { n: 20, seed: 1, contract });
    const test = writeRecordedSet(join(folder, 'unreferenced'), { n: 10, seed: 2, anomalous: 5 });
    const referencesOf = async () => {
      const look = await recorded().look({ draft: draftOf({ trusted, test }), spare: [], draw: 0, count: 1 });
      return look.contract!.references;
    };
    const [unchecked, ...more] = await referencesOf();
    expect(more).toEqual([]);
    expect(unchecked).toMatchObject({ set: 'trusted', rows: 2, layers: null });
    expect(unchecked!.command).toContain(`python -m cupbearer_bridge check ${trusted} `);

    const save = (hash: string) =>
      writeFileSync(
        join(trusted, 'parity.json'),
        JSON.stringify({
          format: 'cupbearer-parity',
          version: 1,
          contract: hash,
          layers: { 'layers.0': { largest: 1e-7, limit: 1e-4 }, 'layers.1': { largest: null, limit: 1e-4 } },
        }),
      );
    save(hashFile(join(trusted, 'activations.json')));
    expect((await referencesOf())[0]!.layers).toEqual([
      { name: 'layers.0', largest: 1e-7, limit: 1e-4, agrees: true },
      { name: 'layers.1', largest: null, limit: 1e-4, agrees: false },
    ]);
    save('0'.repeat(64));
    expect((await referencesOf())[0]!.layers).toBeNull();
    writeFileSync(join(trusted, 'parity.json'), '{"format":');
    expect((await referencesOf())[0]!.layers).toBeNull();
  });
});

describe('files of recorded activations', () => {
  it('say what they hold and what they seem to be for, or why they cannot be read', async () => {
    const trusted = writeRecordedSet(join(folder, 'trusted'), { n: 20, seed: 1 });
    const mixed = writeRecordedSet(join(folder, 'mixed'), { n: 10, seed: 2, anomalous: 5 });
    const labels = join(folder, 'test-labels.npy');
    const pickle = join(folder, 'test.pt');
    const damaged = join(folder, 'test.csv');
    const array = join(folder, 'layer.npy');
    writeFileSync(labels, encodeNpy({ shape: [3], data: new Int32Array(3) }));
    writeFileSync(pickle, 'abc');
    writeFileSync(damaged, '"open');
    writeFileSync(array, encodeNpy({ shape: [3, 2], data: new Float32Array(6) }));
    const look = await recorded().look({
      draft: draftOf({ trusted, test: `a=${array}` }),
      spare: [mixed, labels, pickle, damaged, join(folder, 'none.npy')],
      draw: 0,
      count: 2,
    });
    expect(
      look.files.map(({ role, kind, holds, suggested, fault }) => [role, kind, holds, suggested, fault !== null]),
    ).toEqual([
      // prettier-ignore
      ['trusted', 'activations', '20 samples, 2 layers', 'trusted', false],
      ['test', 'activations', '3 samples, 1 layer', 'none', false],
      ['none', 'activations', '10 samples, 2 layers', 'untrusted', false],
      ['none', 'table', '3 numbers', 'test_labels', false],
      ['none', 'other', '', 'none', true],
      ['none', 'other', '', 'none', true],
      ['none', 'other', '', 'none', true],
    ]);
    expect(look.files[4]!.fault).toContain('test.pt');
    expect(look.files[6]!.fault).toContain('none.npy');
    expect(look.sets.map(({ set, samples, columns }) => [set, samples, columns])).toEqual([
      ['trusted', 20, ['id', 'text', 'source', 'label']],
      ['test', 3, null],
    ]);
    expect(look.common).toEqual([]);
    expect(look.contract).toMatchObject({ differences: [], silent: ['test'] });
    expect(look.samples.map(({ text, label }) => [text, label])).toEqual([
      [expect.stringMatching(/^Sample \d$/), null],
      [expect.stringMatching(/^Sample \d$/), null],
    ]);
  });

  it('are counted for what is odd in them', async () => {
    const trusted = writeRecordedSet(join(folder, 'counted-trusted'), {
      n: 20,
      seed: 1,
      change: ([first]) => {
        for (let i = 2; i < first!.values.length; i += 6) first!.values[i] = 1;
      },
    });
    const test = writeRecordedSet(join(folder, 'counted-test'), {
      n: 20,
      seed: 1,
      // The same but for two samples.
      change: ([first, second]) => {
        for (let i = 2; i < first!.values.length; i += 6) first!.values[i] = 1;
        second!.values[0] = Infinity;
        second!.values[7] = NaN;
      },
    });
    const { sets, inBoth } = await count({ trusted, test });
    expect(sets.map(({ set, notFinite, repeated }) => [set, notFinite, repeated])).toEqual([
      ['trusted', 0, 0],
      ['test', 2, 0],
    ]);
    expect(sets[0]!.layers[0]).toEqual({ name: 'layers.0', nan: 0, infinite: 0, firstNotFinite: null, constantColumns: 1, columns: 6 }); // prettier-ignore
    expect(sets[1]!.layers[1]).toMatchObject({ nan: 1, infinite: 1, firstNotFinite: 0, constantColumns: 0 });
    expect(inBoth).toBe(18);
    // What cannot be opened is a fault of the draft; the rest is counted.
    expect((await count({ trusted, test: join(folder, 'gone') })).sets.map(({ set }) => set)).toEqual(['trusted']);
  });
});
