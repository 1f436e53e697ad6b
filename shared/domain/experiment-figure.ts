import { z } from 'zod';

/**
 * Figures of an experiment: `matrix` with heat, `forest` of differences to a baseline, `ranks` as a critical-difference
 * diagram, `roc` curves, `curves` against what is swept.
 */
export const experimentFigures = ['matrix', 'forest', 'ranks', 'roc', 'curves'] as const;
export type ExperimentFigureKind = (typeof experimentFigures)[number];

export const figureFormats = ['pdf', 'svg', 'png'] as const;

/** Column widths of journals lie between; beyond, a figure is a poster. */
export const leastFigureMm = 40;
export const mostFigureMm = 400;
export const leastFontPt = 5;
export const mostFontPt = 24;

/** How a figure for a paper is made. */
export const figureOptionsSchema = z.object({
  figure: z.enum(experimentFigures),
  format: z.enum(figureFormats),
  widthMm: z.number().min(leastFigureMm).max(mostFigureMm),
  fontPt: z.number().min(leastFontPt).max(mostFontPt),
});
export type FigureOptions = z.infer<typeof figureOptionsSchema>;
