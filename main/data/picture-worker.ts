/** Entry point of a worker thread that decodes pictures into the form it is started with. */
import { workerData } from 'node:worker_threads';
import { answerQuestions } from './answering-thread.ts';
import { decodeBlock, type DecodedBlock, type PictureFile, type PictureForm } from './decode-pictures.ts';

const form = workerData as PictureForm;
answerQuestions<readonly PictureFile[], DecodedBlock>(
  (files) => decodeBlock(files, form),
  ({ pixels }) => [pixels.buffer],
);
