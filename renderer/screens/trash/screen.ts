import Trash2 from '@lucide/svelte/icons/trash-2';
import { defineScreen } from '../../app/screen.ts';

export const trashScreen = defineScreen({
  id: 'trash',
  title: 'Trash',
  rail: { group: 'library', icon: Trash2 },
  load: () => import('./TrashScreen.svelte'),
});
