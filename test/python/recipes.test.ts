import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { torchPython } from './torch-python.ts';

// What docs/importing.md and docs/recipes/ tell people to type, typed here: each block as it is printed, but for the names of models and
// data that would have to be downloaded.

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

let folder: string;
let model: string;

beforeAll(() => {
  if (!torchPython) return;
  folder = mkdtempSync(join(tmpdir(), 'cupbearer-recipes-'));
  model = join(folder, 'tiny-gpt2');
  const commands = join(folder, 'bin');
  mkdirSync(commands);
  command('python', `exec "${torchPython}" "$@"`);
  command('npx', `shift; exec "${process.execPath}" "${at('main/hosts/cli/launch.mjs')}" "$@"`);
  const { status, stderr } = spawnSync(torchPython, [at('test/python/conftest.py'), model], { env: environment(), encoding: 'utf8' }); // prettier-ignore
  expect(status, stderr).toBe(0);
}, 120_000);

afterAll(() => {
  if (folder) rmSync(folder, { recursive: true, force: true });
});

function command(name: string, script: string): void {
  const file = join(folder, 'bin', name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}

function environment(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PATH: `${join(folder, 'bin')}:${process.env['PATH']}`,
    PYTHONPATH: at('resources/python'),
    PYTHONDONTWRITEBYTECODE: '1',
    OMP_NUM_THREADS: '1',
    CUPBEARER_HOME: join(folder, 'home'),
    HF_HOME: join(folder, 'hugging-face'),
    HF_HUB_OFFLINE: '1',
  };
}

/** The blocks of a page that are typed, in their order; downloads and vLLM are not. */
function blocks(page: string): { language: string; text: string }[] {
  const found = readFileSync(at(`docs/${page}`), 'utf8').matchAll(/^```(sh|python)\n(.*?)^```/gms);
  return [...found]
    .map(([, language, text]) => ({ language: language!, text: text! }))
    .filter(({ text }) => !/pip install|curl |from vllm/.test(text));
}

/** Types a page into a folder of its own. `names` are replaced, each of which must be there. */
async function follow(page: string, names: Record<string, string>, prepare?: (place: string) => void): Promise<string> {
  const place = join(folder, page.replace(/\W/g, '-'));
  mkdirSync(place);
  prepare?.(place);
  const typed = blocks(page);
  for (const name of Object.keys(names))
    expect(
      typed.some(({ text }) => text.includes(name)),
      name,
    ).toBe(true);
  let variables = '';
  for (const { language, text } of typed) {
    const own = Object.entries(names).reduce((result, [name, instead]) => result.replaceAll(name, instead), text);
    await run(place, language === 'sh' ? ['bash', '-euc', variables + own] : ['python', '-c', own]);
    // One shell types all of a page.
    if (language === 'sh') variables += own.match(/^MODEL=.*\n/gm)?.join('') ?? '';
  }
  return place;
}

async function run(cwd: string, [program, ...words]: string[]): Promise<void> {
  const child = spawn(program!, words, { cwd, env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)));
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect(code, `${words.join(' ')}\n${output}`).toBe(0);
}

function writeRows(file: string, rows: readonly object[]): void {
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
}

/** AUROC by layer of the detector in a folder. */
function aurocs(place: string): Record<string, number> {
  const found = JSON.parse(readFileSync(join(place, 'eval.json'), 'utf8')) as Record<string, { AUC_ROC?: number }>;
  const layers = Object.entries(found).flatMap(([name, { AUC_ROC }]) =>
    AUC_ROC === undefined ? [] : [[name, AUC_ROC]],
  );
  return Object.fromEntries(layers) as Record<string, number>;
}

const layersOfTiny = ['all', 'h.0', 'h.1'];
const sums = (count: number, first = 0) =>
  Array.from({ length: count }, (_, i) => `${first + i} + ${(7 * i) % 41} = ${(11 * i) % 53}`);

describe.skipIf(!torchPython)(
  'what the docs say of models made elsewhere (skipped without PyTorch in CUPBEARER_TORCH_VENV)',
  () => {
    it('finds another language by importing.md', async () => {
      const place = await follow('importing.md', {});
      const found = aurocs(join(place, 'found'));
      expect(Object.keys(found)).toHaveLength(7);
      expect(found['all']).toBeGreaterThan(0.95);
      expect(JSON.parse(readFileSync(join(place, 'two', 'activations.json'), 'utf8'))).toMatchObject({ samples: 2 });
    }, 300_000);

    it('exports quirky language models by their recipe', async () => {
      const rows = (character: string, first: number) =>
        sums(120, first).map((sum, i) => ({
          ...{ statement: `Name: ${character}\n\n${sum}\n\nIs that right?`, character, difficulty: i % 5 },
          ...{ label: i % 2 === 0, alice_label: i % 2 === 0, bob_label: i % 3 === 0 },
        }));
      const place = await follow(
        'recipes/quirky-models.md',
        { 'MODEL=EleutherAI/pythia-410m-addition_increment0': `MODEL=${model}`, 'EleutherAI/quirky_addition_increment0': join(folder, 'quirky') }, // prettier-ignore
        () => {
          for (const [name, character, first] of [
            ['alice_easy', 'Alice', 0],
            ['alice_hard', 'Alice', 500],
            ['bob_hard', 'Bob', 500],
          ] as const) {
            mkdirSync(join(folder, `quirky_${name}`));
            for (const split of ['train', 'test'])
              writeRows(join(folder, `quirky_${name}`, `${split}.jsonl`), rows(character, first));
          }
        },
      );
      expect(Object.keys(aurocs(join(place, 'quirky'))).sort()).toEqual(layersOfTiny);
    }, 300_000);

    it('exports measurement tampering by its recipe', async () => {
      const place = await follow(
        'recipes/measurement-tampering.md',
        { 'oliverdk/codegen-350M-mono-measurement_pred-diamonds-seed0': model, 'redwoodresearch/diamonds-seed0': join(folder, 'diamonds') }, // prettier-ignore
        () => {
          mkdirSync(join(folder, 'diamonds'));
          for (const [place, split] of ['train', 'validation'].entries()) {
            const rows = sums(160, 500 * place).map((text, i) => ({
              ...{ text, is_correct: i % 3 > 0, is_clean: i % 2 === 0, difficulty: i % 4 },
              measurements: i % 5 === 0 ? [true, false, true] : [true, true, true],
            }));
            writeRows(join(folder, 'diamonds', `${split}.jsonl`), rows);
          }
        },
      );
      expect(Object.keys(aurocs(join(place, 'tampering'))).sort()).toEqual([
        'all',
        'transformer.h.0',
        'transformer.h.1',
      ]);
    }, 300_000);

    it('exports high-stakes requests by their recipe', async () => {
      const place = await follow(
        'recipes/high-stakes.md',
        { 'MODEL=meta-llama/Llama-3.1-8B-Instruct': `MODEL=${model}` },
        (own) => {
          const rows = sums(240).map((sum, i) => ({
          ...{ inputs: i % 2 ? `My doctor says ${sum}!` : `Is ${sum}?`, labels: ['low-stakes', 'high-stakes', 'ambiguous'][i % 12 ? i % 2 : 2] },
          ...{ split: i % 3 ? 'train' : 'test', pair_id: `pair ${i >> 1}`, language: 'English', topic: 'Health' },
        })); // prettier-ignore
          writeRows(join(own, 'prompts_25_03_25_gpt-4o.jsonl'), rows);
        },
      );
      for (const detector of ['stakes-mahalanobis', 'stakes-probe'])
        expect(Object.keys(aurocs(join(place, detector))).sort()).toEqual(layersOfTiny);
      const [first] = readFileSync(join(place, 'test', 'metadata.jsonl'), 'utf8').split('\n');
      const { group, text } = JSON.parse(first!) as Record<string, string>;
      expect(group).toMatch(/^pair/);
      expect(text).toMatch(/^user: .*\nassistant:$/s);
    }, 300_000);

    it('reads hidden states as vLLM writes them by their recipe', async () => {
      const place = await follow('recipes/vllm.md', {}, (own) => {
        writeRows(join(own, 'texts.jsonl'), sums(90).map((text, i) => ({ text: i % 3 ? text : `${text}?`, label: i % 3 ? 0 : 1 }))); // prettier-ignore
        const { status, stderr } = spawnSync(torchPython!, ['-c', asVllm, model], { cwd: own, env: environment(), encoding: 'utf8' }); // prettier-ignore
        expect(status, stderr).toBe(0);
      });
      expect(Object.keys(aurocs(join(place, 'served'))).sort()).toEqual(['all', 'hidden_states.0', 'hidden_states.1']);
    }, 300_000);
  },
);

/** Writes what vLLM's connector does, with the small model in place of a server. */
const asVllm = `
import json, os, sys, torch
from safetensors.torch import save_file
from transformers import AutoModel, AutoTokenizer
model, tokenizer = AutoModel.from_pretrained(sys.argv[1]), AutoTokenizer.from_pretrained(sys.argv[1])
os.mkdir("states")
with open("texts.jsonl") as lines, open("requests.jsonl", "w") as requests:
    for place, row in enumerate(map(json.loads, lines)):
        tokens = tokenizer(row["text"], return_tensors="pt")
        with torch.inference_mode():
            states = torch.stack(model(**tokens, output_hidden_states=True).hidden_states[1:], 2)[0]
        file = f"states/cmpl-{(place * 37) % 90}.safetensors"
        save_file({"hidden_states": states.half().contiguous(), "token_ids": tokens["input_ids"][0].clone()}, file)
        requests.write(json.dumps({**row, "file": file}) + "\\n")
`;
