import fc from 'fast-check';
import { expect, it } from 'vitest';
import { toJsonText } from '../../main/storage/json-text.ts';

it('keeps plain arrays on one line', () => {
  expect(toJsonText({ a: [1, null, 'x'], b: { c: [{ d: 1 }] }, e: undefined, f: {} })).toBe(
    [
      '{',
      '  "a": [1, null, "x"],',
      '  "b": {',
      '    "c": [',
      '      {',
      '        "d": 1',
      '      }',
      '    ]',
      '  },',
      '  "f": {}',
      '}',
      '',
    ].join('\n'),
  );
});

it('is the same value as JSON.stringify writes', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(toJsonText(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});
