import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readAnomalyLabels } from '../../../main/data/stored/anomaly-labels.ts';
import { openMetadata } from '../../../main/data/stored/found-files.ts';
import { openStoredSet } from '../../../main/data/stored/open-stored-set.ts';
import { floats, request, TestFolder } from './stored-files.ts';

let folder: TestFolder;

beforeEach(() => {
  folder = new TestFolder();
});
afterEach(() => folder.remove());

describe('metadata', () => {
  it('reads CSV with quotes, line breaks and numbers', async () => {
    const table = await openMetadata(
      folder.write('a.csv', '\ufeffid,"the text",label,code\r\n1,"one, ""two""\nthree",0,007\r\n2,,1,12\r\n\r\n'),
    );
    expect(table.columns).toEqual(['id', 'the text', 'label', 'code']);
    expect(table.rows([1, 0]).map((row) => ({ ...row }))).toEqual([
      { id: 2, 'the text': null, label: 1, code: '12' },
      { id: 1, 'the text': 'one, "two"\nthree', label: 0, code: '007' },
    ]);
    expect(table.column('label')).toEqual([0, 1]);
  });

  it('reads JSON lines whose rows have different keys', async () => {
    const table = await openMetadata(
      folder.write('a.jsonl', '{"id":"a","tokens":["x","y"]}\n{"id":"b","group":3,"more":{"deep":[1]},"__proto__":1}'),
    );
    expect(table.length).toBe(2);
    expect(table.column('tokens')).toEqual([['x', 'y'], null]);
    expect(table.column('group')).toEqual([null, 3]);
    expect(table.rows([1])[0]!['more']).toBe('{"deep":[1]}');
  });

  it.each([
    ['a.csv', 'a,b\n1,2\n3\n', /row 2: expected 2 cells, found 1/],
    ['a.csv', 'a,a\n1,2\n', /expected every column once, found "a" twice/],
    ['a.csv', 'a\n"b"c\n', /row 1: expected cells of CSV, found a stray quote/],
    ['a.csv', '', /expected a first row of names, found none/],
    ['a.jsonl', '{"a":1}\n[1]\n', /line 2: expected an object, found another value/],
    ['a.jsonl', '{"a":1}\n{"a"\n', /line 2: expected JSON, found a fault/],
    ['a.txt', 'a', /expected metadata as .jsonl, .ndjson, .csv or .parquet, found another kind/],
  ])('refuses %s of %j', async (name, text, message) => {
    await expect(openMetadata(folder.write(name, text))).rejects.toThrow(message);
  });

  it('is that of the folder, and has a row for each sample', async () => {
    folder.npy('a.npy', [2, 2], floats(4));
    folder.write('metadata.jsonl', '{"text":"one"}\n{"text":"two"}\n');
    const set = await openStoredSet(folder.path);
    expect(set.metadata?.column('text')).toEqual(['one', 'two']);
    set.close();
    folder.write('metadata.csv', 'text\none\n');
    await expect(openStoredSet(folder.path)).rejects.toThrow('found "metadata.csv" and "metadata.jsonl"');
  });

  it('is put into the order of requests by their ids', async () => {
    for (const name of ['c', 'a', 'b']) folder.write(`${name}.safetensors`, request(1, 1, 2));
    folder.write('metadata.jsonl', '{"id":"b","label":0}\n{"id":"c","label":1}\n{"id":"a","label":1}\n');
    const set = await openStoredSet(folder.path);
    expect(set.names).toEqual(['a', 'b', 'c']);
    expect(set.metadata?.column('id')).toEqual(['a', 'b', 'c']);
    expect(set.metadata?.rows([2, 1]).map((row) => row['label'])).toEqual([1, 0]);
    expect([...(await readAnomalyLabels('label', set))]).toEqual([1, 0, 1]);
    set.close();
  });

  it('is refused with another number of rows', async () => {
    const path = folder.npy('a.npy', [3, 2], floats(6));
    const metadata = folder.write('rows.csv', 'text\none\ntwo\n');
    await expect(openStoredSet(path, { metadata })).rejects.toThrow(
      `expected 2 samples, which "${metadata}" has rows for, found 3`,
    );
  });
});

describe('labels', () => {
  const set = async () => {
    folder.npy('a.npy', [3, 2], floats(6));
    folder.write('metadata.csv', 'kind,odd\n0,x\n1,y\n1,z\n');
    return openStoredSet(folder.path);
  };

  it('come from a column, an array, a table or a bare list', async () => {
    const given = await set();
    const other = new TestFolder();
    const sources = [
      'kind',
      other.npy('labels.npy', [3], Int32Array.from([0, 1, 1])),
      other.npy('floats.npy', [3, 1], Float32Array.from([0, 1, 1])),
      other.write('labels.csv', 'id,label\na,0\nb,1\nc,1\n'),
      other.write('bare.csv', '0\n1\n1\n'),
      other.write('pandas.csv', 'id,label\na,False\nb,True\nc,True\n'),
      other.write('bare-truth.csv', 'false\ntrue\ntrue\n'),
      other.write('labels.jsonl', '{"label":false}\n{"label":true}\n{"label":1}\n'),
    ];
    for (const source of sources) expect([...(await readAnomalyLabels(source, given))], source).toEqual([0, 1, 1]);
    given.close();
    other.remove();
  });

  it.each([
    ['odd', 'column "odd": expected the labels 0 (normal) and 1 (anomalous), found "x" for sample 0'],
    ['nothing', 'expected a file of labels, or a column of the metadata ("kind", "odd")'],
  ])('are refused in %s', async (source, message) => {
    await expect(readAnomalyLabels(source, await set())).rejects.toThrow(message);
  });

  it.each([
    [[0, 1, 2], 'found 2 for sample 2'],
    [[0, -1, 1], 'found -1 for sample 1'],
    [[0, 1], 'expected 3 labels, one for each sample of'],
  ])('are refused as %j', async (labels, message) => {
    const given = await set();
    const other = new TestFolder();
    const path = other.npy('x.npy', [labels.length], Int32Array.from(labels));
    await expect(readAnomalyLabels(path, given)).rejects.toThrow(message);
    const text = other.write('x.csv', `label\n${labels.join('\n')}\n`);
    await expect(readAnomalyLabels(text, given)).rejects.toThrow(message);
    other.remove();
  });

  it('are refused as NaN, by that name', async () => {
    const path = folder.npy('labels.npy', [3], Float32Array.from([0, NaN, 1]));
    await expect(readAnomalyLabels(path, await set())).rejects.toThrow('found NaN for sample 1');
  });

  it('are refused in another shape, with the file and the shape', async () => {
    const path = folder.npy('labels.npy', [20, 2], floats(40));
    await expect(readAnomalyLabels(path, await set())).rejects.toThrow(
      `"${path}": expected labels of shape [n], found the shape [20, 2].`,
    );
  });

  it('are refused where one is missing', async () => {
    const path = folder.write('l.csv', 'id,label\na,0\nb,\nc,1\n');
    await expect(readAnomalyLabels(path, await set())).rejects.toThrow('found none for sample 1');
  });
});
