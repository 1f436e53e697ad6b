/** Entry point of a worker thread that decodes pictures into the form it is started with. */
import { workerData } from 'node:worker_threads';
import { answerQuestions } from '../threads/answering-thread.ts';
import { decodeBlock, type DecodedBlock, type PictureFile, type PictureThreadData } from './decode-pictures.ts';
import { PixelRoom } from './pixel-room.ts';

const { form, room } = workerData as PictureThreadData;
const shared = new PixelRoom(room);
answerQuestions<readonly PictureFile[], DecodedBlock>(
  (files) => decodeBlock(files, form, shared),
  ({ pixels }) => [pixels.buffer],
);
