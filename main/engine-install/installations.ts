import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { unknownName } from '../../shared/definition.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { toJsonText } from '../storage/json-text.ts';
import { writePrivateFile } from '../storage/private-files.ts';
import { withStorageErrors } from '../storage/storage-error.ts';
import {
  bundledId,
  bundledInstallation,
  installationIn,
  installationsFolder,
  installedIds,
  selectedId,
  selectionPath,
  type InstallationRecord,
} from '../tensor/engines/tensorflow/installation.ts';

/** An installation as it is listed. */
interface InstallationListing {
  id: string;
  /** Whether it is the one that the engine "tensorflow" uses. */
  active: boolean;
  /** Left out for the bundled one, and where it is damaged. */
  record?: InstallationRecord;
  /** What is missing or damaged. */
  fault?: string;
}

/** All installations of TensorFlow, the bundled one first. @throws CupbearerError `bad-data`, `storage`. */
export function listInstallations(): InstallationListing[] {
  const active = selectedId();
  const ids = [bundledId, ...installedIds()];
  // A chosen one that is gone altogether is listed, too: it is why the engine does not work.
  return [...new Set([...ids, active])].map((id) => {
    try {
      const { record } = find(id);
      return { id, active: id === active, ...(record ? { record } : {}) };
    } catch (error) {
      return { id, active: id === active, fault: error instanceof Error ? error.message : String(error) };
    }
  });
}

function find(id: string) {
  return id === bundledId ? bundledInstallation() : installationIn(join(installationsFolder(), id));
}

/**
 * Switches the engine "tensorflow" to an installation or back to the bundled TensorFlow.
 * @throws CupbearerError `usage` where there is none of that id, `engine` where it is not whole, `storage`.
 */
export function useInstallation(id: string): void {
  checkKnown(id);
  // The bundled one may be chosen without being there: it is what a user has who installed nothing.
  if (id !== bundledId) find(id);
  select(id);
}

/** Removes an installation; where it was in use, the engine goes back to the bundled TensorFlow. @throws as {@link useInstallation}. */
export function removeInstallation(id: string): void {
  if (id === bundledId)
    throw new CupbearerError('usage', 'The bundled TensorFlow is a dependency; npm removes it.', {
      hint: 'npm uninstall @tensorflow/tfjs-node-gpu',
    });
  checkKnown(id);
  if (selectedId() === id) select(bundledId);
  const folder = join(installationsFolder(), id);
  withStorageErrors(`remove "${folder}"`, () => rmSync(folder, { recursive: true, force: true }));
}

function checkKnown(id: string): void {
  const known = [bundledId, ...installedIds()];
  if (!known.includes(id)) throw new CupbearerError('usage', unknownName('installation', id, known));
}

/** Writes down which installation is to be used. @throws CupbearerError `storage`. */
export function select(id: string): void {
  writePrivateFile(selectionPath(), toJsonText({ use: id }));
}
