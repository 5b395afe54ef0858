/**
 * Reads a Procfile: `TYPE: COMMAND`, one process type per line.
 * Cloud Foundry reads it as a YAML map, Stackato's buildpacks line by line; what both accept means the same,
 * and a command that is no YAML (`web: [ -f x ] && y`) is read the second way and said so.
 */
import { isMap, isScalar, parseDocument } from 'yaml';
import type { DetectedCommand } from './types.ts';

export interface Procfile {
  readonly commands: Readonly<Record<string, DetectedCommand>>;
  /** Things the user should hear. */
  readonly notes: readonly string[];
  /** Set where it cannot be read at all: half a sentence with the line. */
  readonly problem?: string;
}

const LINE = /^([A-Za-z0-9_-]+)[ \t]*:[ \t]*(\S.*)$/;
const TYPE = /^[A-Za-z0-9_-]{1,255}$/;

export function readProcfile(text: string): Procfile {
  return readAsYaml(text) ?? readAsLines(text);
}

/** Undefined where the text is not a YAML map of plain commands. */
function readAsYaml(text: string): Procfile | undefined {
  // Failsafe: `web: 12` is the command "12", never a number.
  const document = parseDocument(text, { schema: 'failsafe', logLevel: 'silent' });
  if (document.errors.length > 0) return undefined;
  if (document.contents === null || (isScalar(document.contents) && !document.contents.value)) {
    return { commands: {}, notes: ['Procfile is empty'] };
  }
  if (!isMap(document.contents)) return undefined;
  const commands = new Map<string, string>();
  for (const { key, value } of document.contents.items) {
    const type = isScalar(key) ? String(key.value) : '';
    const command = isScalar(value) && typeof value.value === 'string' ? value.value.trim() : '';
    if (!TYPE.test(type) || command === '') return undefined;
    commands.set(type, command);
  }
  return { commands: named(commands), notes: [] };
}

function readAsLines(text: string): Procfile {
  const commands = new Map<string, string>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const [, type, command] = LINE.exec(trimmed) ?? [];
    const problem =
      type === undefined || command === undefined
        ? 'is not of the form "TYPE: COMMAND"'
        : commands.has(type)
          ? `declares "${type}" a second time`
          : undefined;
    if (problem)
      return { commands: {}, notes: [], problem: `invalid YAML in Procfile: line ${index + 1} ${problem}` };
    commands.set(type!, command!);
  }
  return {
    commands: named(commands),
    notes: ['Procfile is not valid YAML and was read line by line; Cloud Foundry would refuse it'],
  };
}

function named(commands: ReadonlyMap<string, string>): Procfile['commands'] {
  return Object.fromEntries([...commands].map(([type, command]) => [type, { command, from: 'Procfile' }]));
}
