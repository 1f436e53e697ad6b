/**
 * `npm run sign-updates -- KEY.pem`: writes the signature of each list of versions that `npm run dist` has made. The
 * program takes no list without one. docs/installers.md says how to make the key.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parsePrivateKey, publicKeyText, signatureOf, signatureSuffix } from './update-signature.ts';

/** Signs the lists of versions in `folder` with the key in a file; returns their names. @throws Error without lists. */
export function signUpdates(folder: string, keyFile: string): string[] {
  const key = parsePrivateKey(readFileSync(keyFile, 'utf8'));
  const lists = readdirSync(folder).filter((name) => /^latest.*\.yml$/.test(name));
  if (lists.length === 0)
    throw new Error(`"${folder}" holds no list of versions. npm run dist writes one if -c.publish names an address.`);
  for (const name of lists)
    writeFileSync(join(folder, name + signatureSuffix), `${signatureOf(readFileSync(join(folder, name)), key)}\n`);
  return lists;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [keyFile, folder = fileURLToPath(new URL('../../../dist/installers/', import.meta.url))] =
    process.argv.slice(2);
  if (keyFile === undefined) throw new Error('Expected the file of a private key: npm run sign-updates -- KEY.pem');
  for (const name of signUpdates(folder, keyFile)) process.stdout.write(`${name}${signatureSuffix}\n`);
  process.stdout.write(`Public key: ${publicKeyText(parsePrivateKey(readFileSync(keyFile, 'utf8')))}\n`);
}
