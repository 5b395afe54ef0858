/** The programs of `fixtures/apps`, run as their manifests say. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

export interface FixtureApp {
  readonly root: string;
  readonly command: string;
}

export function fixtureApp(name: string): FixtureApp {
  const root = fileURLToPath(new URL(`../../fixtures/apps/${name}`, import.meta.url));
  const { command } = parse(readFileSync(`${root}/manifest.yml`, 'utf8')) as { command: string };
  return { root, command };
}

/** A PATH on which `node` is the one that runs the tests. */
export const PATH = `${process.execPath.replace(/\/[^/]+$/, '')}:${process.env['PATH'] ?? ''}`;
