import open from 'open';

/** Returns whether the user who started the program could see a browser window. */
export function hasDisplay(
  platform: NodeJS.Platform = process.platform,
  env: Readonly<Record<string, string | undefined>> = process.env,
): boolean {
  if (platform === 'win32') return true;
  if (platform === 'darwin') return !env['SSH_CONNECTION'];
  return Boolean(env['DISPLAY'] || env['WAYLAND_DISPLAY']);
}

/** Opens an address in the user's browser; false if there is none. */
export async function openBrowser(address: string): Promise<boolean> {
  if (!hasDisplay()) return false;
  try {
    // Resolves when the opener has been started. There is no more to learn: browsers keep running, and so may the
    // opener.
    await open(address);
    return true;
  } catch {
    return false;
  }
}
