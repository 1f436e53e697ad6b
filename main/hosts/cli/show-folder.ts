import { spawn } from 'node:child_process';
import { win32 } from 'node:path';

/** A program and its arguments. */
interface Command {
  file: string;
  args: string[];
  /** Whether the arguments are quoted already, in Windows' own way. */
  isQuoted?: boolean;
}

/**
 * Returns the command that shows `folder` in the system's file manager without starting anything: macOS runs a folder
 * named `X.app` when it is opened, and Windows may take `X` for a program `X.exe` beside it. So these two select the
 * folder in its parent. On Linux a folder opens in the file manager, whatever its name is.
 */
export function showFolderCommand(
  folder: string,
  platform: NodeJS.Platform,
  env: Readonly<Record<string, string | undefined>>,
): Command {
  // By their full paths: Windows looks for a program in the current folder first.
  if (platform === 'darwin') return { file: '/usr/bin/open', args: ['-R', folder] };
  if (platform === 'win32') {
    const explorer = win32.join(env['SystemRoot'] ?? 'C:\\Windows', 'explorer.exe');
    return { file: explorer, args: [`/select,"${folder}"`], isQuoted: true };
  }
  return { file: 'xdg-open', args: [folder] };
}

/** Shows `folder` in the system's file manager; resolves with false if there is none. */
export function showFolder(folder: string): Promise<boolean> {
  const { file, args, isQuoted = false } = showFolderCommand(folder, process.platform, process.env);
  return new Promise((resolve) => {
    const child = spawn(file, args, { stdio: 'ignore', detached: true, windowsVerbatimArguments: isQuoted });
    child.on('error', () => resolve(false));
    child.on('spawn', () => {
      child.unref();
      resolve(true);
    });
  });
}
