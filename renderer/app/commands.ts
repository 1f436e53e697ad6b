import type { Settings } from '../../shared/domain/settings.ts';
import { onWeb } from './host.ts';
import { palette } from './palette.svelte.ts';
import type { Command } from './palette.svelte.ts';
import { router } from './router.svelte.ts';
import { settings } from './settings.svelte.ts';
import { toasts } from './toasts.svelte.ts';

/** A browser keeps Ctrl+N for itself. */
const newKeys = onWeb ? 'Alt+N' : 'Mod+N';

function setTheme(theme: Settings['theme']): void {
  settings.change({ theme }).catch((error: unknown) => toasts.failed(error));
}

/** What can be done from anywhere. */
export const commands: readonly Command[] = [
  { label: 'Runs', hint: 'Screen', run: () => router.go({ screen: 'runs' }) },
  { label: 'New experiment', hint: 'Screen', keys: newKeys, run: startNew },
  { label: 'Datasets', hint: 'Screen', run: () => router.go({ screen: 'datasets', name: null }) },
  { label: 'Models', hint: 'Screen', run: () => router.go({ screen: 'models', id: null }) },
  { label: 'Settings', hint: 'Screen', run: () => router.go({ screen: 'settings' }) },
  { label: 'Light theme', run: () => setTheme('light') },
  { label: 'Dark theme', run: () => setTheme('dark') },
  { label: 'Theme of the system', run: () => setTheme('system') },
  { label: 'Keyboard shortcuts', keys: '?', run: () => (palette.shortcuts = true) },
];

export function startNew(): void {
  router.go({ screen: 'new', step: 'task', from: null });
}

/** All shortcuts, as they are listed for the user. */
export const shortcuts: readonly { title: string; keys: readonly { keys: readonly string[]; does: string }[] }[] = [
  {
    title: 'Everywhere',
    keys: [
      { keys: ['Mod+K'], does: 'Jump to a screen, a run or a command' },
      { keys: [newKeys], does: 'New experiment' },
      { keys: ['/'], does: 'Search' },
      { keys: ['?'], does: 'This list' },
      { keys: ['Esc'], does: 'Clear the selection, then close' },
    ],
  },
  {
    title: 'Tables',
    keys: [
      { keys: ['Up', 'Down'], does: 'Move' },
      { keys: ['Page Up', 'Page Down', 'Home', 'End'], does: 'Move further' },
      { keys: ['Space'], does: 'Select' },
      { keys: ['Shift+Down', 'Shift+Space'], does: 'Extend the selection' },
      { keys: ['Mod+A'], does: 'Select all that match' },
      { keys: ['Enter'], does: 'Open' },
      { keys: ['Shift+F10'], does: 'Menu of the row' },
    ],
  },
  {
    title: 'Elsewhere',
    keys: [
      { keys: ['Left', 'Right'], does: 'Move between tabs, segments and along sliders' },
      { keys: ['Page Up', 'Page Down', 'Home', 'End'], does: 'Move a slider, such as the threshold, further' },
      { keys: ['Mod+Enter'], does: 'Next step of the experiment' },
    ],
  },
];
