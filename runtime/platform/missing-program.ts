/** Which program a shell did not find, told by what it printed. Pure. */

/** The shells' status for it; Bundler and `env` have it too. */
const NOT_FOUND = 127;

/** `bash: line 1: x: command not found`, `sh: 1: x: not found`, `zsh: command not found: x`, `env: ‘x’: No such file …`. */
const SAYINGS = [
  /\bcommand not found: (\S+)$/,
  /(?:^|[\s:])([^\s:]+): (?:command )?not found$/,
  /\benv: [‘'"]?([^’'":\s]+)[’'"]?: No such file or directory$/,
] as const;

/** @param logLines oldest first */
export function missingProgram(code: number | null, logLines: readonly string[]): string | undefined {
  if (code !== NOT_FOUND) return undefined;
  for (const line of logLines.toReversed()) {
    for (const saying of SAYINGS) {
      const program = saying.exec(line.trim())?.[1];
      if (program !== undefined) return program;
    }
  }
  return undefined;
}

/** What brings the programs that start apps, as the next step. */
const COMES_WITH: Readonly<Record<string, string>> = {
  rackup: 'It comes with the gem "rackup" (before Rack 3 with "rack"): name it in a Gemfile, and push again',
  ...gems('puma', 'rails', 'thin', 'unicorn', 'rake', 'sidekiq'),
  ...pythonPackages('gunicorn', 'uvicorn', 'hypercorn', 'celery', 'flask', 'uwsgi', 'daphne'),
  'waitress-serve': fromRequirements('waitress'),
  'django-admin': fromRequirements('Django'),
};

/** The next step, where the program is known. */
export const comesWith = (program: string): string | undefined =>
  Object.hasOwn(COMES_WITH, program) ? COMES_WITH[program] : undefined;

function gems(...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => [name, `It comes with the gem "${name}": name it in a Gemfile, and push again`]),
  );
}

function pythonPackages(...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, fromRequirements(name)]));
}

function fromRequirements(name: string): string {
  return `It comes with the package "${name}": name it in requirements.txt, and push again`;
}
