/** Operations that meet each other, and services that fail in the middle of one. */
import { randomUUID } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { PlatformEvent } from '../../../runtime/events.ts';
import { absolutePath } from '../../../runtime/kernel/names.ts';
import { Platform } from '../../../runtime/platform.ts';
import { readSource } from '../../../runtime/platform/read-source.ts';
import { spacePaths } from '../../../runtime/state/home.ts';
import type { ServiceContext, ServiceType } from '../../../services/kit/contract.ts';
import { startGuardian } from '../../../services/kit/guardian.ts';
import { ServiceError } from '../../../services/kit/service-error.ts';
import { uuidIdentity } from '../../../services/kit/identity.ts';
import { appFolder, echoApp } from '../../helpers/cli.ts';
import { until } from '../../helpers/alive.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

interface Closing {
  /** Resolves when the instance is closed; where it throws, closing fails. */
  readonly onClose: () => void;
  readonly onStart?: (context: ServiceContext) => void | Promise<void>;
}

/** A service that serves nobody and does as it is told. */
function steeredType({ onClose, onStart }: Closing): ServiceType {
  return {
    type: 'steered',
    versions: ['1'],
    summary: 'for tests',
    readOptions: () => ({}),
    mint: uuidIdentity,
    start: async (_options, context) => {
      await onStart?.(context);
      const { user, password, name, host } = context;
      return {
        endpoint: { user, password, name, host, port: 20_001 },
        engine: 'steered',
        failed: new Promise<never>(() => {}),
        stats: async () => ({}),
        reset: async () => {},
        [Symbol.asyncDispose]: async () => onClose(),
      };
    },
    bind: () => ({ label: 'steered', plan: 'free', tags: [], credentials: {} }),
  };
}

async function platformIn(home: string, types: readonly ServiceType[] = []) {
  const guardian = await startGuardian({ runId: randomUUID() });
  const paths = spacePaths(absolutePath(home), 'default');
  const platform = new Platform({
    paths,
    guardian,
    serviceTypes: types,
    port: 0,
    tlsPort: 0,
    strictPorts: false,
  });
  onTestFinished(async () => {
    await platform[Symbol.asyncDispose]();
    await guardian.close();
  });
  const events: PlatformEvent[] = [];
  platform.subscribe((event) => events.push(event));
  const push = async (cwd: string) => {
    const source = { cwd, appNames: [], env: [], vars: [], varsFiles: [], noWatch: true };
    const env = { PATH: process.env.PATH! };
    const { manifest } = await readSource(source, { shellEnv: env });
    return platform.push({ manifest: manifest!, source, toolEnv: env, detached: false });
  };
  return { platform, paths, events, push };
}

test('a stop cancels what waits for its turn too', async () => {
  const { platform, events, push } = await platformIn(tempDir());
  await push(echoApp('app'));
  const begun = events.length;
  const outcomes = Promise.allSettled([1, 2, 3].map(() => platform.restart('app')));
  await until('the first restart', () => events.length > begun);
  // The second one neither is cancelled by the first nor cancels it, nor does a kill.
  await Promise.all([platform.stop('app'), platform.stop('app'), platform.kill('app')]);
  for (const outcome of (await outcomes).slice(1)) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'CANCELLED' } });
  }
  const starts = events
    .slice(begun)
    .filter((event) => event.kind === 'instance' && event.moment === 'starting');
  expect(starts.length).toBeLessThanOrEqual(1);
  expect(platform.app('app').state).toBe('stopped');
});

const FAILING = { 'manifest.yml': 'name: app\ncommand: exit 3\nservices: {odd: steered}\n', 'a.txt': '' };

test('a service that cannot be closed is told of, and takes nothing else along', async () => {
  const stubborn = steeredType({
    onClose: () => {
      throw new Error('it does not go');
    },
  });
  const { platform, events, push } = await platformIn(tempDir(), [stubborn]);
  await expect(push(appFolder(FAILING))).rejects.toMatchObject({ code: 'APP_EXITED' });
  await platform[Symbol.asyncDispose]();
  expect(events).toContainEqual({ kind: 'service-failed', service: 'odd', message: 'it does not go' });
});

const gate = () => {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
};

test('a start that fails leaves what another app has taken meanwhile, and ends the rest of what it began', async () => {
  const [asked, told] = [gate(), gate()];
  const type = steeredType({
    onClose: () => {},
    onStart: async ({ serviceName }) => {
      if (serviceName !== 'odd') return;
      asked.open();
      await told.opened;
      throw new ServiceError('SERVICE_START_FAILED', 'it does not like it here');
    },
  });
  const { platform, events, push } = await platformIn(tempDir(), [type]);
  const services = (...names: string[]) =>
    `services:\n${names.map((name) => `  ${name}: steered\n`).join('')}`;
  const failing = push(echoApp('one', services('both', 'alone', 'odd')));
  const refused = expect(failing).rejects.toMatchObject({ code: 'SERVICE_START_FAILED' });
  await asked.opened;
  await until('those two', () => platform.service('both') && platform.service('alone'));
  await push(echoApp('two', services('both')));
  told.open();
  await refused;
  expect(platform.service('alone')).toBeUndefined();
  expect(events).not.toContainEqual({ kind: 'service-stopped', service: 'both' });
  expect(platform.service('both')).toBeDefined();
});

test('a start whose service fails leaves an app that is crashed, not one that starts for ever', async () => {
  let ill = false;
  const type = steeredType({
    onClose: () => {},
    onStart: () => {
      if (ill) throw new ServiceError('SERVICE_START_FAILED', 'it is ill today');
    },
  });
  const { platform, push } = await platformIn(tempDir(), [type]);
  await push(echoApp('app', 'services: {odd: steered}\n'));
  for (const again of ['start', 'restage'] as const) {
    await platform.stop('app');
    ill = true;
    await expect(platform[again]('app')).rejects.toMatchObject({ code: 'SERVICE_START_FAILED' });
    expect(platform.snapshot().apps[0]).toMatchObject({
      state: 'crashed',
      reason: expect.stringContaining('odd'),
    });
    expect(platform.busy).toBe(false);
    ill = false;
    await platform.start('app');
    expect(platform.app('app').state).toBe('started');
  }
});

test('a service whose port cannot be written down does not run on unknown', async () => {
  const home = tempDir();
  let closed = 0;
  const type = steeredType({
    onStart: () => renameSync(paths.root, `${paths.root}-gone`),
    onClose: () => (closed += 1),
  });
  const { paths, push } = await platformIn(home, [type]);
  await expect(push(appFolder(FAILING))).rejects.toMatchObject({ code: 'STATE_NOT_WRITABLE' });
  expect(closed).toBe(1);
});

test('a task whose end cannot be written down ends nothing else', async () => {
  const { platform, paths, push } = await platformIn(tempDir());
  await push(echoApp('app'));
  const app = platform.app('app');
  const { signal } = new AbortController();
  await platform.tasks.run(app, { command: 'until [ -e go ]; do sleep 0.02; done' }, signal);
  renameSync(paths.root, `${paths.root}-gone`);
  writeFileSync(join(app.home, 'go'), '');
  await until('its last line', () => app.log.recent().some(({ text }) => text === 'Exit status 0'));
  renameSync(`${paths.root}-gone`, paths.root);
  await platform.stop('app');
});

test('cron lines that are due run in the environment of an app that runs, and of no other', async () => {
  const { platform, push } = await platformIn(tempDir());
  const folder = echoApp(
    'shop',
    'env: {GREETING: hello}\ncron:\n- WHO=cron\n- 0 * * * * echo "$GREETING $WHO"\n- 1 * * * * echo later\n- 0 * * * * exit 3\n- 2 * * * * echo endless; exec sleep 1000\n- nonsense\n',
  );
  await push(folder);
  const said = () =>
    platform
      .app('shop')
      .log.recent()
      .filter(({ source }) => source === 'APP/CRON')
      .map(({ text }) => text)
      .toSorted();
  await platform.crons.tick(new Date('2026-08-20T14:00:00'));
  const first = [
    '"exit 3": exit status 3',
    '"nonsense" is not run: it is not five fields (minute, hour, day, month, weekday) and a command',
    'hello cron',
  ];
  expect(said()).toEqual(first);
  const endless = platform.crons.tick(new Date('2026-08-20T14:02:00'));
  await until('the endless one', () => said().includes('endless'));
  await platform.stop('shop');
  await endless;
  await platform.crons.tick(new Date('2026-08-20T14:00:00'));
  expect(said()).toEqual(
    [...first, '"echo endless; exec sleep 1000": exit status 143', 'endless'].toSorted(),
  );
});
