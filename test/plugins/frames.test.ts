import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeFrame, FrameReader } from '../../main/plugins/frames.ts';
import { mostFrameBytes } from '../../main/plugins/messages.ts';
import { CupbearerError } from '../../shared/errors.ts';

/** Bytes in pieces, cut at some places. */
function pieces(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, i) => bytes.subarray(places[i], end));
}

test('messages arrive as they were sent, however the pipe cuts them', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ id: fc.nat(), text: fc.string({ unit: 'binary' }) }), { maxLength: 8 }),
      fc.array(fc.nat(), { maxLength: 20 }),
      (messages, cuts) => {
        const reader = new FrameReader();
        const bytes = Buffer.concat(messages.map(encodeFrame));
        expect(pieces(bytes, cuts).flatMap((piece) => reader.push(piece))).toEqual(messages);
        expect(reader.isCutOff).toBe(false);
      },
    ),
  );
});

test('any bytes are messages or an error that says what is wrong', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.array(fc.nat(), { maxLength: 5 }), (bytes, cuts) => {
      const reader = new FrameReader();
      try {
        for (const piece of pieces(bytes, cuts)) reader.push(piece);
      } catch (error) {
        expect(error).toBeInstanceOf(CupbearerError);
      }
    }),
    { numRuns: 1000 },
  );
});

test('a frame that is too long is refused by its head', () => {
  const head = Buffer.alloc(4);
  head.writeUInt32LE(mostFrameBytes + 1);
  expect(() => new FrameReader().push(head)).toThrow(`expected at most ${mostFrameBytes} bytes`);
  expect(() => encodeFrame({ text: 'x'.repeat(mostFrameBytes) })).toThrow('expected at most');
});

test('frames of something else than JSON in UTF-8 are refused', () => {
  const framed = (bytes: Uint8Array) => Buffer.concat([Buffer.from([bytes.length, 0, 0, 0]), bytes]);
  expect(() => new FrameReader().push(framed(Buffer.from('print')))).toThrow('expected JSON');
  expect(() => new FrameReader().push(framed(Uint8Array.of(0xff, 0xfe)))).toThrow('expected UTF-8');
  expect(() => new FrameReader().push(framed(Buffer.from('['.repeat(50))))).toThrow('nested at most');
});
