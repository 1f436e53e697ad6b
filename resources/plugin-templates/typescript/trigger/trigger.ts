import { defineTrigger, imageSize, integer, number } from 'cupbearer/plugin';

/** What an attacker puts on a sample so that a poisoned model answers as wanted. */
export default defineTrigger({
  id: 'PLUGIN_ID',
  title: 'PLUGIN_TITLE',
  summary: 'A bright frame around the image',
  source: 'Where the trigger comes from: a paper, with equation or section',
  params: {
    width: integer({ label: 'Width', help: 'Of the frame', unit: 'px', default: 1, min: 1, max: 8 }),
    brightness: number({ label: 'Brightness', help: 'Value that its pixels get', default: 1, min: 0, max: 1 }),
  },

  create({ width, brightness }, { shape }) {
    const [height, columns, channels] = imageSize(shape, 'PLUGIN_ID');
    return {
      spec: { id: 'PLUGIN_ID', width, brightness },
      // An image [height, width, channels] from 0 to 1, row by row, changed in place.
      apply(image) {
        for (let y = 0; y < height; y++)
          for (let x = 0; x < columns; x++) {
            const fromEdge = Math.min(y, x, height - 1 - y, columns - 1 - x);
            const at = (y * columns + x) * channels;
            if (fromEdge < width) image.fill(brightness, at, at + channels);
          }
      },
      state: () => ({}),
    };
  },
});
