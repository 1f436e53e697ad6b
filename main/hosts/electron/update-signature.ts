import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';

/** What the name of a file with the signature of another ends in. */
export const signatureSuffix = '.sig';

const signatureBytes = 64;

/** Returns the public key in `text`: Ed25519, SubjectPublicKeyInfo in base64. @throws Error if it is anything else. */
export function parsePublicKey(text: string): KeyObject {
  let key: KeyObject | undefined;
  try {
    key = createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' });
  } catch {
    // Reported below, like a key of another kind.
  }
  if (key?.asymmetricKeyType !== 'ed25519')
    throw new Error(
      'The key for updates is not a public Ed25519 key in base64. docs/installers.md says how to make one.',
    );
  return key;
}

/** Returns the private key in `pem`. @throws Error if it is no Ed25519 key. */
export function parsePrivateKey(pem: string): KeyObject {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== 'ed25519')
    throw new Error(`Expected an Ed25519 key, found one of type ${key.asymmetricKeyType}.`);
  return key;
}

/** Returns the public half of a private key in the form that `parsePublicKey` reads. */
export function publicKeyText(key: KeyObject): string {
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64');
}

/** Returns the signature of `bytes` in base64. */
export function signatureOf(bytes: Uint8Array, key: KeyObject): string {
  return sign(null, bytes, key).toString('base64');
}

/** Returns whether `signature`, in base64, is one of `bytes` by the owner of the public key. */
export function isSigned(bytes: Uint8Array, signature: string, key: KeyObject): boolean {
  const given = Buffer.from(signature, 'base64');
  return given.length === signatureBytes && verify(null, bytes, key, given);
}
