import { OPTIONS } from './options.ts';
import { SUBOPTIONS } from './suboptions.ts';
import { VERSION } from '../cache.ts';

const COLUMN = 34;

/** The help text, without what is refused or is there for test suites only. Its first line is memcached's: programs read the version from it. */
export function usage(): string {
  const lines = OPTIONS.filter(({ help }) => help !== '').map(({ letter, name, shows, help }) =>
    row(name === '' ? `-${letter} <${shows}>` : `-${letter}, --${name}${argument(shows)}`, help),
  );
  const further = SUBOPTIONS.filter(({ help }) => help !== '').map(({ name, shows, help }) =>
    row(`   - ${name}${argument(shows)}`, help),
  );
  return `${[`memcached ${VERSION}`, ...lines, '', 'Settings for -o:', ...further].join('\n')}\n`;
}

function argument(shows: string | undefined): string {
  return shows === undefined ? '' : `=<${shows}>`;
}

function row(left: string, right: string): string {
  return left.length >= COLUMN
    ? `${left}\n${' '.repeat(COLUMN)} ${right}`
    : `${left.padEnd(COLUMN)} ${right}`;
}
