/** Start options of the wrong kind, or misspelt, are refused: a test would else be of something else than it says. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { PaasError } from '../kernel/errors.ts';
import { suggest } from '../kernel/suggest.ts';
import type { StartOptions } from './options.ts';

type Check = readonly [is: (value: unknown) => boolean, expected: string];

const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): boolean => typeof value === 'string';
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const mapsToText = (value: unknown): boolean =>
  isObject(value) && Object.values(value as object).every(isText);
const isDuration = (value: unknown): boolean => typeof value === 'number' && value >= 0;

const TEXT: Check = [isText, 'a text'];
const TEXTS: Check = [isTexts, 'a list of texts'];
const TEXT_BY_NAME: Check = [mapsToText, 'an object of texts'];
const OBJECT: Check = [isObject, 'an object'];
const BOOLEAN: Check = [(value) => typeof value === 'boolean', 'true or false'];
const MILLISECONDS: Check = [isDuration, 'a number of milliseconds'];

const CHECKS: Readonly<Record<keyof StartOptions, Check>> = {
  folder: TEXT,
  manifest: [(value) => isText(value) || isObject(value), 'a file name, or an object'],
  apps: TEXTS,
  services: [
    (value) => isObject(value) && Object.values(value as object).every(isObject),
    'an object of objects',
  ],
  env: TEXT_BY_NAME,
  bind: TEXT_BY_NAME,
  dialect: [(value) => value === 'stackato' || value === 'cloud-foundry', '"stackato" or "cloud-foundry"'],
  vars: OBJECT,
  varsFiles: TEXTS,
  staged: BOOLEAN,
  tls: BOOLEAN,
  readyTimeout: MILLISECONDS,
  grace: MILLISECONDS,
  record: BOOLEAN,
  signal: [(value) => value instanceof AbortSignal, 'an AbortSignal'],
};
const OVERRIDES = ['type', 'plan', 'version', 'parameters'];

/** @throws PaasError `USAGE` */
export function checkOptions(options: StartOptions, cwd: string): void {
  if (!isObject(options)) throw wrong('Cannot start a platform: its options are no object');
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const check = (CHECKS as Readonly<Record<string, Check>>)[name];
    if (!check) throw unknown('option', name, Object.keys(CHECKS));
    const [is, expected] = check;
    if (!is(value)) throw wrong(`Cannot use option "${name}" of the platform: expected ${expected}`);
  }
  for (const [service, override] of Object.entries(options.services ?? {})) {
    const misspelt = Object.keys(override).find((name) => !OVERRIDES.includes(name));
    if (misspelt !== undefined) throw unknown(`override of service "${service}"`, misspelt, OVERRIDES);
  }
  const { folder } = options;
  if (folder !== undefined && !statSync(resolve(cwd, folder), { throwIfNoEntry: false }))
    throw wrong(`Cannot use option "folder" of the platform: "${resolve(cwd, folder)}" does not exist`);
}

const wrong = (message: string, hint?: string): PaasError =>
  new PaasError('USAGE', { message, ...(hint === undefined ? {} : { hint }) });

function unknown(what: string, name: string, known: readonly string[]): PaasError {
  const suggestion = suggest(name, known);
  const hint = suggestion === undefined ? `There is: ${known.join(', ')}` : `Did you mean "${suggestion}"?`;
  return wrong(`Cannot use ${what} "${name}": there is no such ${what.split(' ')[0]!}`, hint);
}
