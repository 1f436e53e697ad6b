import { describe as suite, expect, it } from 'vitest';
import { z } from 'zod';
import { Registry, type Definition } from '../../shared/definition.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { describe, fieldsOfPick } from '../../shared/schema/describe.ts';
import {
  choice,
  defaultPick,
  flag,
  integer,
  integers,
  number,
  optionalInteger,
  optionalPick,
  parseParams,
  pick,
  pickRecord,
  requiredPath,
} from '../../shared/schema/fields.ts';
import { optionTitle } from '../../shared/schema/option-title.ts';

const words = (label: string) => ({ label, help: `about ${label}` });

const plain: Definition = { id: 'plain', title: 'Plain', summary: 'no parameters', params: z.object({}) };
const sized: Definition = {
  id: 'sized',
  title: 'Sized',
  summary: 'has a size',
  params: z.object({
    size: integer({ ...words('size'), unit: 'px', default: 3, min: 1, max: 9 }),
    hidden: flag({ ...words('hidden'), default: false }),
  }),
};
const shapes = new Registry<Definition>('shape', [plain, sized]);

const schema = z.object({
  shape: pick(() => shapes, words('shape')),
  other: optionalPick(() => shapes, { ...words('other'), omit: ['hidden'] }),
  usual: defaultPick(() => shapes, { ...words('usual'), default: 'sized' }),
  named: pickRecord(() => shapes, words('named')),
  rate: number({ ...words('rate'), default: 0.1, min: 0, max: 1 }),
  widths: integers({ ...words('widths'), default: [1, 2], min: 1, atLeast: 1 }),
  most: optionalInteger({ ...words('most'), min: 1 }),
  corner: choice({ ...words('corner'), options: ['left', 'right'], default: 'left', titles: { right: 'RHS' } }),
  path: requiredPath(words('path')),
});

const minimal = { shape: 'plain', path: 'x' };

function messageOf(value: unknown): string {
  try {
    parseParams(schema, value);
  } catch (error) {
    expect(error).toBeInstanceOf(CupbearerError);
    expect((error as CupbearerError).code).toBe('usage');
    return (error as CupbearerError).message;
  }
  throw new Error('expected a refusal');
}

suite('parseParams', () => {
  it('fills in all defaults, of picked definitions too', () => {
    expect(parseParams(schema, minimal)).toEqual({
      shape: { name: 'plain' },
      usual: { name: 'sized', size: 3, hidden: false },
      rate: 0.1,
      widths: [1, 2],
      corner: 'left',
      path: 'x',
    });
  });

  it('gives the same again for what it has parsed', () => {
    const once = parseParams(schema, { ...minimal, other: 'sized', named: { a: { name: 'sized', size: 5 } } });
    expect(parseParams(schema, once)).toEqual(once);
    expect(once.other).toEqual({ name: 'sized', size: 3 });
    expect(once.named).toEqual({ a: { name: 'sized', size: 5, hidden: false } });
  });

  it('names field, expectation and finding', () => {
    expect(messageOf({ ...minimal, rate: 3 })).toBe('rate must be at most 1, got 3.');
    expect(messageOf({ ...minimal, rate: 'much' })).toBe('rate must be a number, got "much".');
    expect(messageOf({ ...minimal, most: 0 })).toBe('most must be at least 1, got 0.');
    expect(messageOf({ ...minimal, corner: 'lef' })).toBe(
      'corner must be one of left, right; got "lef". Did you mean "left"?',
    );
    expect(messageOf({ shape: 'plain' })).toBe('path is missing.');
    expect(messageOf({ ...minimal, widths: [] })).toBe('widths needs at least 1 value.');
    expect(messageOf({ ...minimal, shape: { name: 'sized', size: 10 } })).toBe('shape.size must be at most 9, got 10.');
    expect(messageOf({ ...minimal, shape: { name: 'sized', sise: 1 } })).toContain('has no parameter "sise"');
    expect(messageOf({ ...minimal, other: { name: 'sized', hidden: true } })).toContain('has no parameter "hidden"');
  });

  it('suggests the nearest definition', () => {
    expect(messageOf({ ...minimal, shape: 'sizes' })).toContain('Unknown shape "sizes". Did you mean "sized"?');
    expect(messageOf({ path: 'x' })).toContain('needs the name of a shape: plain, sized.');
  });
});

suite('describe', () => {
  const fields = Object.fromEntries(describe(schema).map((field) => [field.key, field]));

  it('says what leaving a number out means, where it means something', () => {
    const [most, other] = describe(
      z.object({
        most: optionalInteger({ ...words('most'), empty: 'All' }),
        other: optionalInteger(words('other')),
      }),
    );
    expect(most).toMatchObject({ empty: 'All', required: false });
    expect(other).not.toHaveProperty('empty');
  });

  it('reads type, range, unit and default off the schema', () => {
    expect(fields['rate']).toEqual({
      key: 'rate',
      ...words('rate'),
      type: 'number',
      required: false,
      default: 0.1,
      min: 0,
      max: 1,
    });
    expect(fields['widths']).toMatchObject({ type: 'integers', min: 1, default: [1, 2] });
    expect(fields['most']).toMatchObject({ type: 'integer', min: 1, required: false });
    expect(fields['most']).not.toHaveProperty('max');
    expect(fields['corner']).toMatchObject({ type: 'choice', options: ['left', 'right'], titles: { right: 'RHS' } });
    expect(['left', 'right'].map((option) => optionTitle(fields['corner']!, option))).toEqual(['Left', 'RHS']);
    expect(optionTitle({}, 'top-left')).toBe('Top left');
    expect(fields['path']).toMatchObject({ type: 'text', required: true, isPath: true });
  });

  it('knows what can be left out', () => {
    expect(fields['shape']).toMatchObject({ type: 'pick', required: true });
    expect(fields['other']).toMatchObject({ type: 'pick', required: false });
    expect(fields['usual']).toMatchObject({ type: 'pick', required: false, default: 'sized' });
    expect(fields['named']).toMatchObject({ type: 'pick-record', required: false });
  });

  it('describes the parameters of a picked definition without those left out in that place', () => {
    const pick = (key: string) => {
      const field = fields[key];
      return field?.type === 'pick' ? field : expect.unreachable();
    };
    expect(fieldsOfPick(pick('shape'), 'sized').map(({ key }) => key)).toEqual(['size', 'hidden']);
    expect(fieldsOfPick(pick('other'), 'sized')).toMatchObject([{ key: 'size', unit: 'px', min: 1, max: 9 }]);
  });
});

suite('Registry', () => {
  it('refuses a second definition of the same id', () => {
    expect(() => new Registry('shape', [plain, plain])).toThrow('id "plain"');
  });

  it('refuses a definition without a parameter that all are said to have', () => {
    const common = { size: integer({ ...words('size'), default: 3 }) };
    expect(new Registry('shape', [sized]).sharing(common).ids).toEqual(['sized']);
    expect(() => new Registry('shape', [sized, plain]).sharing(common)).toThrow(
      'The shape "plain" lacks the parameter "size"',
    );
  });
});
