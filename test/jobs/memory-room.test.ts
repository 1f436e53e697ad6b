import { expect, it } from 'vitest';
import { MemoryRoom } from '../../main/jobs/memory-room.ts';

const megabyte = 2 ** 20;

/** Room on a machine whose free memory and clock the test sets. */
function machine(freeMegabytes: number) {
  const state = { free: freeMegabytes, now: 0 };
  const room = new MemoryRoom(
    () => state.free * megabyte,
    () => state.now,
  );
  return { state, room };
}

it('expects of a run what runs of its method have taken, the most of them', () => {
  const { state, room } = machine(800);
  room.start('a', 'detector knn');
  room.note('a', 900 * megabyte);
  room.note('a', 200 * megabyte);
  room.end('a');
  expect(room.isEnoughFor('detector knn')).toBe(false);
  state.free = 900;
  expect(room.isEnoughFor('detector knn')).toBe(true);
});

it('expects 512 MB of a method that was not measured', () => {
  const { state, room } = machine(511);
  expect(room.isEnoughFor('detector que')).toBe(false);
  state.free = 512;
  expect(room.isEnoughFor('detector que')).toBe(true);
});

it('sets aside what a run that has just begun will take', () => {
  const { state, room } = machine(1000);
  room.start('a', 'classifier mlp');
  expect(room.isEnoughFor('detector que')).toBe(false);
  state.now = 10_000;
  expect(room.isEnoughFor('detector que')).toBe(true);
  state.now = 0;
  room.end('a');
  expect(room.isEnoughFor('detector que')).toBe(true);
});
