import { z } from 'zod';
import type { Command } from '../command.ts';
export const data: Command = {
  name: 'data',
  summary: '',
  synopsis: '',
  flags: z.object({}),
  maxWords: 2,
  async run() {},
};
