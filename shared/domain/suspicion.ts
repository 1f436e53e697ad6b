import { z } from 'zod';

/** A reason not to believe a result as it stands. */
export const suspicionSchema = z.object({
  id: z.enum([
    'attack-fails',
    'attack-without-effect',
    'other-trigger',
    'one-class',
    'learnt-nothing',
    'accuracy-below-usual',
    'one-class-test',
    'overlap',
    'constant-scores',
    'equal-scores',
    'wrong-way',
    'few-samples',
    'unmatched-classes',
    'plugin-changed',
  ]),
  /** What is wrong. */
  sentence: z.string(),
  /** What to do about it. */
  remedy: z.string(),
});
export type Suspicion = z.infer<typeof suspicionSchema>;
