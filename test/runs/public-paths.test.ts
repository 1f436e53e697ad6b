import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { publicPath, publicSpec } from '../../main/runs/public-paths.ts';

const names = new Map([[resolve('/home/ada/runs/7'), '7']]);

describe('paths in a report', () => {
  it('are the ids of runs, what lies in a run, or the last name of anything else', () => {
    expect(publicPath(resolve('/home/ada/runs/7'), names)).toBe('7');
    expect(publicPath(resolve('/home/ada/runs/7/detector.safetensors'), names)).toBe(join('7', 'detector.safetensors'));
    expect(publicPath(resolve('/home/ada/runs/77'), names)).toBe('77');
    expect(publicPath(resolve('/home/ada/runs'), names)).toBe('runs');
    expect(publicPath(resolve('/data/birds'), names)).toBe('birds');
  });

  it('are found wherever they stand in a spec, valid or not', () => {
    const spec = {
      task: {
        name: 'backdoor',
        run_path: resolve('/home/ada/runs/7'),
        data: { name: 'image-folder', folder: '/home/ada/birds' },
      },
      detector: { name: 'nonsense', path: 3 },
    };
    expect(publicSpec('detector', spec, names)).toEqual({
      task: { name: 'backdoor', run_path: '7', data: { name: 'image-folder', folder: 'birds' } },
      detector: { name: 'nonsense', path: 3 },
    });
  });
});
