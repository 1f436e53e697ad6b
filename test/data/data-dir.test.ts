import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defaultDataDir } from '../../main/data/data-dir.ts';

describe('defaultDataDir', () => {
  const on = (platform: NodeJS.Platform, env: Record<string, string>) =>
    defaultDataDir({ platform, env, home: join('/', 'home', 'me') });

  it('is what CUPBEARER_DATA says', () => {
    expect(on('linux', { CUPBEARER_DATA: 'somewhere' })).toBe(resolve('somewhere'));
  });

  it("is in the platform's place for application data otherwise", () => {
    expect(on('linux', {})).toBe(join('/', 'home', 'me', '.local', 'share', 'cupbearer', 'data'));
    expect(on('linux', { XDG_DATA_HOME: join('/', 'x') })).toBe(join('/', 'x', 'cupbearer', 'data'));
    expect(on('darwin', {})).toBe(join('/', 'home', 'me', 'Library', 'Application Support', 'Cupbearer', 'data'));
    expect(on('win32', { LOCALAPPDATA: join('/', 'l') })).toBe(join('/', 'l', 'Cupbearer', 'data'));
  });
});
