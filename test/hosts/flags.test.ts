import fc from 'fast-check';
import { describe as suite, expect, it } from 'vitest';
import { z } from 'zod';
import { Registry, type Definition } from '../../shared/definition.ts';
import { describe } from '../../shared/schema/describe.ts';
import {
  choice,
  defaultPick,
  flag,
  integer,
  integers,
  number,
  optionalNames,
  optionalPick,
  optionalText,
  parseParams,
  pick,
  pickRecord,
} from '../../shared/schema/fields.ts';
import { describeType, flagName, parseFlags, readArguments } from '../../main/hosts/cli/flags.ts';
import { flagHelp } from '../../main/hosts/cli/help.ts';
import { errorOf } from '../storage/fixtures.ts';

const text = (label: string) => ({ label, help: `What ${label} does` });

const animals: Registry<Definition> = new Registry<Definition>('animal', [
  {
    id: 'grey-cat',
    title: 'Cat',
    summary: 'A cat',
    params: z.object({
      lives: integer({ ...text('lives'), default: 9, min: 1, max: 9, unit: 'lives' }),
      friend: optionalPick(() => animals, text('friend')),
    }),
  },
  {
    id: 'dog',
    title: 'Dog',
    summary: 'A dog',
    params: z.object({ tail_length: number({ ...text('tail'), default: 0.5, min: -1 }) }),
  },
]);

const schema = z.object({
  pet: pick(() => animals, text('pet')),
  guard: defaultPick(() => animals, { ...text('guard'), default: 'dog' }),
  others: pickRecord(() => animals, text('others')),
  num_bowls: integer({ ...text('bowls'), default: 2, min: 0, max: 10 }),
  depth: number({ ...text('depth'), default: 1, max: 5 }),
  widths: integers({ ...text('widths'), default: [4, 2], min: 1 }),
  names: optionalNames(text('names')),
  colour: choice({ ...text('colour'), options: ['red', 'green'], default: 'red' }),
  indoors: flag({ ...text('indoors'), default: false }),
  note: optionalText(text('note')),
  dir: z.object({ full: optionalText(text('full')), base: optionalText(text('base')) }).default({}),
});
const fields = describe(schema);
const switches = ['indoors'];

/** What the flags of a command line stand for. */
const parse = (...args: string[]) => parseFlags(readArguments(args, switches).flags, fields);
const refusal = (...args: string[]) => errorOf('usage', () => parse(...args));

suite('flags', () => {
  it.each<[string, string[], Record<string, unknown>]>([
    ['a value as the next word', ['--num_bowls', '3'], { num_bowls: 3 }],
    ['a value after "="', ['--num_bowls=3'], { num_bowls: 3 }],
    ['a value that holds "="', ['--note=a=b'], { note: 'a=b' }],
    ['a value that looks like a flag, after "="', ['--note=--loud'], { note: '--loud' }],
    ['"-" for "_"', ['--num-bowls', '3'], { num_bowls: 3 }],
    ['negative numbers', ['--depth', '-1.5'], { depth: -1.5 }],
    ['powers of ten', ['--depth', '1e-3', '--num_bowls', '1e1'], { depth: 0.001, num_bowls: 10 }],
    ['a list of numbers', ['--widths', '3,4,5'], { widths: [3, 4, 5] }],
    ['a list with spaces', ['--widths', ' 3, 4 '], { widths: [3, 4] }],
    ['a list of names', ['--names', 'a.b, c_d'], { names: ['a.b', 'c_d'] }],
    ['a choice', ['--colour', 'green'], { colour: 'green' }],
    ['a switch alone', ['--indoors', '--num_bowls', '1'], { indoors: true, num_bowls: 1 }],
    ['a switch with its value', ['--indoors', 'FALSE'], { indoors: false }],
    ['a switch with "="', ['--indoors=no'], { indoors: false }],
    ['a group', ['--dir.full', 'here', '--dir.base=there'], { dir: { full: 'here', base: 'there' } }],
    ['a definition', ['--pet', 'dog'], { pet: { name: 'dog' } }],
    ['a definition by a name with "_"', ['--pet', 'grey_cat'], { pet: { name: 'grey-cat' } }],
    [
      'parameters of a definition, before and after it',
      ['--pet.lives', '7', '--pet', 'grey-cat'],
      { pet: { name: 'grey-cat', lives: 7 } },
    ],
    ['"-" for "_" in a parameter', ['--pet=dog', '--pet.tail-length=1'], { pet: { name: 'dog', tail_length: 1 } }],
    [
      'parameters of the default definition',
      ['--guard.tail_length', '-1'],
      { guard: { name: 'dog', tail_length: -1 } },
    ],
    [
      'definitions in definitions',
      ['--pet', 'grey-cat', '--pet.friend', 'dog', '--pet.friend.tail_length', '2'],
      { pet: { name: 'grey-cat', friend: { name: 'dog', tail_length: 2 } } },
    ],
    [
      'definitions under names of the user',
      ['--others.rex', 'dog', '--others.rex.tail_length=3', '--others.tom=grey-cat'],
      { others: { rex: { name: 'dog', tail_length: 3 }, tom: { name: 'grey-cat' } } },
    ],
    ['nothing', [], {}],
  ])('take %s', (_, args, expected) => {
    expect(parse(...args)).toEqual(expected);
  });

  it('leave the words between them, also behind a switch', () => {
    const { words, flags } = readArguments(['show', '--indoors', 'id', '--note', 'x', '-v'], switches);
    expect(words).toEqual(['show', 'id', '-v']);
    expect(flags.map(({ written, value }) => [written, value])).toEqual([
      ['--indoors', undefined],
      ['--note', 'x'],
    ]);
  });

  it('give any spec back that is written as flags', () => {
    const spec = fc.record({
      num_bowls: fc.integer({ min: 0, max: 10 }),
      depth: fc.double({ max: 5, noNaN: true, noDefaultInfinity: true }),
      widths: fc.array(fc.integer({ min: 1 }), { minLength: 1 }),
      note: fc.string({ minLength: 1 }),
      indoors: fc.boolean(),
    });
    fc.assert(
      fc.property(spec, (expected) => {
        const args = Object.entries(expected).map(([key, value]) => `--${key}=${String(value)}`);
        const { depth, ...rest } = parse(...args);
        expect({ ...rest, depth }).toEqual({ ...expected, depth: Number(String(expected.depth)) });
      }),
    );
  });
});

suite('flags that are wrong', () => {
  it.each<[string, string[], string]>([
    ['an unknown one, with the nearest', ['--num_bowl', '3'], 'There is no flag --num_bowl. Did you mean --num_bowls?'],
    ['an unknown one like no other', ['--xyzzy', '3'], 'There is no flag --xyzzy.'],
    ['an unknown one in a group', ['--dir.ful', 'x'], 'There is no flag --dir.ful. Did you mean --dir.full?'],
    [
      'an unknown parameter of a definition',
      ['--pet', 'dog', '--pet.tail_lenght', '1'],
      'There is no flag --pet.tail_lenght. Did you mean --pet.tail_length?',
    ],
    ['a parameter of another definition', ['--pet', 'dog', '--pet.lives', '1'], 'There is no flag --pet.lives.'],
    ['an unknown definition', ['--pet', 'dgo'], '--pet must be one of grey-cat, dog; got "dgo". Did you mean "dog"?'],
    [
      'an unknown definition under a name of the user',
      ['--others.rex', 'gog'],
      '--others.rex must be one of grey-cat, dog; got "gog". Did you mean "dog"?',
    ],
    ['a name of the user left out', ['--others', 'dog'], '--others needs a name of your own: --others.NAME grey-cat.'],
    ['parameters of no definition', ['--pet.lives', '3'], '--pet.lives needs --pet itself: one of grey-cat, dog.'],
    ['the same flag twice', ['--num_bowls', '1', '--num_bowls', '2'], '--num_bowls was given twice.'],
    ['the same flag in two spellings', ['--num_bowls=1', '--num-bowls=1'], '--num-bowls was given twice.'],
    ['a switch twice', ['--indoors', '--indoors'], '--indoors was given twice.'],
    ['no value at the end', ['--num_bowls'], '--num_bowls needs a value: a whole number, 0 to 10.'],
    ['no value before a flag', ['--depth', '--indoors'], '--depth needs a value: a number, at most 5.'],
    ['an empty value', ['--note='], '--note needs a value: text.'],
    ['a definition without a name', ['--pet', '--indoors'], '--pet needs a value: grey-cat | dog.'],
    ['text for a whole number', ['--num_bowls', 'two'], '--num_bowls must be a whole number, 0 to 10; got "two".'],
    [
      'a fraction for a whole number',
      ['--num_bowls', '1.5'],
      '--num_bowls must be a whole number, 0 to 10; got "1.5".',
    ],
    ['infinity for a number', ['--depth', 'Infinity'], '--depth must be a number, at most 5; got "Infinity".'],
    [
      'text among numbers',
      ['--widths', '3,x'],
      '--widths must be whole numbers separated by commas, at least 1; got "x".',
    ],
    ['a word for a switch', ['--indoors=maybe'], '--indoors must be true or false; got "maybe".'],
    ['a value for a group', ['--dir', 'x'], '--dir takes no value itself; it has --dir.full, --dir.base.'],
    ['a part of a plain flag', ['--note.size', '1'], '--note has no parameters, so there is no --note.size.'],
    ['no name at all', ['--', 'x'], 'There is no flag --.'],
  ])('%s', (_, args, sentence) => {
    expect(refusal(...args).message).toBe(sentence);
  });

  it('are answered with those that there are', () => {
    expect(refusal('--dir.ful', 'x').hint).toBe('Known here: --dir.full, --dir.base.');
    expect(refusal('--xyzzy').hint).toMatch(/^Known here: --pet, --guard, .*--dir\.$/);
  });

  it.each<[string, string[], string]>([
    ['a number out of range', ['--num_bowls', '11'], '--num_bowls must be at most 10, got 11.'],
    ['a negative number', ['--num_bowls', '-1'], '--num_bowls must be at least 0, got -1.'],
    ['one number of a list', ['--widths', '4,0'], '--widths must be at least 1, got 0.'],
    [
      'a parameter of a definition',
      ['--guard', 'grey-cat', '--guard.lives', '10'],
      '--guard.lives must be at most 9, got 10.',
    ],
    [
      'a parameter in a definition in a definition',
      ['--guard', 'grey-cat', '--guard.friend', 'grey-cat', '--guard.friend.lives', '0'],
      '--guard.friend.lives must be at least 1, got 0.',
    ],
    [
      'a parameter under a name of the user',
      ['--others.tom', 'grey-cat', '--others.tom.lives', '0'],
      '--others.tom.lives must be at least 1, got 0.',
    ],
    ['a choice', ['--colour', 'gren'], '--colour must be one of red, green; got "gren". Did you mean "green"?'],
    [
      'two things at once',
      ['--num_bowls', '11', '--depth', '6'],
      '--num_bowls must be at most 10, got 11. --depth must be at most 5, got 6.',
    ],
  ])('out of range are named: %s', (_, args, sentence) => {
    const given = { pet: 'dog', ...parse(...args) };
    expect(errorOf('usage', () => parseParams(schema, given, flagName)).message).toBe(sentence);
  });

  it('never crash, whatever is typed', () => {
    const word = fc.oneof(
      fc.string(),
      fc.constantFrom(
        '--',
        '--=',
        '--.',
        '--pet',
        '--pet.',
        '--pet..x',
        'dog',
        '--others.',
        '--__proto__',
        '--dir',
        '=',
      ),
      fc.constantFrom('--others.__proto__', '--pet.friend.friend', '--constructor', '--indoors', '--widths', ','),
    );
    fc.assert(
      fc.property(fc.array(word), (args) => {
        try {
          parse(...args);
        } catch (error) {
          expect(error).toMatchObject({ code: 'usage' });
        }
      }),
    );
  });
});

suite('help', () => {
  const lines = (chosen: Record<string, unknown>) => flagHelp(fields, chosen).split('\n');
  const lineOf = (flagWanted: string, chosen: Record<string, unknown> = {}) =>
    lines(chosen).find((line) => line.trim().split(' ')[0] === flagWanted);

  it('has a line for each flag with type, range and default', () => {
    const expected: Record<string, string> = {
      '--pet': 'What pet does [grey-cat | dog, required]',
      '--guard': 'What guard does [grey-cat | dog, default dog]',
      '--guard.tail_length': 'What tail does [a number, at least -1, default 0.5]',
      '--others.NAME': 'What others does [grey-cat | dog]',
      '--num_bowls': 'What bowls does [a whole number, 0 to 10, default 2]',
      '--depth': 'What depth does [a number, at most 5, default 1]',
      '--widths': 'What widths does [whole numbers separated by commas, at least 1, default 4,2]',
      '--names': 'What names does [names separated by commas]',
      '--colour': 'What colour does [red | green, default red]',
      '--indoors': 'What indoors does [true or false, default false]',
      '--note': 'What note does [text]',
      '--dir.full': 'What full does [text]',
      '--dir.base': 'What base does [text]',
    };
    const shown = lines({}).map((line) => line.trim().split(/ {2,}/));
    expect(Object.fromEntries(shown) as unknown).toEqual(expected);
    expect(shown).toHaveLength(Object.keys(expected).length);
  });

  it('has the flags of what was chosen, indented below it, with units', () => {
    const chosen = parse('--pet', 'grey-cat', '--pet.friend', 'dog', '--others.tom', 'grey-cat');
    const shown = lines(chosen).map((line) => /^( *)(--\S+)/.exec(line)!.slice(1, 3));
    expect(shown.map(([indent, name]) => `${indent!.length / 2} ${name}`).slice(0, 9)).toEqual([
      '1 --pet',
      '2 --pet.lives',
      '2 --pet.friend',
      '3 --pet.friend.tail_length',
      '1 --guard',
      '2 --guard.tail_length',
      '1 --others.NAME',
      '1 --others.tom',
      '2 --others.tom.lives',
    ]);
    expect(lineOf('--pet.lives', chosen)).toMatch(/What lives does \(lives\) \[a whole number, 1 to 9, default 9\]$/);
  });

  it('says the type of every kind of field', () => {
    for (const field of fields) if (field.type !== 'group') expect(describeType(field)).not.toBe('');
  });
});
