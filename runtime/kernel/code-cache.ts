/**
 * Loads our built programs with the code V8 made of them when they ran before: half of what a command takes to start
 * goes into compiling it. Kept under the state home, private like all of it; made anew whenever the program, Node or
 * its flags are others. Node has this itself from 22.1 on, for all programs; ours begin before they could ask for it.
 */
import {
  closeSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { Script } from 'node:vm';
import { VERSION } from './version.ts';

const PRIVATE_FOLDER = 0o700;
const PRIVATE_FILE = 0o600;

interface Unkept {
  readonly script: Script;
  readonly file: string;
  readonly key: Buffer;
}

export class CodeCache {
  readonly #folder: string;
  #unkept: Unkept | undefined;

  /** @param folder made when there is something to keep, if the one it is to lie in is there */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Runs a program built for it: a file that is one function of CommonJS's parameters.
   * @returns its exports
   */
  load(path: string): unknown {
    const text = readFileSync(path, 'latin1');
    const file = join(this.#folder, `${basename(path)}.v8`);
    const key = keyOf(path);
    const cachedData = read(file, key);
    const script = new Script(text, { filename: path, ...(cachedData ? { cachedData } : {}) });
    if (script.cachedDataRejected !== false) this.#unkept = { script, file, key };
    const module = { exports: {} };
    const run = script.runInThisContext() as (...args: unknown[]) => void;
    run(module.exports, createRequire(path), module, path, dirname(path));
    return module.exports;
  }

  /**
   * Keeps the code of what has run since `load`, unless it came from here. Takes some 20 ms, and is no harm where
   * nothing can be written.
   */
  keep(): void {
    const unkept = this.#unkept;
    this.#unkept = undefined;
    if (!unkept) return;
    const { script, file, key } = unkept;
    const temporary = `${file}.${process.pid}.tmp`;
    try {
      if (!statSync(this.#folder, { throwIfNoEntry: false })) mkdirSync(this.#folder, PRIVATE_FOLDER);
      try {
        write(temporary, [key, script.createCachedData()]);
        renameSync(temporary, file);
      } finally {
        rmSync(temporary, { force: true });
      }
    } catch {
      // Everything works without it.
    }
  }
}

/** To the disk before it gets its name: V8 does not survive code with a hole in it. */
function write(path: string, parts: readonly Buffer[]): void {
  const file = openSync(path, 'wx', PRIVATE_FILE);
  try {
    writeFileSync(file, Buffer.concat(parts));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** What the code was made of and by. V8 itself looks at its version, its flags, and how long the source is. */
function keyOf(path: string): Buffer {
  const { size, mtimeMs } = statSync(path);
  const { version, arch, execArgv } = process;
  return Buffer.from(`${JSON.stringify([path, VERSION, size, mtimeMs, version, arch, execArgv])}\n`);
}

/** The code kept in a file under this key. Nobody else may have written it: it is run. */
function read(path: string, key: Buffer): Buffer | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    if (fstatSync(file).uid !== process.getuid?.()) return undefined;
    const kept = readFileSync(file);
    return kept.subarray(0, key.length).equals(key) ? kept.subarray(key.length) : undefined;
  } finally {
    closeSync(file);
  }
}
