import { toCupbearerError } from './client.ts';

export interface Toast {
  id: number;
  message: string;
  hint?: string | undefined;
  tone: 'plain' | 'danger';
  action?: { label: string; run: () => unknown } | undefined;
}

const shownMs = 6000;
const undoMs = 10_000;
const most = 3;

/** Messages at the bottom left: at most three, for 6 s, with an action 10 s, and as long as one is pointed at. */
class Toasts {
  list = $state.raw<readonly Toast[]>([]);
  #next = 1;
  #timers = new Map<number, ReturnType<typeof setTimeout>>();

  /** Returns the id of the toast. */
  show(toast: { message: string; hint?: string | undefined; tone?: Toast['tone']; action?: Toast['action'] }): number {
    const entry: Toast = { tone: 'plain', ...toast, id: this.#next++ };
    this.list = [...this.list, entry].slice(-most);
    this.resume(entry.id);
    return entry.id;
  }

  /** Says what was done and offers to take it back. Returns the id of the toast. */
  undo(message: string, takeBack: () => unknown, hint?: string): number {
    return this.show({ message, hint, action: { label: 'Undo', run: takeBack } });
  }

  /** Shows why something failed that has no place of its own on the screen. */
  failed(error: unknown): void {
    const { message, hint, code } = toCupbearerError(error);
    if (code !== 'cancelled') this.show({ message, ...(hint ? { hint } : {}), tone: 'danger' });
  }

  dismiss(id: number): void {
    this.hold(id);
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  /** Keeps a toast while it is hovered or focused. */
  hold(id: number): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }

  resume(id: number): void {
    this.hold(id);
    const toast = this.list.find((other) => other.id === id);
    if (toast)
      this.#timers.set(
        id,
        setTimeout(() => this.dismiss(id), toast.action ? undoMs : shownMs),
      );
  }
}

export const toasts = new Toasts();
