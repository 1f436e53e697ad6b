import { z } from 'zod';
import { draftSchema } from '../../shared/domain/draft.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { describe } from '../../shared/schema/describe.ts';
import { placesIn, type Place } from '../../shared/schema/places.ts';
import type { Application } from './application.ts';
import { reachFaults } from './drafts/draft-reach.ts';
import { trainingStatement } from '../runs/stated-training.ts';

const trainingFields = describe(trainingStatement);

/** Checks a place that a call names. @throws CupbearerError `usage` if it is out of reach. */
const checks: Record<Place, (application: Application, value: unknown) => void> = {
  path: ({ reach }, value) => ifValid(z.string(), value, (path) => reach.check(path)),
  training: ({ reach }, value) =>
    ifValid(z.record(z.string(), z.unknown()), value, (stated) => reach.checkSpec(trainingFields, stated)),
  draft: ({ reach, workbench }, value) =>
    ifValid(draftSchema, value, (draft) => {
      const faults = reachFaults(reach, workbench.catalogue, draft);
      if (faults[0]) throw new CupbearerError('usage', faults[0].message, { details: { faults } });
    }),
  run: ({ reach, workbench }, value) =>
    ifValid(z.string(), value, (id) => reach.checkRun(workbench.catalogue.get(id).folder)),
};

/** Checks every place that a call's input names; the contract's schemas mark these (shared/schema/places.ts). */
export function checkReach(application: Application, schema: z.ZodType, input: unknown): void {
  if (application.reach.root === undefined) return;
  for (const { place, value } of placesIn(schema, input)) checks[place](application, value);
}

/** Input that does not fit the contract is refused right after this. */
function ifValid<T>(schema: z.ZodType<T>, value: unknown, check: (valid: T) => void): void {
  const parsed = schema.safeParse(value);
  if (parsed.success) check(parsed.data);
}
