import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCanvas } from '@napi-rs/canvas';
import { expect, it, onTestFinished } from 'vitest';
import { checkTraining, trainClassifierParams } from '../../main/runs/classifier-spec.ts';

it('refuses to train on data of a single class', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cupbearer-one-class-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const train = () => checkTraining(trainClassifierParams.parse({ train_data: { name: 'image-folder', folder } }));
  const addClass = (name: string) => {
    mkdirSync(join(folder, name));
    for (let i = 0; i < 4; i++) writeFileSync(join(folder, name, `${i}.png`), createCanvas(8, 8).toBuffer('image/png'));
  };
  addClass('cats');
  expect(train).toThrow(
    'The training data must have two classes or more for a classifier to learn; found one, "cats".',
  );
  addClass('dogs');
  expect(train).not.toThrow();
});
