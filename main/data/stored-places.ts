import { join } from 'node:path';

/** Folders in which publishers' archives and torchvision keep the files, below the one that a person names. */
const innerFolders = ['', 'raw', 'MNIST/raw', 'FashionMNIST/raw', 'cifar-10-batches-bin'];

/**
 * Returns where a file of a dataset may be: under its name or with a dot in it ("train-images.idx3-ubyte"), packed or
 * not.
 */
export function storedPlaces(folder: string, name: string): string[] {
  const names = [...new Set([name, name.replace(/-(idx\d-ubyte)$/, '.$1')])].flatMap((one) => [one, `${one}.gz`]);
  return innerFolders.flatMap((inner) => names.map((one) => join(folder, inner, one)));
}

/** Whether the bytes begin as a gzip file does. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}
