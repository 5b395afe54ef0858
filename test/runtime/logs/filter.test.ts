import { expect, test } from 'vitest';
import { logFilter, type LogFilter } from '../../../runtime/logs/filter.ts';
import type { LogLine } from '../../../runtime/logs/types.ts';

const line = (more: Partial<LogLine>): LogLine => ({
  seq: 1,
  at: 1000,
  owner: 'shop',
  source: 'APP/PROC/WEB',
  instance: 0,
  stream: 'OUT',
  text: 'listening on 8080',
  ...more,
});

test.each<[LogFilter, Partial<LogLine>, boolean]>([
  [{}, {}, true],
  [{ since: 1000 }, {}, true],
  [{ since: 1001 }, {}, false],
  [{ grep: 'on \\d+$' }, {}, true],
  [{ grep: '^on' }, {}, false],
  [{ source: 'app' }, {}, true],
  [{ source: 'APP/PROC/WEB' }, {}, true],
  [{ source: 'APP/PROC' }, { source: 'APP/PROCESS' }, false],
  [{ source: 'APP/*/WEB' }, {}, true],
  [{ source: 'APP/TASK/*' }, {}, false],
  [{ source: 'RTR' }, { source: 'RTR' }, true],
  [{ source: 'R?R' }, { source: 'RTR' }, true],
  [{ source: '[x](y)' }, {}, false],
  [{ instance: 1 }, {}, false],
  [{ instance: 1, source: 'APP' }, { instance: 1 }, true],
])('%j and %j: %j', (filter, more, wanted) => {
  expect(logFilter(filter)(line(more))).toBe(wanted);
});
