import type { Settings } from '../../shared/domain/settings.ts';
import { screens } from '../screens/index.ts';
import { onWeb } from '../app/host.ts';
import { palette } from '../app/palette.svelte.ts';
import type { Command } from '../app/palette.svelte.ts';
import { router } from '../app/router.svelte.ts';
import { entryOf } from '../app/routes.ts';
import type { Screen } from '../app/screen.ts';
import { settings } from '../app/settings.svelte.ts';
import { toasts } from '../app/toasts.svelte.ts';

/** The keys of a letter that opens a screen; a browser keeps some with Ctrl for itself. */
const keysOf = (letter: string): string => `${onWeb ? 'Alt' : 'Mod'}+${letter}`;

const listed: readonly Screen[] = screens.filter((screen) => screen.rail);

function setTheme(theme: Settings['theme']): void {
  settings.change({ theme }).catch((error: unknown) => toasts.failed(error));
}

/** What can be done from anywhere. */
export const commands: readonly Command[] = [
  ...listed.map((screen) => ({
    label: screen.title,
    hint: 'Screen',
    keys: screen.letter && keysOf(screen.letter),
    run: () => router.go(entryOf(screen)),
  })),
  { label: 'Light theme', run: () => setTheme('light') },
  { label: 'Dark theme', run: () => setTheme('dark') },
  { label: 'Theme of the system', run: () => setTheme('system') },
  { label: 'Keyboard shortcuts', keys: '?', run: () => (palette.shortcuts = true) },
];

/** All shortcuts, as they are listed for the user. */
export const shortcuts: readonly { title: string; keys: readonly { keys: readonly string[]; does: string }[] }[] = [
  {
    title: 'Everywhere',
    keys: [
      { keys: ['Mod+K'], does: 'Jump to a screen, an experiment, a run or a command' },
      ...listed.flatMap(({ letter, title }) => (letter === undefined ? [] : [{ keys: [keysOf(letter)], does: title }])),
      { keys: ['/'], does: 'Search' },
      { keys: ['Mod+Z'], does: 'Undo the last deletion, archiving, tag or lock' },
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
      { keys: ['Left', 'Right'], does: 'Fold and unfold a group of runs' },
      { keys: ['Shift+Left', 'Shift+Right'], does: 'On a head of Runs: move the column' },
      { keys: ['+', '-'], does: 'On a head of Runs: widen and narrow the column' },
    ],
  },
  {
    title: 'Trash',
    keys: [
      { keys: ['Enter'], does: 'Restore' },
      { keys: ['Delete'], does: 'Delete for good, after asking' },
    ],
  },
  {
    title: 'Results of an experiment',
    keys: [
      { keys: ['Up', 'Down', 'Left', 'Right'], does: 'Move between cells, above the first one between the heads' },
      { keys: ['Enter'], does: 'Show the details of the cell, or sort by the head' },
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
