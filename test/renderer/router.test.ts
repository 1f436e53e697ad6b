import { beforeEach, describe, expect, it } from 'vitest';
import { router } from '../../renderer/app/router.svelte.ts';
import { entryOf, hrefOf, screenOf } from '../../renderer/app/routes.ts';
import { commands, shortcuts } from '../../renderer/frame/commands.ts';
import { screens } from '../../renderer/screens/index.ts';

beforeEach(() => router.go({ screen: 'runs' }));

describe('the router', () => {
  it('follows the address, however it changes', () => {
    location.hash = '#/datasets/glyphs';
    expect(router.route).toEqual({ screen: 'datasets', name: 'glyphs' });
    router.go({ screen: 'run', id: 'a', tab: 'log' });
    expect(location.hash).toBe('#/runs/a/log');
    expect(router.route).toEqual({ screen: 'run', id: 'a', tab: 'log' });
  });

  it('replaces an address without an event of the browser', () => {
    router.go({ screen: 'new', step: 'model', from: null }, { replace: true });
    expect(location.hash).toBe('#/new/model');
    expect(router.route).toEqual({ screen: 'new', step: 'model', from: null });
  });
});

describe('the table of screens', () => {
  it('has each id once, and leads from an entry back to its screen', () => {
    expect(new Set(screens.map(({ id }) => id)).size).toBe(screens.length);
    for (const screen of screens.filter((one) => 'rail' in one)) expect(screenOf(entryOf(screen))).toBe(screen);
    expect(screens.filter((one) => 'rail' in one).map((screen) => hrefOf(entryOf(screen)))).toEqual([
      '#/runs',
      '#/experiments',
      '#/new/task',
      '#/datasets',
      '#/models',
      '#/plugins',
      '#/settings',
      '#/trash',
    ]);
  });

  it('is in the palette, with shortcuts as they are on this host', () => {
    const listed = commands.filter(({ hint }) => hint === 'Screen');
    expect(listed.map(({ label }) => label)).toEqual([
      'Runs',
      'Experiments',
      'New experiment',
      'Datasets',
      'Models',
      'Plugins',
      'Settings',
      'Trash',
    ]);
    expect(listed.map(({ keys }) => keys)).toEqual([
      undefined,
      undefined,
      'Mod+N',
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(shortcuts[0]?.keys).toContainEqual({ keys: ['Mod+N'], does: 'New experiment' });
    listed[2]!.run();
    expect(router.route).toEqual({ screen: 'new', step: 'task', from: null });
  });
});
