import { client, toCupbearerError } from '../../app/client.ts';

interface Suite {
  id: string;
  name: string;
  question: string;
}

/** The experiments that ship with the program. */
export class Suites {
  list = $state.raw<readonly Suite[]>([]);
  failure = $state<string | null>(null);

  async load(): Promise<void> {
    try {
      this.list = await client.experiments.suites({});
      this.failure = null;
    } catch (error) {
      this.failure = toCupbearerError(error).message;
    }
  }
}
