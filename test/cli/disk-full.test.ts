/** The state folder on a file system of its own, small enough to be filled. */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { AppSnapshot } from '../../runtime/snapshot.ts';
import { pidsGone, until } from '../helpers/alive.ts';
import { echoApp, get, newHome } from '../helpers/cli.ts';
import { tempDir } from '../helpers/temp-dir.ts';

/** A small file system, gone with the test. */
function smallDisk(): string | undefined {
  const folder = join(tempDir('pl-disk-'), 'disk');
  mkdirSync(folder);
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder]).status !== 0) return undefined;
  onTestFinished(() => void spawnSync('umount', ['-l', folder]));
  return folder;
}

/** @returns what makes room again */
function fill(disk: string): () => void {
  const path = join(disk, 'ballast');
  const file = openSync(path, 'w');
  for (const size of [64 * 1024, 4096, 1]) {
    try {
      for (;;) writeSync(file, Buffer.alloc(size));
    } catch {
      // Full, for pieces of this size.
    }
  }
  closeSync(file);
  return () => rmSync(path);
}

const canMount = (() => {
  const folder = '/tmp';
  return spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', folder]).status === 0;
})();
if (!canMount) console.log('Skipped: no small file system can be mounted here (that takes root, on Linux)');

describe.runIf(canMount)('a full disk', () => {
  const FULL = 'no space left on the device (ENOSPC)';

  test('loses nothing that was remembered: changes are refused, what runs goes on, and may be stopped', async () => {
    const disk = smallDisk()!;
    const home = newHome({ PAAS_LOCAL_HOME: disk });
    const { url } = await home.json<{ url: string }>(['push', '--detach', '--no-watch'], {
      cwd: echoApp('app'),
    });
    const record = join(disk, 'spaces/default/record.json');
    const before = readFileSync(record, 'utf8');
    const free = fill(disk);

    for (const change of [
      ['set-env', 'app', 'MORE', 'x'.repeat(5000)],
      ['scale', 'app', '-i', '2'],
      ['map-route', 'app', 'www.localhost'],
    ]) {
      const refused = await home.run(change);
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain(FULL);
      expect(refused.stderr).not.toMatch(/\n\s+at /);
    }
    expect(readFileSync(record, 'utf8')).toBe(before);
    const { app } = await home.json<{ app: AppSnapshot }>(['app', 'app']);
    expect(app.processes[0]!.instances).toHaveLength(1);
    expect(app.routes).not.toContain('www.localhost');
    const env = JSON.parse((await get(`${url}/env`)).body) as Record<string, string>;
    expect(env.MORE).toBeUndefined();

    const stopped = await home.run(['stop', 'app']);
    expect(stopped.code).toBe(1);
    expect(stopped.stderr).toContain(FULL);
    expect((await get(url)).status).toBe(503);
    expect(readdirSync(join(disk, 'spaces/default')).filter((name) => name.endsWith('.tmp'))).toEqual([]);

    free();
    await home.json(['start', 'app']);
    expect((await get(url)).status).toBe(200);
    expect(await home.run(['set-env', 'app', 'MORE', 'room'])).toMatchObject({ code: 0 });
    expect(JSON.parse((await get(`${url}/env`)).body)).toMatchObject({ MORE: 'room' });
  });

  test('is said by a host that cannot begin, and all comes back when there is room', async () => {
    const disk = smallDisk()!;
    const home = newHome({ PAAS_LOCAL_HOME: disk });
    const { host } = await home.json<{ host: { pid: number } }>(['push', '--detach', '--no-watch'], {
      cwd: echoApp('app'),
    });
    process.kill(host.pid, 'SIGKILL');
    await pidsGone([host.pid]);
    const runs = join(disk, 'spaces/default/run');
    await until('the guardian to be done', () => readdirSync(runs).length === 0);
    const free = fill(disk);
    const refused = await home.run(['start'], { cwd: tempDir() });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(FULL);
    expect(refused.stderr).not.toMatch(/\n\s+at /);
    free();
    expect((await home.run(['start'], { cwd: tempDir() })).stdout).toContain('Brought back app');
  });
});
