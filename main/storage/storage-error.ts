import { CupbearerError } from '../../shared/errors.ts';

interface Reason {
  says: string;
  hint: string;
}

const reasons: Record<string, Reason> = {
  ENOSPC: { says: 'the disk is full', hint: 'Free some space, or choose a folder on another disk.' },
  EDQUOT: { says: 'your quota on this disk is used up', hint: 'Free some space, or choose a folder on another disk.' },
  EFBIG: { says: 'the file would be larger than is allowed here', hint: 'Choose a folder on another disk.' },
  EACCES: { says: 'permission was denied', hint: 'Choose a folder that you may write to, or change its permissions.' },
  EPERM: {
    says: 'the operation is not permitted',
    hint: 'Choose a folder that you may write to, or close the program that uses the file.',
  },
  EROFS: { says: 'the disk is read-only', hint: 'Choose a folder on a disk that can be written to.' },
  ENOENT: { says: 'it, or the folder it should be in, does not exist', hint: 'Check the path.' },
  ENOTDIR: { says: 'a part of its path is a file, where a folder was expected', hint: 'Check the path.' },
  EEXIST: { says: 'a file of that name is in the way', hint: 'Choose another name.' },
  EISDIR: { says: 'it is a folder, where a file was expected', hint: 'Check the path.' },
  ELOOP: { says: 'links in its path lead in a circle', hint: 'Check the path.' },
  ENAMETOOLONG: { says: 'the name is too long', hint: 'Choose a shorter name.' },
  EBUSY: { says: 'another program uses it', hint: 'Close that program and try again.' },
  EMFILE: { says: 'this process has too many files open', hint: 'Raise the limit on open files (ulimit -n).' },
  EIO: { says: 'the disk reported an error', hint: 'Check the disk.' },
};

/**
 * Returns what an operating system's code (`ENOSPC`, …) means, or undefined if it is not among those that are known.
 */
export function storageReason(code: string): string | undefined {
  return reasons[code]?.says;
}

/** The operating system's code of a failed file operation (`ENOSPC`, …), or undefined for any other error. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/**
 * The error for a file operation that failed. `what` says what was tried, as the end of "Could not …": `write
 * "/a/b.npy"`. An error that is already ours is given back as it is; anything that is no file error too, since it is a
 * defect and must not look like trouble with the disk.
 */
export function toStorageError(error: unknown, what: string): unknown {
  const code = systemCode(error);
  if (code === undefined || error instanceof CupbearerError) return error;
  const reason = reasons[code];
  return new CupbearerError('storage', `Could not ${what}: ${reason?.says ?? `the system answered ${code}`}.`, {
    hint: reason?.hint,
    details: { system_code: code },
    cause: error,
  });
}

/** Runs a file operation; @throws what {@link toStorageError} makes of its failure. */
export function withStorageErrors<T>(what: string, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    throw toStorageError(error, what);
  }
}
