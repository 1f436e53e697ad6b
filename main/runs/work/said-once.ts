/** Returns a function that passes each sentence on once: both halves of a dataset have the same notes. */
export function saidOnce(say: (message: string) => void): (message: string) => void {
  const said = new Set<string>();
  return (message) => {
    if (said.has(message)) return;
    said.add(message);
    say(message);
  };
}
