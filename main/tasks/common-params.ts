import type { z } from 'zod';
import type { Picked } from '../../shared/schema/fields.ts';
import { classifierParams } from './clean-data.ts';
import { splitParams } from './splits.ts';

/** Parameters that every task has, whatever its own. */
export const commonTaskParams = { run_path: classifierParams.run_path, ...splitParams };

/** A chosen task with its parameters. */
export type PickedTask = Picked & z.output<z.ZodObject<typeof commonTaskParams>>;
