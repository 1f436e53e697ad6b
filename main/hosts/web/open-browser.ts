import open from 'open';

/** Whether a browser window could be seen by whoever started the program. */
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
    // Resolves once the opener has been started. It tells nothing more: browsers stay, and so may the opener.
    await open(address);
    return true;
  } catch {
    return false;
  }
}
