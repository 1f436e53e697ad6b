import { paramsOf } from '../../shared/schema/fields.ts';
import { architectureRegistry } from './architectures/index.ts';
import { NetworkOutline } from './network-outline.ts';

/** A network of this architecture with its usual sizes, of inputs that it takes and ten classes, to be written down and changed. */
export function templateNetwork(name: string): NetworkOutline {
  const params = paramsOf(architectureRegistry.get(name)).parse({});
  const classes = Array.from({ length: 10 }, (_, k) => `class ${k}`);
  const architecture = { name, ...params };
  if (name === 'transformer') return new NetworkOutline({ architecture, inputShape: [16], classes, vocabulary: 64 });
  const inputShape = name.startsWith('preactresnet') ? [32, 32, 3] : [28, 28, 1];
  return new NetworkOutline({ architecture, inputShape, classes });
}
