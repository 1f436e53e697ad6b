import { expect, it } from 'vitest';
import { detailWords } from '../../renderer/runs/detail-words.ts';

const titles: Record<string, string> = { corner: 'Corner pixel', wanet: 'WaNet warp' };

it('calls triggers by their titles and leaves all else', () => {
  const words = ['corner', 'against wanet', 'radius 0.200', 'PGD', 'Bob', 'against other digits'];
  expect(words.map((word) => detailWords(word, (id) => titles[id] ?? id))).toEqual([
    'corner pixel',
    'against WaNet warp',
    'radius 0.200',
    'PGD',
    'Bob',
    'against other digits',
  ]);
});
