import { unknownName } from '../../shared/definition.ts';
import { CupbearerError } from '../../shared/errors.ts';

/** A file whose content is known in advance. */
export interface KnownFile {
  /** Name in the dataset's folder; for a download also what follows the mirror's address. */
  readonly name: string;
  readonly bytes: number;
  /** SHA-256 in hex. */
  readonly sha256: string;
}

/** A file to download. */
export interface SourceFile extends KnownFile {
  /** For a tar.gz archive: what is taken out of it, and under which path it lies there. The archive is not kept. */
  readonly members?: readonly (KnownFile & { readonly path: string })[];
}

/** The source of a dataset. */
export interface DatasetSource {
  readonly id: string;
  /** Addresses that a file's name is appended to, in the order in which they are tried. */
  readonly mirrors: readonly string[];
  readonly files: readonly SourceFile[];
  readonly samples: { readonly train: number; readonly test: number };
  readonly homepage: string;
  readonly licence: string;
  readonly citation: string;
}

/**
 * The datasets that can be downloaded. Sizes and checksums of the downloads are those of TensorFlow Datasets
 * (`url_checksums/mnist.txt`, `fashion_mnist.txt`, `cifar10.txt`); those of CIFAR-10's files are those of
 * torchvision-ruby.
 */
export const datasetSources: readonly DatasetSource[] = [
  {
    id: 'mnist',
    mirrors: ['https://ossci-datasets.s3.amazonaws.com/mnist/', 'https://storage.googleapis.com/cvdf-datasets/mnist/'],
    files: [
      {
        name: 'train-images-idx3-ubyte.gz',
        bytes: 9_912_422,
        sha256: '440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609',
      },
      {
        name: 'train-labels-idx1-ubyte.gz',
        bytes: 28_881,
        sha256: '3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c',
      },
      {
        name: 't10k-images-idx3-ubyte.gz',
        bytes: 1_648_877,
        sha256: '8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6',
      },
      {
        name: 't10k-labels-idx1-ubyte.gz',
        bytes: 4_542,
        sha256: 'f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6',
      },
    ],
    samples: { train: 60_000, test: 10_000 },
    homepage: 'http://yann.lecun.com/exdb/mnist/',
    licence: 'Creative Commons Attribution-Share Alike 3.0 (as Keras states it; the homepage names none)',
    citation: 'LeCun, Cortes, Burges: The MNIST database of handwritten digits, 1998',
  },
  {
    id: 'fashion-mnist',
    mirrors: [
      'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',
      'https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/',
    ],
    files: [
      {
        name: 'train-images-idx3-ubyte.gz',
        bytes: 26_421_880,
        sha256: '3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84',
      },
      {
        name: 'train-labels-idx1-ubyte.gz',
        bytes: 29_515,
        sha256: 'a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845',
      },
      {
        name: 't10k-images-idx3-ubyte.gz',
        bytes: 4_422_102,
        sha256: '346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073',
      },
      {
        name: 't10k-labels-idx1-ubyte.gz',
        bytes: 5_148,
        sha256: '67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5',
      },
    ],
    samples: { train: 60_000, test: 10_000 },
    homepage: 'https://github.com/zalandoresearch/fashion-mnist',
    licence: 'MIT',
    citation: 'Xiao, Rasul, Vollgraf: Fashion-MNIST, arXiv 1708.07747, 2017',
  },
  {
    id: 'cifar10',
    mirrors: ['https://www.cs.toronto.edu/~kriz/'],
    files: [
      {
        name: 'cifar-10-binary.tar.gz',
        bytes: 170_052_171,
        sha256: 'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
        members: [
          cifarBatch('data_batch_1.bin', 'cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5'),
          cifarBatch('data_batch_2.bin', 'a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed'),
          cifarBatch('data_batch_3.bin', 'bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67'),
          cifarBatch('data_batch_4.bin', '014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48'),
          cifarBatch('data_batch_5.bin', '755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add'),
          cifarBatch('test_batch.bin', '8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b'),
        ],
      },
    ],
    samples: { train: 50_000, test: 10_000 },
    homepage: 'https://www.cs.toronto.edu/~kriz/cifar.html',
    licence: 'none stated; the homepage asks to cite the technical report',
    citation: 'Krizhevsky: Learning multiple layers of features from tiny images, 2009',
  },
];

function cifarBatch(name: string, sha256: string) {
  return { name, path: `cifar-10-batches-bin/${name}`, bytes: 10_000 * 3073, sha256 };
}

/** @throws CupbearerError `usage` naming the nearest dataset if `id` cannot be downloaded. */
export function datasetSource(id: string, sources: readonly DatasetSource[] = datasetSources): DatasetSource {
  const source = sources.find((candidate) => candidate.id === id);
  if (source) return source;
  const known = sources.map((candidate) => candidate.id);
  throw new CupbearerError('usage', unknownName('downloadable dataset', id, known), {
    ...(id === 'glyphs' ? { hint: 'The dataset "glyphs" is built in and needs no download.' } : {}),
  });
}
