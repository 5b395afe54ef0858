import { describe, expect, test } from 'vitest';
import {
  STOPPED,
  step,
  type Lifecycle,
  type Occurrence,
  type Rules,
} from '../../../runtime/supervisor/lifecycle.ts';

/** Small numbers, so that all states can be walked. */
const RULES: Rules = {
  policy: { immediate: 2, firstDelayMs: 30, maxDelayMs: 60, settleMs: 300, maxCrashes: 5 },
  startTimeoutMs: 60,
  graceMs: 10,
};

/** What is true outside: whether the interpreter is about to spawn, and whether a process lives. */
interface World {
  readonly state: Lifecycle;
  readonly process: 'none' | 'coming' | 'alive';
  readonly told: boolean;
  readonly timer: boolean;
}

const ASKED: readonly Occurrence[] = [
  { kind: 'start' },
  { kind: 'restart' },
  { kind: 'stop', graceMs: 10 },
  { kind: 'stop', graceMs: 0 },
];

/** What can happen in a world, by the world's own rules and not by the lifecycle's beliefs. */
function possible(world: World): readonly Occurrence[] {
  const all: Occurrence[] = [...ASKED];
  if (world.process === 'coming') all.push({ kind: 'spawned' }, { kind: 'not-spawned' });
  if (world.process === 'alive') {
    all.push(
      { kind: 'exited' },
      { kind: 'healthy' },
      { kind: 'failing', graceMs: 10 },
      { kind: 'failing', graceMs: 0 },
    );
  }
  if (world.timer) all.push({ kind: 'timer' });
  return all;
}

/** Applies an occurrence, checking what must hold at every step. */
function apply(world: World, occurrence: Occurrence): World {
  const { next, effects, timerMs } = step(world.state, occurrence, RULES);
  let { process, told } = world;
  if (occurrence.kind === 'spawned') [process, told] = ['alive', false];
  if (occurrence.kind === 'exited' || occurrence.kind === 'not-spawned') [process, told] = ['none', false];
  for (const effect of effects) {
    if (effect.kind === 'spawn') {
      expect(process, 'never spawn while a process lives or comes').toBe('none');
      process = 'coming';
    }
    if (
      effect.kind === 'terminate' ||
      effect.kind === 'diagnose' ||
      effect.kind === 'probe' ||
      effect.kind === 'watch'
    ) {
      expect(process, `${effect.kind} needs a process`).toBe('alive');
    }
    if (effect.kind === 'terminate') told = true;
  }
  const believed = 'process' in next ? next.process : 'none';
  expect(believed, 'never forget a process').toBe(process);
  expect(told, 'a process that is being stopped was told, and only that').toBe(
    next.name === 'stopping' && process === 'alive',
  );
  const timer = next === world.state ? world.timer : timerMs !== undefined;
  if (next.name === 'backing-off') expect(timer, 'backing off ends by itself').toBe(true);
  if (next.name === 'starting' && process === 'alive') expect(timer, 'a start has a bound').toBe(true);
  return { state: next, process, told, timer };
}

function walk(): Map<string, World> {
  const seen = new Map<string, World>();
  const queue: World[] = [{ state: STOPPED, process: 'none', told: false, timer: false }];
  for (let world = queue.pop(); world; world = queue.pop()) {
    const key = JSON.stringify(world);
    if (seen.has(key)) continue;
    seen.set(key, world);
    for (const occurrence of possible(world)) queue.push(apply(world, occurrence));
  }
  return seen;
}

describe('every reachable state', () => {
  const worlds = [...walk().values()];

  test('is reached, and what must hold holds on every way', () => {
    expect(worlds.length).toBeGreaterThan(40);
    expect(new Set(worlds.map((world) => world.state.name))).toEqual(
      new Set(['stopped', 'starting', 'running', 'stopping', 'backing-off', 'crashed']),
    );
  });

  test('comes to rest after a stop, whatever the process does', () => {
    for (const start of worlds) {
      const stopped = apply(start, { kind: 'stop', graceMs: 10 });
      const ends =
        stopped.process === 'coming' ? (['spawned', 'not-spawned'] as const) : (['exited'] as const);
      for (const end of ends) {
        let world = stopped;
        if (world.process !== 'none') world = apply(world, { kind: end });
        if (world.process !== 'none') world = apply(world, { kind: 'exited' });
        expect(world).toEqual({ state: STOPPED, process: 'none', told: false, timer: false });
      }
    }
  });

  test('comes to run after a start and a healthy process', () => {
    for (const start of worlds) {
      let world = apply(start, { kind: 'start' });
      for (let steps = 0; world.state.name !== 'running' && steps < 10; steps++) {
        const { name } = world.state;
        if (name === 'backing-off') world = apply(world, { kind: 'timer' });
        else if (name === 'crashed') world = apply(world, { kind: 'start' });
        else if (world.process === 'coming') world = apply(world, { kind: 'spawned' });
        else world = apply(world, { kind: name === 'stopping' ? 'exited' : 'healthy' });
      }
      expect(world.state.name).toBe('running');
    }
  });

  test('asks for a kill at once when told to stop without grace', () => {
    for (const start of worlds.filter((world) => world.process === 'alive')) {
      const { effects } = step(start.state, { kind: 'stop', graceMs: 0 }, RULES);
      expect(effects).toContainEqual({ kind: 'terminate', graceMs: 0 });
    }
  });
});

describe('a story', () => {
  /** Plays occurrences from a stopped instance; gives the names of states and effects on the way. */
  function play(...occurrences: readonly (Occurrence | Occurrence['kind'])[]): readonly string[] {
    let state = STOPPED;
    return occurrences.map((entry) => {
      const occurrence = (typeof entry === 'string' ? { kind: entry, graceMs: 10 } : entry) as Occurrence;
      const { next, effects, timerMs } = step(state, occurrence, RULES);
      state = next;
      const timer = timerMs === undefined ? '' : ` for ${timerMs}`;
      const aim = next.name === 'stopping' ? ` to ${next.aim}` : '';
      return `${next.name}${aim}${timer}: ${effects.map((effect) => effect.kind).join(' ')}`.replace(
        /: $/,
        '',
      );
    });
  }

  const CRASH = ['spawned', 'exited'] as const;

  test('crashes are restarted at once, then later, then never', () => {
    const told = play('start', ...CRASH, ...CRASH, ...CRASH, 'timer', ...CRASH, 'timer', ...CRASH);
    expect(told.filter((line) => !line.startsWith('starting for'))).toEqual([
      'starting: spawn',
      'starting: announce-backoff spawn',
      'starting: announce-backoff spawn',
      'backing-off for 30: announce-backoff',
      'starting: spawn',
      'backing-off for 60: announce-backoff',
      'starting: spawn',
      'crashed: announce-end',
    ]);
  });

  test('a program that cannot be started counts as a crash', () => {
    expect(play('start', 'not-spawned').at(-1)).toBe('starting: announce-backoff spawn');
  });

  test('running for a while wipes the slate', () => {
    const told = play('start', ...CRASH, ...CRASH, 'spawned', 'healthy', 'timer', 'exited');
    expect(told.slice(-3)).toEqual(['running for 300: watch', 'running', 'starting: announce-backoff spawn']);
  });

  test('health alone does not', () => {
    expect(play('start', ...CRASH, ...CRASH, 'spawned', 'healthy', 'exited').at(-1)).toBe(
      'backing-off for 30: announce-backoff',
    );
  });

  test('a late start is looked into before it is ended, and is a crash', () => {
    expect(play('start', 'spawned', 'timer', 'exited')).toEqual([
      'starting: spawn',
      'starting for 60: probe',
      'stopping to crash: diagnose terminate',
      'starting: announce-backoff spawn',
    ]);
  });

  test('a failed check ends it, and it starts again', () => {
    expect(play('start', 'spawned', 'healthy', 'failing', 'exited').slice(-2)).toEqual([
      'stopping to crash: terminate',
      'starting: announce-backoff spawn',
    ]);
  });

  test('two restarts are one', () => {
    expect(play('start', 'spawned', 'healthy', 'restart', 'restart', 'exited').slice(-3)).toEqual([
      'stopping to again: terminate',
      'stopping to again',
      'starting: spawn',
    ]);
  });

  test('a stop during a restart only changes the aim', () => {
    expect(play('start', 'spawned', 'restart', 'stop', 'exited').slice(-2)).toEqual([
      'stopping to rest: terminate',
      'stopped',
    ]);
  });

  test('a start during a stop changes it back', () => {
    expect(play('start', 'spawned', 'stop', 'start', 'exited').slice(-2)).toEqual([
      'stopping to again',
      'starting: spawn',
    ]);
  });

  test('a stop before the process is there meets it when it comes', () => {
    expect(play('start', 'stop', 'spawned', 'exited').slice(1)).toEqual([
      'stopping to rest',
      'stopping to rest: terminate',
      'stopped',
    ]);
  });

  test('a start out of backing off is at once, and counts anew', () => {
    const told = play('start', ...CRASH, ...CRASH, ...CRASH, 'start', ...CRASH);
    expect(told.at(-3)).toBe('starting: spawn');
    expect(told.at(-1)).toBe('starting: announce-backoff spawn');
  });
});
