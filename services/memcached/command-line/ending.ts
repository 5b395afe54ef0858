/** Exit codes of memcached, which are those of sysexits.h where they are not 1. */
export const EXIT = { ok: 0, failure: 1, usage: 64, noUser: 67, osError: 71 } as const;

/** The program ends before it serves: it was asked for help, or something is wrong. */
export class Ending extends Error {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;

  constructor(exitCode: number, said: { readonly stdout?: string; readonly stderr?: string }) {
    super(said.stderr ?? said.stdout ?? '');
    this.exitCode = exitCode;
    this.stdout = said.stdout ?? '';
    this.stderr = said.stderr ?? '';
  }
}

/** For `throw`: a line on stderr. */
export function failure(exitCode: number, line: string): Ending {
  return new Ending(exitCode, { stderr: `${line}\n` });
}
