import { CupbearerError } from '../../../shared/errors.ts';

/** The error for a file that is not a picture which can be decoded; `found` continues the sentence. */
export function notPicture(file: string, found: string, cause?: unknown): CupbearerError {
  return new CupbearerError(
    'bad-data',
    `${file}: expected a PNG, JPEG, PPM, PGM or PBM picture, ${found}.`,
    cause === undefined ? {} : { cause },
  );
}

/** The error for a picture file that ends too early. */
export function cutOff(file: string): CupbearerError {
  return notPicture(file, 'found only the beginning of one');
}
