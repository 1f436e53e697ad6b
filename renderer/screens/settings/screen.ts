import SlidersHorizontal from '@lucide/svelte/icons/sliders-horizontal';
import { defineScreen } from '../../app/screen.ts';

export const settingsScreen = defineScreen({
  id: 'settings',
  title: 'Settings',
  rail: { group: 'library', icon: SlidersHorizontal },
  load: () => import('./SettingsScreen.svelte'),
});
