/** Whether this is a Mac, where the command key replaces Ctrl. */
const isMac = /Mac/.test(navigator.userAgent);

const macNames: Record<string, string> = { Mod: '\u2318', Shift: '\u21e7', Alt: '\u2325', Enter: '\u21a9' };

/** Returns the names of a shortcut's keys ("Mod+K") as printed on this system's keyboard. */
export function keyNames(shortcut: string): string[] {
  return shortcut.split('+').map((key) => (isMac ? (macNames[key] ?? key) : key === 'Mod' ? 'Ctrl' : key));
}

/** Returns whether this system's equivalent of Ctrl is held. */
export const hasMod = (event: KeyboardEvent): boolean => (isMac ? event.metaKey : event.ctrlKey);

/** Whether a key press belongs to something that is being typed into. */
export function isTyping(event: KeyboardEvent): boolean {
  const target = event.target;
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      target instanceof HTMLTextAreaElement ||
      target instanceof HTMLSelectElement ||
      (target instanceof HTMLInputElement && !['checkbox', 'radio', 'button'].includes(target.type)))
  );
}
