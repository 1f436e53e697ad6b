import { bytesOf } from '../../storage/element-type.ts';
import { fingerprint } from '../fingerprint.ts';
import type { Trigger } from './trigger.ts';

/** Returns the SHA-256 (hex) over what determines a trigger: its parameters and its state. */
export function triggerFingerprint(trigger: Trigger): string {
  const state = trigger.state();
  const tensors = Object.keys(state)
    .sort()
    .flatMap((name) => {
      const { shape, data } = state[name]!;
      return [name, shape, bytesOf(data)];
    });
  return fingerprint('trigger', trigger.spec, ...tensors);
}
