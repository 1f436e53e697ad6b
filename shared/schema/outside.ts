import { z } from 'zod';

/** Levels of objects and lists within one another. Specs have ten at most; functions that call themselves bear hundreds. */
const mostLevels = 64;

/** Whether objects and lists lie deeper within a value than anything this program writes. */
export function isTooDeep(value: unknown, levels: number = mostLevels): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isTooDeep(inner, levels - 1));
}

/** A JSON object of any content that is safe to walk through and to write again. */
export const jsonObject = z
  .record(z.string(), z.unknown())
  .refine((value) => !isTooDeep(value), `is nested deeper than ${mostLevels} levels.`);

/** A path. Systems end one at a NUL character, and Node.js refuses one that has it. */
export const pathText = z
  .string()
  .min(1)
  .refine((path) => !path.includes('\0'), 'must not contain a NUL character.');
