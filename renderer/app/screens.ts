import type { Component } from 'svelte';
import type { Route } from './router.svelte.ts';

/** Each screen's code comes when it is first shown. */
const screens: Record<Route['screen'], () => Promise<{ default: Component }>> = {
  runs: () => import('../screens/runs/RunsScreen.svelte'),
  run: () => import('../screens/run/RunScreen.svelte'),
  new: () => import('../screens/experiment/ExperimentScreen.svelte'),
  compare: () => import('../screens/compare/CompareScreen.svelte'),
  datasets: () => import('../screens/datasets/DatasetsScreen.svelte'),
  models: () => import('../screens/models/ModelsScreen.svelte'),
  settings: () => import('../screens/settings/SettingsScreen.svelte'),
};

/** The component of a screen. @throws where its code cannot be fetched (the program is gone). */
export async function loadScreen(name: Route['screen']): Promise<Component> {
  return (await screens[name]()).default;
}
