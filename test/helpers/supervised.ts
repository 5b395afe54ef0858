/** An instance under supervision with all it reported and printed; ended with the test, leaving nothing. */
import { expect, onTestFinished } from 'vitest';
import type { InstanceMoment } from '../../runtime/events.ts';
import { allocatePort } from '../../runtime/ports/allocate.ts';
import { createInstance } from '../../runtime/supervisor/instance.ts';
import type { Instance, InstanceOptions, Launch } from '../../runtime/supervisor/types.ts';
import { findMarked, RUN_VARIABLE } from '../../services/kit/marked.ts';
import { until } from './alive.ts';
import { fixtureApp, PATH } from './fixture-app.ts';
import { tempDir } from './temp-dir.ts';

type MomentOf<Name extends InstanceMoment['moment']> = Extract<InstanceMoment, { moment: Name }>;

export interface Supervised {
  readonly instance: Instance;
  readonly moments: readonly InstanceMoment[];
  readonly lines: readonly string[];
  readonly notes: readonly string[];
  /** Names of all moments so far. */
  readonly names: () => readonly string[];
  /** Waits for the nth moment of this name, counting from 1. */
  readonly moment: <Name extends InstanceMoment['moment']>(
    name: Name,
    nth?: number,
  ) => Promise<MomentOf<Name>>;
  /** Waits for a line that contains this. */
  readonly said: (text: string) => Promise<string>;
  readonly fetch: (path?: string) => Promise<Response>;
}

export interface SupervisedOptions extends Partial<Omit<InstanceOptions, 'health'>> {
  readonly env?: Readonly<Record<string, string>>;
  readonly health?: Partial<InstanceOptions['health']>;
  readonly launch?: Partial<Launch>;
}

/** Not started yet. Restarts are immediate twice and then 60 s away, unless told otherwise. */
export function supervise(app: string, options: SupervisedOptions = {}): Supervised {
  const { env, health, launch, ...more } = options;
  const { root, command } = fixtureApp(app);
  const tmp = tempDir();
  const moments: InstanceMoment[] = [];
  const lines: string[] = [];
  const notes: string[] = [];
  const runMarker = { [RUN_VARIABLE]: `test-${Math.random().toString(36).slice(2)}` };
  const instance = createInstance({
    prepare: async () => {
      const port = await allocatePort();
      return {
        file: '/bin/sh',
        args: ['-c', command],
        cwd: root,
        env: { PATH, TMPDIR: tmp, PORT: String(port), ...runMarker, ...env },
        port,
        ...launch,
      };
    },
    health: {
      type: 'port',
      endpoint: '/',
      startTimeoutMs: 60_000,
      invocationTimeoutMs: 1000,
      intervalMs: 30_000,
      ...health,
    },
    policy: { immediate: 2, firstDelayMs: 60_000, maxDelayMs: 60_000, settleMs: 300_000, maxCrashes: 200 },
    graceMs: 10_000,
    report: (moment) => moments.push(moment),
    log: (stream, text) => lines.push(`${stream} ${text}`),
    note: (text) => notes.push(text),
    ...more,
  });
  onTestFinished(async () => {
    await instance.kill();
    expect(findMarked(RUN_VARIABLE, runMarker[RUN_VARIABLE]!), 'nothing of it lives').toEqual([]);
  });
  const state = (): unknown => ({ status: instance.status, moments, lines: lines.slice(-5) });
  return {
    instance,
    moments,
    lines,
    notes,
    names: () => moments.map(({ moment }) => moment),
    moment: (name, nth = 1) =>
      until(
        `moment ${nth} "${name}"`,
        () => moments.filter((one): one is MomentOf<typeof name> => one.moment === name)[nth - 1],
        { state },
      ),
    said: (line) => until(`"${line}"`, () => lines.find((one) => one.includes(line)), { state }),
    fetch: (path = '/') => {
      const { host, port } = instance.status;
      return fetch(`http://${host === '::1' ? '[::1]' : host}:${port}${path}`);
    },
  };
}
