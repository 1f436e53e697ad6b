/** Lets Node import what names Svelte components: each is an empty one. */
import { registerHooks } from 'node:module';

registerHooks({
  load: (url, context, next) =>
    url.endsWith('.svelte')
      ? { format: 'module', source: 'export default () => undefined;', shortCircuit: true }
      : next(url, context),
});
