import { CupbearerError } from '../../shared/errors.ts';

/** Refused on every system, so that a folder made on one can be copied to another. */
// eslint-disable-next-line no-control-regex -- control characters are what is looked for.
const forbidden = /[/\\<>:"|?*\u0000-\u001f]/;
const deviceName = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;
const maxLength = 200;

/**
 * Returns `name` if it can be the name of one file or folder on Linux, macOS and Windows: no path separator, no
 * `..`, no character or name that Windows keeps for itself, at most 200 characters. `what` names the thing in the error.
 * @throws CupbearerError `usage`.
 */
export function checkFileName(name: string, what: string): string {
  const fault =
    name === '' || name === '.' || name === '..'
      ? 'a name'
      : name.length > maxLength
        ? `a name of at most ${maxLength} characters`
        : forbidden.test(name)
          ? 'a name without / \\ < > : " | ? * and control characters'
          : /[. ]$/.test(name)
            ? 'a name that does not end in a dot or space'
            : deviceName.test(name)
              ? 'a name that is no device name of Windows'
              : undefined;
  if (fault === undefined) return name;
  throw new CupbearerError('usage', `${what}: expected ${fault}, found ${JSON.stringify(name.slice(0, 60))}.`);
}
