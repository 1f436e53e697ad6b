import type { EngineStatus } from '../../../shared/domain/engine.ts';
import { client } from '../../app/client.ts';
import { toasts } from '../../app/toasts.svelte.ts';

/** The engines that can be chosen; examined once, which takes some seconds. */
class EngineChoices {
  #statuses = $state.raw<readonly EngineStatus[]>([]);
  #asked = false;

  get options() {
    return [
      { value: 'auto', label: 'Automatic' },
      ...this.#statuses.map(({ id, title, works, reason, info }) => ({
        value: id,
        label: title,
        hint: works ? info?.device : reason,
        disabled: !works,
      })),
    ];
  }

  load(): void {
    if (this.#asked) return;
    this.#asked = true;
    client.engines.statuses({}).then(
      (statuses) => (this.#statuses = statuses),
      (error: unknown) => {
        this.#asked = false;
        toasts.failed(error);
      },
    );
  }
}

export const engineChoices = new EngineChoices();
