import { untrack } from 'svelte';

export interface Command {
  label: string;
  hint?: string | undefined;
  /** Shortcut: "Mod+N". */
  keys?: string | undefined;
  run: () => unknown;
}

/** The command palette: what is open, and what the screens offer while they are shown. */
class Palette {
  open = $state(false);
  shortcuts = $state(false);
  offered = $state.raw<readonly Command[]>([]);

  show(): void {
    this.open = true;
  }

  /** Adds commands. Returns a function that removes them: `$effect(() => palette.offer([...]))`. */
  offer(commands: readonly Command[]): () => void {
    // An effect that offers commands must not run again because others do.
    this.offered = [...untrack(() => this.offered), ...commands];
    return () => {
      this.offered = untrack(() => this.offered).filter((command) => !commands.includes(command));
    };
  }
}

export const palette = new Palette();
