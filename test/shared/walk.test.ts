import fc from 'fast-check';
import { describe as suite, expect, it } from 'vitest';
import { z } from 'zod';
import { Registry, type Definition } from '../../shared/definition.ts';
import { describe } from '../../shared/schema/describe.ts';
import { defaultPick, flag, integer, pick, pickRecord, requiredPath } from '../../shared/schema/fields.ts';
import { knownFields, mapValues, walk, walkAll } from '../../shared/schema/walk.ts';
import { hostileObject } from '../zod-arbitrary.ts';

const text = (label: string) => ({ label, help: '' });
const definition = (id: string, shape: z.ZodRawShape): Definition => ({
  id,
  title: id,
  summary: '',
  params: z.object(shape),
});
const colours: Registry<Definition> = new Registry('colour', [
  definition('red', { depth: integer({ ...text('Depth'), default: 1 }) }),
  definition('mixed', { first: pick(() => colours, text('First')), file: requiredPath(text('File')) }),
]);
const fields = describe(
  z.object({
    colour: defaultPick(() => colours, { ...text('Colour'), default: 'red' }),
    others: pickRecord(() => colours, text('Other')),
    size: z.object({ wide: flag({ ...text('Wide'), default: false }) }).meta(text('Size')),
  }),
);

const places = (values: Record<string, unknown>) => [...walk(fields, values)].map(({ path }) => path.join('.'));

suite('a walk over parameters', () => {
  it('passes each before those inside it, in the order of declaration', () => {
    const values = { others: { mine: { name: 'red' } }, colour: { name: 'mixed', first: 'red' } };
    expect(places(values)).toEqual([
      'colour', 'colour.first', 'colour.first.depth', 'colour.file', 'others', 'others.mine', 'others.mine.depth', 'size', 'size.wide',
    ]); // prettier-ignore
  });

  it('walks into what is picked by default', () => {
    expect(places({})).toEqual(['colour', 'colour.depth', 'others', 'size', 'size.wide']);
  });

  it('says in what a parameter stands, and what is there', () => {
    const found = [...walk(fields, { others: { mine: { name: 'red', depth: 3 } } })];
    const depth = found.find(({ path }) => path.join('.') === 'others.mine.depth')!;
    expect(depth.within.map(({ label }) => label)).toEqual(['Other mine']);
    expect(depth.value).toBe(3);
  });

  it('leaves alone what is below a definition that is not known', () => {
    expect(places({ colour: { name: 'blue', depth: 3 } })).toEqual(['colour', 'others', 'size', 'size.wide']);
  });

  it('passes values that are no parameter’s where that is asked for', () => {
    const values = { colour: { name: 'red', shade: 2 }, old: 1 };
    const strays = [...walkAll(fields, values)].filter(({ field }) => field === undefined);
    expect(strays.map(({ path, value }) => [path.join('.'), value])).toEqual([
      ['colour.shade', 2],
      ['old', 1],
    ]);
  });
});

suite('values mapped over parameters', () => {
  it('are changed at any depth', () => {
    const values = {
      colour: { name: 'mixed', first: { name: 'red', depth: 1 }, file: 'a' },
      size: { wide: true },
      old: 1,
    };
    const mapped = mapValues(knownFields, fields, values, ({ type, isPath }, value) =>
      isPath ? `/${String(value)}` : type === 'flag' ? !value : value,
    );
    expect(mapped).toEqual({ ...values, colour: { ...values.colour, file: '/a' }, size: { wide: false } });
  });

  it('are the same where nothing is changed, and passed in the places of the walk, whatever they are', () => {
    fc.assert(
      fc.property(hostileObject, fc.array(hostileObject), (colour, [mine, size]) => {
        const values = { colour: { name: 'mixed', ...colour }, others: { mine }, size };
        const seen: unknown[] = [];
        const same = mapValues(knownFields, fields, values, (_, value) => {
          seen.push(value);
          return value;
        });
        expect(same).toEqual(values);
        for (const value of seen.filter((one) => typeof one === 'object'))
          expect([...walk(fields, values)].map((standing) => standing.value)).toContain(value);
      }),
    );
  });
});
