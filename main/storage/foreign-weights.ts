import { CupbearerError } from '../../shared/errors.ts';
import { readFileStart } from './read-file.ts';
import { pathOf, type Place } from './within-folder.ts';

/** How many bytes from its beginning tell what kind of file this is. */
export const formatBytes = 512;

/** What a file is that is no safetensors file, and what to do about it. */
interface ForeignFile {
  what: string;
  hint: string;
}

/** Where trainers keep the weights in a checkpoint, among epochs and the state of the optimiser. */
const weightKeys = '("state_dict", "model_state_dict", "model", "net")';

const target = '"model.safetensors"';

/** The line of Python that makes a safetensors file of weights that PyTorch has saved in `file`, alone or in a checkpoint. */
export function pythonToConvert(file: string): string {
  return python(
    'import torch',
    'from safetensors.torch import save_file',
    `d = torch.load(${JSON.stringify(file)}, map_location="cpu", weights_only=True)`,
    `d = next((d[k] for k in ${weightKeys} if isinstance(d.get(k), dict)), d)`,
    `save_file({k: v.contiguous().clone() for k, v in d.items() if torch.is_tensor(v)}, ${target})`,
  );
}

const python = (...statements: string[]) => `Convert the weights in Python: ${statements.join('; ')}`;

/** The same for arrays of NumPy that `read` gives by name. */
function numpyToConvert(imports: string, read: string): string {
  return python(
    `import ${imports}`,
    'from safetensors.numpy import save_file',
    `save_file({k: numpy.array(v, order="C") for k, v in ${read}.items()}, ${target})`,
  );
}

/** How to make of a model that Keras has saved in `file` one that can be imported. */
export function kerasConversion(file: string): string {
  return `pip install tensorflowjs, then in Python: import keras, tensorflowjs; tensorflowjs.converters.save_keras_model(keras.models.load_model(${JSON.stringify(file)}), "web"). Import the folder web`;
}

const inPyTorch = 'Save the weights of the same model in PyTorch as a safetensors file.';

/** An ONNX file begins with the number of its version, below 32, then who made it, or a graph. */
const onnxBeginnings = Array.from({ length: 31 }, (_, i) => `\x08${String.fromCharCode(i + 1)}`).flatMap((version) =>
  ['\x12', '\x1a', '\x3a'].map((field) => version + field),
);

/** A kind of file: how it begins, and what else stands near its beginning. */
interface Format {
  begins: readonly string[];
  holds?: string;
  what: string;
  /** What to do about one that is called `file`. */
  hint: (file: string) => string;
}

const formats: readonly Format[] = [
  {
    begins: ['version '],
    what: 'a pointer of Git LFS, which stands for the file',
    hint: () => 'Fetch the file itself, in its repository: git lfs pull',
  },
  {
    begins: ['PK\x03\x04'],
    holds: '.npy',
    what: 'an archive of NumPy (npz)',
    hint: (file) => numpyToConvert('numpy', `numpy.load(${JSON.stringify(file)})`),
  },
  { begins: ['PK\x03\x04'], holds: 'metadata.json', what: 'a model of Keras (.keras)', hint: kerasConversion },
  { begins: ['PK\x03\x04'], what: "a file of PyTorch's torch.save", hint: pythonToConvert },
  {
    begins: ['\x80\x02\x8a\x0al\xfc\x9cF\xf9'],
    what: 'a pickle, as PyTorch once saved weights',
    hint: pythonToConvert,
  },
  {
    begins: ['\x80\x02', '\x80\x03', '\x80\x04', '\x80\x05'],
    what: 'a pickle of Python',
    hint: (file) =>
      `A pickle can run anything: if you trust who made it. ${numpyToConvert('numpy, pickle', `pickle.load(open(${JSON.stringify(file)}, "rb"))`)}`,
  },
  {
    begins: ['\x1f\x8b'],
    what: 'a gzip file',
    hint: (file) =>
      `Unpack it in Python: import gzip, pathlib; p = pathlib.Path(${JSON.stringify(file)}); p.write_bytes(gzip.decompress(p.read_bytes()))`,
  },
  {
    begins: ['\x93NUMPY'],
    what: 'a single array of NumPy',
    hint: () => 'Save all weights of the model by their names, as a safetensors file.',
  },
  { begins: ['GGUF'], what: 'a GGUF file, as language models are passed on in', hint: () => inPyTorch },
  { begins: ['\x89HDF'], what: 'an HDF5 file, as Keras saves models', hint: kerasConversion },
  {
    begins: onnxBeginnings,
    what: 'an ONNX file',
    hint: (file) =>
      python(
        'import onnx',
        'from onnx import numpy_helper',
        'from safetensors.numpy import save_file',
        `save_file({t.name: numpy_helper.to_array(t).copy() for t in onnx.load(${JSON.stringify(file)}).graph.initializer}, ${target})`,
      ),
  },
  { begins: ['<'], what: 'a web page', hint: () => 'Download the file itself: its page was saved.' },
];

/** Whether a file that begins so is a pointer of Git LFS. */
const isPointer = (start: Uint8Array) => Buffer.from(start).toString('latin1').startsWith('version https://git-lfs');

/**
 * Refuses a pointer of Git LFS in the place of a file: what reads it would find it damaged.
 * @throws CupbearerError `bad-data` naming it; `not-found`, `storage`.
 */
export function refusePointer(place: Place): void {
  if (!isPointer(readFileStart(place, formatBytes))) return;
  throw new CupbearerError('bad-data', `"${pathOf(place)}" is a pointer of Git LFS, which stands for the file.`, {
    hint: 'Fetch the file itself, in its repository: git lfs pull',
  });
}

/** Returns what a file called `file` is by its first {@link formatBytes}; undefined where that is not known. */
export function foreignFormat(start: Uint8Array, file: string): ForeignFile | undefined {
  const text = Buffer.from(start.subarray(0, formatBytes)).toString('latin1');
  const found = formats.find(
    ({ begins, holds = '' }) => begins.some((beginning) => text.startsWith(beginning)) && text.includes(holds),
  );
  return found && { what: found.what, hint: found.hint(file) };
}
