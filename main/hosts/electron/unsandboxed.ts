import { clipboard, dialog } from 'electron';
import { profileCommands } from './sandbox.ts';

/**
 * Asks whether to continue without the sandbox, which the launcher of an AppImage switches off if it finds that the
 * system keeps programs from making one. Resolves with the answer.
 */
export async function goesOnUnsandboxed(appImage: string): Promise<boolean> {
  const commands = profileCommands('cupbearer-appimage', appImage);
  const detail = [
    'This system keeps programs from making the sandbox that holds the page of the window, or Cupbearer was started as root.',
    'Without it, a fault in the page could reach your files.',
    ...(commands === undefined ? [] : ['An AppArmor profile for this file allows it, by these commands:', commands]),
  ].join('\n\n');
  for (;;) {
    const { response } = await dialog.showMessageBox({
      type: 'warning',
      message: 'The window would open without its sandbox.',
      detail,
      buttons: ['Quit', 'Open without the sandbox', ...(commands === undefined ? [] : ['Copy the commands'])],
      defaultId: 0,
      cancelId: 0,
      noLink: true,
    });
    if (response !== 2 || commands === undefined) return response === 1;
    // The question stays: what was copied may go with the program.
    await clipboard.writeText(commands);
  }
}
