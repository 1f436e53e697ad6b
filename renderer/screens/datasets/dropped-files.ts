/** Files with their paths below what was dropped or chosen, and its name. */
export interface ImportedFiles {
  name: string;
  files: File[];
  /** "cats/1.png" for each file. */
  paths: string[];
}

/** Reads everything that was dropped, folders with all below them. */
export async function filesOfDrop(transfer: DataTransfer): Promise<ImportedFiles> {
  // The list is emptied as soon as the event is over: the entries are taken before anything is waited for.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const found: { file: File; path: string }[] = [];
  for (const entry of entries) await collect(entry, '', found);
  return {
    name: entries.length === 1 ? entries[0]!.name.replace(/\.[^.]*$/, '') : '',
    files: found.map(({ file }) => file),
    paths: found.map(({ path }) => path),
  };
}

/** Reads what was chosen in a file dialog, a folder or single files. */
export function filesOfInput(list: FileList): ImportedFiles {
  const files = [...list];
  const roots = new Set(files.map((file) => file.webkitRelativePath.split('/')[0]));
  const [root = ''] = roots;
  return {
    name: roots.size === 1 ? root : '',
    files,
    paths: files.map((file) => {
      const below = file.webkitRelativePath;
      return below === '' ? file.name : below.slice(below.indexOf('/') + 1);
    }),
  };
}

async function collect(entry: FileSystemEntry, above: string, found: { file: File; path: string }[]): Promise<void> {
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
    found.push({ file, path: above + entry.name });
  } else if (isFolder(entry)) {
    // The dropped folder itself is the dataset: paths count from it.
    const path = entry.fullPath.split('/').length > 2 ? `${above}${entry.name}/` : '';
    const reader = entry.createReader();
    for (;;) {
      // A reader returns at most a hundred at a time, and none at the end.
      const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
      if (batch.length === 0) break;
      for (const child of batch) await collect(child, path, found);
    }
  }
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;
const isFolder = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;
