import { join } from 'node:path';

/** Folders in which publishers' archives and torchvision keep the files, below the one that a person names. */
const innerFolders = ['', 'raw', 'MNIST/raw', 'FashionMNIST/raw', 'cifar-10-batches-bin'];

/**
 * Returns where a file of a dataset may lie: under its name or with a dot in it ("train-images.idx3-ubyte"), packed or not, last in a
 * folder of such a name, as Kaggle unpacks it.
 */
export function storedPlaces(folder: string, name: string): string[] {
  const forms = [...new Set([name, name.replace(/-(idx\d-ubyte)$/, '.$1')])];
  const names = forms.flatMap((one) => [one, `${one}.gz`]);
  const direct = innerFolders.flatMap((inner) => names.map((one) => join(folder, inner, one)));
  const holders = innerFolders.flatMap((inner) => forms.map((one) => join(folder, inner, one)));
  return [...direct, ...holders.flatMap((holder) => names.map((one) => join(holder, one)))];
}

/** Whether the bytes begin as a gzip file does. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}
