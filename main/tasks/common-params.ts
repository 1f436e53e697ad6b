import type { z } from 'zod';
import type { Picked } from '../../shared/schema/fields.ts';
import type { commonTaskParams } from './split-params.ts';

/** A chosen task with its parameters; `run_path` is that of the classifier which it watches, if it does. */
export type PickedTask = Picked & z.output<z.ZodObject<typeof commonTaskParams>> & { run_path?: string };
