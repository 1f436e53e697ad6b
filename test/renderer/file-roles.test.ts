import { describe, expect, it } from 'vitest';
import { differingPart } from '../../renderer/screens/experiment/differing-part.ts';
import { moved, rolesFor, withRole } from '../../renderer/screens/experiment/file-roles.ts';

const task = { name: 'activations', trusted: 'a=/x/a.npy,b=/x/b.npy', test: '/x/test', test_labels: '/x/labels.csv' };

describe('files of a task', () => {
  it('move from one role to another, with their layers', () => {
    expect(moved(task, { item: 'b=/x/b.npy', role: 'trusted' }, 'test')).toEqual({
      task: { ...task, trusted: 'a=/x/a.npy', test: '/x/test,b=/x/b.npy' },
      freed: [],
    });
    expect(moved(task, { item: '/x/test', role: 'test' }, 'none')).toEqual({
      task: { name: 'activations', trusted: task.trusted, test_labels: task.test_labels },
      freed: ['/x/test'],
    });
  });

  it('take the place of a table in its role, and of a column', () => {
    expect(moved(task, { item: '/x/other.csv', role: 'none' }, 'test_labels')).toEqual({
      task: { ...task, test_labels: '/x/other.csv' },
      freed: ['/x/labels.csv'],
    });
    expect(moved({ name: 'activations', test_labels: 'kind' }, { item: '/x/l.npy', role: 'none' }, 'test_labels')).toEqual({ task: { name: 'activations', test_labels: '/x/l.npy' }, freed: [] }); // prettier-ignore
    expect(withRole({}, '/x/a', 'trusted')).toEqual({ trusted: '/x/a' });
  });

  it('can be what they hold, and stay what they are used as', () => {
    expect(rolesFor({ kind: 'activations', role: 'test' })).toEqual(['trusted', 'untrusted', 'test', 'none']);
    expect(rolesFor({ kind: 'other', role: 'test' })).toEqual(['test', 'none']);
    expect(rolesFor({ kind: 'table', role: 'none' }).at(-1)).toBe('none');
  });
});

describe('two texts that differ', () => {
  it.each([
    ['a↵b', 'a↵↵b', ['a↵', '', 'b'], ['a↵', '↵', 'b']],
    ['last', 'mean', ['', 'last', ''], ['', 'mean', '']],
    ['aa', 'a', ['a', 'a', ''], ['a', '', '']],
    ['', 'x', ['', '', ''], ['', 'x', '']],
  ])('%j and %j are cut at what they share', (one, other, a, b) => {
    expect(differingPart(one, other)).toEqual([a, b]);
  });
});
