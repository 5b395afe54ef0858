import { describe, expect, test } from 'vitest';
import { RestartLoop, type FileChange } from '../../../runtime/watch/restart-loop.ts';

const edit = (...files: string[]): FileChange[] => files.map((file) => ({ file, created: false }));
const create = (...files: string[]): FileChange[] => files.map((file) => ({ file, created: true }));
const SECOND = 1000;

/** Says that a change was acted upon, which took a moment. */
const acted = (loop: RestartLoop, nowMs: number) => loop.restarted(nowMs + 300);

describe('a file that changes after every restart', () => {
  /** Changed once a second; the sixth time is once too often. */
  const looping = () => {
    const loop = new RestartLoop();
    for (let second = 1; second <= 5; second++) {
      expect(loop.seen(edit('out.json'), second * SECOND)).toEqual({ heeded: ['out.json'], paused: [] });
      acted(loop, second * SECOND);
    }
    expect(loop.seen(edit('out.json'), 6 * SECOND)).toEqual({
      heeded: [],
      paused: [{ path: 'out.json', quietMs: 10 * SECOND }],
    });
    return loop;
  };

  test('is left out, and nothing else', () => {
    const loop = looping();
    expect(loop.seen(edit('out.json', 'server.js'), 7 * SECOND)).toEqual({
      heeded: ['server.js'],
      paused: [],
    });
  });

  test('counts again when it was left alone, and its last edit is made up for', () => {
    const loop = looping();
    loop.seen(edit('out.json'), 7 * SECOND);
    expect(loop.nextMs()).toBe(17 * SECOND);
    expect(loop.resumed(16 * SECOND)).toEqual([]);
    expect(loop.resumed(17 * SECOND)).toEqual([{ path: 'out.json', file: 'out.json' }]);
    expect(loop.nextMs()).toBeUndefined();
    acted(loop, 17 * SECOND);
    // A person's file: nothing happens for a while, and then it is as any other.
    for (const second of [60, 61, 62]) {
      expect(loop.seen(edit('out.json'), second * SECOND).heeded).toEqual(['out.json']);
      acted(loop, second * SECOND);
    }
  });

  test('again right after that, is left out at once, for twice as long, and in the end for good', () => {
    const loop = looping();
    let now = 6 * SECOND;
    for (const quietMs of [20 * SECOND, 40 * SECOND, undefined]) {
      now = loop.nextMs()!;
      expect(loop.resumed(now)).toHaveLength(1);
      acted(loop, now);
      now += SECOND;
      expect(loop.seen(edit('out.json'), now)).toEqual({
        heeded: [],
        paused: [{ path: 'out.json', quietMs }],
      });
    }
    expect(loop.nextMs()).toBeUndefined();
    expect(loop.seen(edit('out.json'), now + 1e9).heeded).toEqual([]);
  });

  test('without end never counts again', () => {
    const loop = looping();
    for (let now = 7 * SECOND; now < 600 * SECOND; now += 9 * SECOND) {
      expect(loop.resumed(now)).toEqual([]);
      expect(loop.seen(edit('out.json'), now)).toEqual({ heeded: [], paused: [] });
    }
  });

  test('is found however long a restart takes', () => {
    const loop = new RestartLoop();
    let paused = 0;
    for (let turn = 0; turn < 6; turn++) {
      paused += loop.seen(edit('out.json'), turn * 60 * SECOND).paused.length;
      loop.restarted(turn * 60 * SECOND + 59 * SECOND);
    }
    expect(paused).toBe(1);
  });
});

describe('no loop', () => {
  test.each<[string, (turn: number) => FileChange[], number]>([
    ['edits of one file now and then', () => edit('app.py'), 10],
    ['quick edits of two files by turns', (turn) => edit(turn % 2 === 0 ? 'app.py' : 'page.html'), 1],
    ['quick edits of ever other files', (turn) => edit(`${turn}.py`), 1],
  ])('are %s', (_what, changes, everySeconds) => {
    const loop = new RestartLoop();
    for (let turn = 0; turn < 20; turn++) {
      const now = turn * everySeconds * SECOND;
      expect(loop.seen(changes(turn), now).paused).toEqual([]);
      acted(loop, now);
    }
  });

  test('are many edits before the first is acted upon', () => {
    const loop = new RestartLoop();
    for (let change = 0; change < 20; change++)
      expect(loop.seen(edit('app.py'), change * 100).heeded).toEqual(['app.py']);
  });
});

describe('new files in one folder after every restart', () => {
  const looping = () => {
    const loop = new RestartLoop();
    for (let turn = 0; turn < 8; turn++) {
      expect(loop.seen(create(`sessions/${turn}`), turn * SECOND).heeded).toHaveLength(1);
      acted(loop, turn * SECOND);
    }
    expect(loop.seen(create('sessions/8'), 8 * SECOND)).toEqual({
      heeded: [],
      paused: [{ path: 'sessions/*', quietMs: 10 * SECOND }],
    });
    return loop;
  };

  test('are left out, edits of what was there are not', () => {
    const loop = looping();
    const changes = [
      ...create('sessions/9'),
      ...edit('sessions/8', 'sessions/index.js'),
      ...create('other/1'),
    ];
    expect(loop.seen(changes, 9 * SECOND).heeded).toEqual(['sessions/index.js', 'other/1']);
  });

  test('count again when there were none for a while', () => {
    const loop = looping();
    expect(loop.resumed(18 * SECOND)).toEqual([{ path: 'sessions/*', file: 'sessions/8' }]);
    acted(loop, 18 * SECOND);
    expect(loop.seen(edit('sessions/8'), 60 * SECOND).heeded).toEqual(['sessions/8']);
  });

  test('many at once are one change', () => {
    const loop = new RestartLoop();
    const files = Array.from({ length: 200 }, (_, index) => `src/${index}`);
    expect(loop.seen(create(...files), 0)).toEqual({ heeded: files, paused: [] });
  });
});
