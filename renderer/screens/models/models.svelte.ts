import type { ModelSummary } from '../../../shared/domain/library.ts';
import { client, toCupbearerError } from '../../app/client.ts';

/** Trained and imported models. */
class Models {
  list = $state.raw<readonly ModelSummary[] | null>(null);
  error = $state<string | null>(null);

  async load(): Promise<void> {
    try {
      this.list = await client.models.list({});
      this.error = null;
    } catch (error) {
      this.error = toCupbearerError(error).message;
    }
  }
}

export const models = new Models();
