import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

function mount(folder: string, options: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function probe(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const folder = mkdtempSync(join(tmpdir(), 'cupbearer-mount-'));
  const works = mount(folder, 'size=64k');
  if (works) execFileSync('umount', [folder]);
  rmSync(folder, { recursive: true });
  return works;
}

/** Whether this process may mount a small disk of its own (root on Linux, outside most containers). */
export const canMount = probe();
export const withoutMount = canMount ? '' : ' (skipped: no right to mount a disk)';

/** Whether there is a device that is always full. */
export const hasFullDevice = existsSync('/dev/full');
export const withoutFullDevice = hasFullDevice ? '' : ' (skipped: no /dev/full here)';

/** Whether permissions bind: POSIX, and where this is root, it can step down for a moment. */
export const permissionsBind = process.platform !== 'win32';
export const withoutPermissions = permissionsBind ? '' : ' (skipped: no POSIX permissions here)';

/** A disk of `size` (`64k`), unmounted when the test ends. */
export function smallDisk(size: string): { folder: string; remount: (options: string) => void } {
  const folder = mkdtempSync(join(tmpdir(), 'cupbearer-disk-'));
  if (!mount(folder, `size=${size}`)) throw new Error('mount failed');
  onTestFinished(() => {
    execFileSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  return { folder, remount: (options) => execFileSync('mount', ['-o', `remount,${options}`, folder]) };
}

/** Fills the disk that `folder` is on, to the last byte; only for disks of {@link smallDisk}. */
export function fillDisk(folder: string): void {
  const file = openSync(join(folder, '.filler.000000000000.tmp'), 'w');
  try {
    for (let size = 4096; size >= 1;) {
      try {
        writeSync(file, Buffer.alloc(size));
      } catch {
        size = Math.floor(size / 2);
      }
    }
  } finally {
    closeSync(file);
  }
}

/** Runs `operation` as a user whom permissions bind: root passes for nobody meanwhile. */
export function withoutRoot<T>(operation: () => T): T {
  if (process.getuid?.() !== 0) return operation();
  process.seteuid!(65534);
  try {
    return operation();
  } finally {
    process.seteuid!(0);
  }
}
