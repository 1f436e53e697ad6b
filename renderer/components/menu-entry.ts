import type { Component } from 'svelte';

/**
 * An action of a menu, with `checked` one that is switched on and off; or a separator with the heading of what follows
 * ("" for none).
 */
export type MenuEntry =
  | { heading: string }
  | {
      label: string;
      hint?: string | undefined;
      icon?: Component | undefined;
      keys?: string | undefined;
      danger?: boolean | undefined;
      disabled?: boolean | undefined;
      checked?: boolean | undefined;
      run: () => unknown;
    };
