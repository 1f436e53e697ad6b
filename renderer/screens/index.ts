import { compareScreen } from './compare/screen.ts';
import { datasetsScreen } from './datasets/screen.ts';
import { experimentScreen } from './experiment/screen.ts';
import { experimentPageScreen } from './experiment-page/screen.ts';
import { experimentsScreen } from './experiments/screen.ts';
import { modelsScreen } from './models/screen.ts';
import { pluginsScreen } from './plugins/screen.ts';
import { runScreen } from './run/screen.ts';
import { runsScreen } from './runs/screen.ts';
import { settingsScreen } from './settings/screen.ts';
import { trashScreen } from './trash/screen.ts';

/** All screens of the window, in the order in which the rail and the palette list them. An unknown address leads to the first. */
export const screens = [
  runsScreen,
  runScreen,
  compareScreen,
  experimentsScreen,
  experimentPageScreen,
  experimentScreen,
  datasetsScreen,
  modelsScreen,
  pluginsScreen,
  settingsScreen,
  trashScreen,
] as const;
