import { describe as suite, expect, it } from 'vitest';
import { parseParams } from '../../shared/schema/fields.ts';
import { describe } from '../../shared/schema/describe.ts';
import { commandLine } from '../../main/api/command-line.ts';
import { experimentRegistry } from '../../main/experiments/index.ts';
import { parseFlags, readArguments } from '../../main/hosts/cli/flags.ts';

/** Words as a POSIX shell splits them, for what {@link commandLine} writes: plain words and single quotes. */
function shellWords(line: string): string[] {
  return [...line.matchAll(/(?:'[^']*'|\\'|[^\s'\\])+/g)].map(([word]) =>
    word.replaceAll(/'([^']*)'|\\(')/g, (_, quoted: string | undefined) => quoted ?? "'"),
  );
}

/** What the command line asks for, all defaults filled in. */
function askedBy(line: string): unknown {
  const [npx, name, id, ...args] = shellWords(line);
  expect([npx, name]).toEqual(['npx', 'cupbearer']);
  const { params } = experimentRegistry.get(id!);
  return parseParams(params, parseFlags(readArguments(args).flags, describe(params)));
}

suite('the command line of a spec', () => {
  const specs: [string, string, object][] = [
    ['of defaults alone', 'train-classifier', { train_data: 'mnist' }],
    ['with nested choices', 'train-classifier', { train_data: { name: 'backdoor', original: { name: 'glyphs', limit: 200 }, backdoor: { name: 'noise', p_backdoor: 0.2, std: 0.4 } }, model: { name: 'mlp', hidden_dims: [16, 12] }, max_steps: 7 }], // prettier-ignore
    ['with empty lists', 'train-classifier', { train_data: 'mnist', model: { name: 'mlp', hidden_dims: [] } }],
    ['with names of its own', 'train-classifier', { train_data: 'mnist', val_data: { clean: { name: 'mnist', train: false } } }], // prettier-ignore
    ['with paths that need quotes', 'train-detector', { detector: { name: 'mahalanobis', relative: true, layers: ['layers.linear_1.output', 'layers.linear_2.output'] }, task: { name: 'backdoor', run_path: "/my runs/it's $HOME" } }], // prettier-ignore
    ['of an evaluation', 'eval-detector', { detector: { name: 'from_run', path: '/a/b' }, task: { name: 'ood', run_path: '/c', change: { name: 'noise', std: 0.1 } }, analysis: false }], // prettier-ignore
  ];

  it.each(specs)('%s asks for that spec again', (_, id, asked) => {
    const experiment = experimentRegistry.get(id);
    const spec = parseParams(experiment.params, asked);
    expect(askedBy(commandLine(experiment, spec))).toEqual(spec);
  });

  it('leaves out what is the default anyway', () => {
    const experiment = experimentRegistry.get('train-classifier');
    const spec = parseParams(experiment.params, { train_data: 'mnist', num_epochs: 3 });
    expect(commandLine(experiment, spec, { 'dir.full': '/my runs/a' })).toBe(
      "npx cupbearer train-classifier --train_data mnist --num_epochs 3 --dir.full '/my runs/a'",
    );
  });
});
