/** Hands a file to the browser, which saves it or asks where to. */
export function saveFile(file: File): void {
  const address = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = address;
  link.download = file.name;
  link.click();
  // The download has begun by then and holds on to the content itself.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
