import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Component } from './component.ts';
import { standardText } from './standard-text.ts';

/** Third-party work that is not an npm package. */
export interface OtherPart extends Component {
  readonly kind: 'font' | 'library';
  /** What it does in the program. */
  readonly remark: string;
  /** The npm package whose native code or WebAssembly it is built into. */
  readonly within?: string;
  /** Its files, from the root of the project. */
  readonly files?: readonly string[];
}

/** Returns the fonts, and the libraries inside the binaries of npm packages, which these packages do not list. */
export function otherParts(root: string): OtherPart[] {
  return [
    {
      kind: 'font',
      name: 'Inter',
      version: '4.001',
      licence: 'OFL-1.1',
      remark: 'The font of figures and reports.',
      texts: [readFileSync(join(root, 'resources', 'fonts', 'OFL.txt'), 'utf8')],
      files: ['Regular.ttf', 'Regular.woff2', 'SemiBold.ttf', 'SemiBold.woff2'].map(
        (name) => `resources/fonts/Inter-${name}`,
      ),
    },
    {
      kind: 'library',
      name: 'Skia',
      licence: 'BSD-3-Clause',
      within: '@napi-rs/canvas',
      remark:
        'Draws and decodes pictures. It contains libpng, libjpeg-turbo, libwebp, zlib, HarfBuzz, ICU and other ' +
        'libraries, whose licences its repository holds under third_party.',
      texts: [standardText(root, 'BSD-3-Clause', 'Copyright 2011 Google Inc.\nCopyright 2017 Google LLC')],
    },
    {
      kind: 'library',
      name: 'SQLite',
      licence: 'blessing',
      within: 'better-sqlite3',
      remark: 'Holds the catalogue of runs. It is in the public domain.',
      texts: [standardText(root, 'blessing')],
    },
    {
      kind: 'library',
      name: 'XNNPACK',
      licence: 'BSD-3-Clause',
      within: '@tensorflow/tfjs-backend-wasm',
      remark: 'Computes on the processor, in WebAssembly.',
      texts: [
        standardText(
          root,
          'BSD-3-Clause',
          'Copyright (c) Facebook, Inc. and its affiliates. All rights reserved.\nCopyright 2019 Google LLC',
        ),
      ],
    },
  ];
}
