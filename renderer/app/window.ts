import { MediaQuery } from 'svelte/reactivity';

/** Whether the window is narrower than the full layout: the rail shows icons, columns leave. */
export const narrow = new MediaQuery('max-width: 1199px');
