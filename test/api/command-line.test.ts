import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe as suite, expect, it } from 'vitest';
import { CupbearerError } from '../../shared/errors.ts';
import { parseParams } from '../../shared/schema/fields.ts';
import { describe } from '../../shared/schema/describe.ts';
import { commandLine, commandOrReason } from '../../main/api/runs/command-line.ts';
import { runRegistry } from '../../main/runs/index.ts';
import { parseFlags, readArguments } from '../../main/hosts/cli/flags.ts';

/** Where commands run that ought to do nothing. */
const empty = mkdtempSync(join(tmpdir(), 'cupbearer-commands-'));
afterAll(() => {
  rmSync(empty, { recursive: true });
});

/** The words that a shell takes a command apart into; whatever else the command makes it do must leave no trace. */
function shellWords(line: string): string[] {
  const { stdout } = spawnSync('sh', ['-c', `printf '%s\\0' ${line}`], { encoding: 'utf8', cwd: empty });
  expect(readdirSync(empty)).toEqual([]);
  return stdout.split('\0').slice(0, -1);
}

/** What the command line asks for, all defaults filled in. */
function askedBy(line: string): unknown {
  const [npx, name, id, ...args] = shellWords(line);
  expect([npx, name]).toEqual(['npx', 'cupbearer']);
  const { params } = runRegistry.get(id!);
  // What the program does before it looks at flags.
  expect(args).not.toContain('-h');
  return parseParams(params, parseFlags(readArguments(args).flags, describe(params)));
}

suite.skipIf(!existsSync('/bin/sh'))('the command line of a spec', () => {
  const specs: [string, string, object][] = [
    ['of defaults alone', 'train-classifier', { train_data: 'mnist' }],
    ['with nested choices', 'train-classifier', { train_data: { name: 'backdoor', original: { name: 'glyphs', limit: 200 }, backdoor: { name: 'noise', p_backdoor: 0.2, std: 0.4 } }, model: { name: 'mlp', hidden_dims: [16, 12] }, max_steps: 7 }], // prettier-ignore
    ['with empty lists', 'train-classifier', { train_data: 'mnist', model: { name: 'mlp', hidden_dims: [] } }],
    ['with names of its own', 'train-classifier', { train_data: 'mnist', val_data: { clean: { name: 'mnist', train: false } } }], // prettier-ignore
    ['with paths that need quotes', 'train-detector', { detector: { name: 'mahalanobis', relative: true, layers: ['layers.linear_1.output', 'layers.linear_2.output'] }, task: { name: 'backdoor', run_path: "/my runs/it's $HOME" } }], // prettier-ignore
    ['of an evaluation', 'eval-detector', { detector: { name: 'from_run', path: '/a/b' }, task: { name: 'ood', run_path: '/c', change: { name: 'noise', std: 0.1 } }, analysis: false }], // prettier-ignore
  ];

  it.each(specs)('%s asks for that spec again', (_, id, asked) => {
    const experiment = runRegistry.get(id);
    const spec = parseParams(experiment.params, asked);
    expect(askedBy(commandLine({ kind: experiment.kind, params: spec }))).toEqual(spec);
  });

  it('leaves out what is the default anyway', () => {
    const experiment = runRegistry.get('train-classifier');
    const spec = parseParams(experiment.params, { train_data: 'mnist', num_epochs: 3 });
    expect(commandLine({ kind: experiment.kind, params: spec }, { 'dir.full': '/my runs/a' })).toBe(
      "npx cupbearer train-classifier --train_data mnist --num_epochs 3 --dir.full '/my runs/a'",
    );
  });

  const nasty = fc.oneof(
    fc.constantFrom('x;touch${IFS}pwned;', '`touch pwned`', '$(touch pwned)', "'; touch pwned; '", '-h', '--json', '--a=b', '=', '-1', '~', '!!', '\n', '\u202e', '\\', 'a.b', 'a-b', '__proto__', 'constructor', '2020', 'clean', ''), // prettier-ignore
    fc.string({ unit: 'binary', maxLength: 8 }),
  );

  it('asks for the same whatever names and values stand in it, or says why it cannot', () => {
    let written = 0;
    const check = (id: string, asked: object) => {
      const experiment = runRegistry.get(id);
      const schema = experiment.params.safeParse(asked);
      const spec = schema.success ? schema.data : (asked as Record<string, unknown>);
      const { command, noCommand } = commandOrReason({ kind: experiment.kind, params: spec });
      if (command === null) return expect(noCommand).toMatch(/command line/);
      written++;
      expect(askedBy(command)).toEqual(spec);
    };
    const sample = fc.record({ name: nasty, path: nasty, layers: fc.array(nasty, { minLength: 1, maxLength: 3 }) });
    fc.assert(
      fc.property(sample, ({ name, path, layers }) => {
        check('train-classifier', { train_data: 'mnist', val_data: Object.fromEntries([[name, { name: 'mnist' }]]) });
        check('train-detector', { detector: { name: 'mahalanobis', layers }, task: { name: 'backdoor', run_path: path } }); // prettier-ignore
      }),
      { numRuns: 300 },
    );
    expect(written).toBeGreaterThan(100);
  });

  it.each(['x;touch${IFS}pwned;', 'a b', 'a.b', 'a-b', 'a=b', '--x', '', '__proto__', 'ä', '\u202e'])(
    'refuses the name %j, which is no identifier',
    (name) => {
      const experiment = runRegistry.get('train-classifier');
      const spec = { train_data: { name: 'mnist' }, val_data: Object.fromEntries([[name, { name: 'mnist' }]]) };
      expect(() => commandLine({ kind: experiment.kind, params: spec })).toThrow(CupbearerError);
      const { command, noCommand } = commandOrReason({ kind: experiment.kind, params: spec });
      expect([command, noCommand]).toEqual([null, expect.stringMatching(/^No command line says the same: --val_data has the name /)]); // prettier-ignore
    },
  );

  it.each([
    ['a list in the place of a dataset', { train_data: ['mnist'] }],
    ['a dataset without a name', { train_data: {} }],
    ['a dataset that is not known', { train_data: { name: '$(touch pwned)' } }],
    ['text in the place of a number', { train_data: { name: 'mnist' }, num_epochs: '3; touch pwned' }],
    ['a number that is none', { train_data: { name: 'mnist' }, label_smoothing: NaN }],
    ['no names where some are asked for', { train_data: { name: 'mnist' }, val_data: {} }],
    ['a number in the place of names', { train_data: { name: 'mnist' }, val_data: 7 }],
    ['text among the sizes', { train_data: { name: 'mnist' }, model: { name: 'mlp', hidden_dims: [1, '2 3'] } }],
  ])('says why there is none for %s', (_, spec) => {
    const { command, noCommand } = commandOrReason({ kind: 'classifier', params: spec });
    expect(command).toBeNull();
    expect(noCommand).toMatch(/^No command line says the same: --/);
  });

  it('is for PowerShell on Windows', () => {
    const experiment = runRegistry.get('train-classifier');
    const spec = parseParams(experiment.params, { train_data: { name: 'glyphs', limit: 200 } });
    expect(
      commandLine({ kind: experiment.kind, params: spec }, { 'dir.full': "C:\\Uli's runs\\a" }, 'powershell'),
    ).toBe(
      "npx cupbearer train-classifier --train_data glyphs '--train_data.limit' 200 '--dir.full' 'C:\\Uli''s runs\\a'",
    );
  });
});
