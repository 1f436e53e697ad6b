import { compareScreen } from './compare/screen.ts';
import { datasetsScreen } from './datasets/screen.ts';
import { experimentScreen } from './experiment/screen.ts';
import { modelsScreen } from './models/screen.ts';
import { runScreen } from './run/screen.ts';
import { runsScreen } from './runs/screen.ts';
import { settingsScreen } from './settings/screen.ts';

/** All screens of the window, in the order in which the rail and the palette list them. An unknown address leads to the first. */
export const screens = [
  runsScreen,
  runScreen,
  compareScreen,
  experimentScreen,
  datasetsScreen,
  modelsScreen,
  settingsScreen,
] as const;
