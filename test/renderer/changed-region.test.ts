import { expect, it } from 'vitest';
import { smallChangedRegion } from '../../renderer/screens/experiment/changed-region.ts';

/** A black picture of 8 by 12 pixels with these values at `[y, x, channel]`. */
function picture(channels: number, set: readonly [y: number, x: number, channel: number, value: number][] = []) {
  const [height, width] = [8, 12];
  const values = new Float32Array(height * width * channels);
  for (const [y, x, channel, value] of set) values[(y * width + x) * channels + channel] = value;
  return { height, width, channels, values };
}

it('is the box around what differs, in any channel and however little of it is seen', () => {
  expect(smallChangedRegion(picture(1), picture(1, [[0, 11, 0, 1]]))).toEqual({
    top: 0,
    left: 11,
    height: 1,
    width: 1,
  });
  const two = picture(3, [
    [6, 2, 2, 0.01],
    [7, 4, 0, 1],
  ]);
  expect(smallChangedRegion(picture(3), two)).toEqual({ top: 6, left: 2, height: 2, width: 3 });
});

it('is none where nothing differs that a screen could show', () => {
  expect(smallChangedRegion(picture(1), picture(1))).toBeNull();
  expect(smallChangedRegion(picture(1), picture(1, [[3, 3, 0, 0.001]]))).toBeNull();
});

it('is none where it is more than a quarter of a side', () => {
  const corners = (y: number, x: number) =>
    picture(1, [
      [0, 0, 0, 1],
      [y, x, 0, 1],
    ]);
  expect(smallChangedRegion(picture(1), corners(1, 2))).toEqual({ top: 0, left: 0, height: 2, width: 3 });
  expect(smallChangedRegion(picture(1), corners(2, 0))).toBeNull();
  expect(smallChangedRegion(picture(1), corners(0, 3))).toBeNull();
});
