import { defineScreen } from '../../app/screen.ts';

export const compareScreen = defineScreen({
  id: 'compare',
  title: 'Compare',
  parse: ([ids = '']) => ({ ids: ids.split(',').filter((id) => id !== '') }),
  write: ({ ids }) => `/${ids.map(encodeURIComponent).join(',')}`,
  partOf: 'runs',
  load: () => import('./CompareScreen.svelte'),
});
