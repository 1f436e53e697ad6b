import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { extractAll, getRawHeader } from '@electron/asar';
import { Arch, build, Platform } from 'electron-builder';
import { build as compileProgram } from '../../main/hosts/electron/build.ts';
import { publicKeyText } from '../../main/hosts/electron/update-signature.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What Electron's own binary carries where its fuses are: a mark, a version, their number, and one character for each. */
const fuseMark = Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX');
const unsetFuses = Buffer.concat([Buffer.from([1, 9]), Buffer.from('101010101')]);

/** The key for updates of the packed program. */
export const updateKey = publicKeyText(generateKeyPairSync('ed25519').privateKey);

/** A file in the archive of a packed program. */
interface PackedFile {
  path: string;
  bytes: number;
  /** It lies beside the archive, not in it. */
  isUnpacked: boolean;
}

/** The program as electron-builder packs it for this platform, with a stub in the place of Electron's binary. */
export interface PackedProgram {
  files: PackedFile[];
  /** The fuses of the binary, in Electron's order: "0" off, "1" on. */
  fuses: string;
  /** All of the archive in a folder, as Electron shows it to the program. */
  folder: string;
  /** The folder beside the archive, whose files are read without the program. */
  resources: string;
}

/** Packs the program into `place`, an empty folder, by electron-builder.yml. Takes some tens of seconds. */
export async function packProgram(place: string): Promise<PackedProgram> {
  compileProgram();
  const electronDist = join(place, 'electron');
  mkdirSync(join(electronDist, 'resources'), { recursive: true });
  for (const name of ['electron', 'electron.exe'])
    writeFileSync(join(electronDist, name), Buffer.concat([fuseMark, unsetFuses]), { mode: 0o755 });
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules/electron/package.json'), 'utf8')) as {
    version: string;
  };
  const output = join(place, 'packed');
  await build({
    projectDir: root,
    targets: Platform.current().createTarget('dir', Arch[process.arch as keyof typeof Arch]),
    publish: 'never',
    // On top of electron-builder.yml, which electron-builder finds by itself.
    config: { electronVersion: version, electronDist, directories: { output }, extraMetadata: { updateKey } },
  });
  const unpacked = join(output, 'linux-unpacked');
  const resources = join(unpacked, 'resources');
  const archive = join(resources, 'app.asar');
  const folder = join(place, 'program');
  extractAll(archive, folder);
  const binary = readFileSync(join(unpacked, 'cupbearer'));
  const fusesAt = binary.indexOf(fuseMark) + fuseMark.length + 2;
  return {
    files: filesIn(getRawHeader(archive).header, ''),
    fuses: binary.subarray(fusesAt, fusesAt + unsetFuses.length - 2).toString(),
    folder,
    resources,
  };
}

/** A folder in the head of an archive, or a file with its size. */
interface Entry {
  files?: Record<string, Entry>;
  size?: number;
  unpacked?: boolean;
}

function filesIn({ files, size = 0, unpacked = false }: Entry, path: string): PackedFile[] {
  if (!files) return [{ path, bytes: size, isUnpacked: unpacked }];
  return Object.entries(files).flatMap(([name, entry]) => filesIn(entry, path === '' ? name : `${path}/${name}`));
}
