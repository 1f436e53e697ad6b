import { toErrorRecord } from '../../../shared/errors.ts';
import { browserFolder } from './browser-folder.ts';
import { hasDisplay, openBrowser } from './open-browser.ts';
import { writeSignInFile, type SignInFile } from './sign-in-file.ts';
import type { WebHost } from './web-host.ts';

const ifFileIsUnreadable = 'If the browser that opens shows an error about a file, open the link above in it.';

/**
 * Opens the user's browser on a page of `web` that it is signed in to, by way of a file that goes once it was used, or with
 * this process. `note` hears what a person at the terminal should know.
 */
export async function openSignedIn(web: WebHost, note: (text: string) => void): Promise<void> {
  if (!hasDisplay()) return note('No browser can be opened here.');
  let file: SignInFile;
  try {
    file = writeSignInFile(web.link(), await browserFolder());
  } catch (error) {
    return note(`No browser is opened: ${toErrorRecord(error).message} Open the link above instead.`);
  }
  web.onSignIn(() => file.remove());
  process.once('exit', () => file.remove());
  note(ifFileIsUnreadable);
  if (!(await openBrowser(file.path))) note('No browser can be opened here.');
}
