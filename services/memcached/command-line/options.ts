import type { OptionSpec } from './getopt.ts';

export interface DescribedOption extends OptionSpec {
  /** The argument's name in the help text. */
  readonly shows?: string;
  /** Empty for what the help text leaves out. */
  readonly help: string;
}

const flag = (letter: string, name: string, help: string): DescribedOption => ({
  letter,
  name,
  argument: 'none',
  help,
});
const option = (letter: string, name: string, shows: string, help: string): DescribedOption => ({
  letter,
  name,
  argument: 'required',
  shows,
  help,
});

/** memcached's options. The order decides how an ambiguous beginning is reported. `-D` has no long name. */
export const OPTIONS: readonly DescribedOption[] = [
  option('a', 'unix-mask', 'octal', 'access to the unix socket (700)'),
  flag('A', 'enable-shutdown', 'let clients stop the server: "shutdown"'),
  flag('Z', 'enable-ssl', ''),
  option('p', 'port', 'number', 'TCP port (11211); 0 is none, -1 is any free one'),
  option('s', 'unix-socket', 'path', 'a unix socket instead of TCP and UDP'),
  option('U', 'udp-port', 'number', 'UDP port (0, which is none)'),
  option('m', 'memory-limit', 'megabytes', 'memory for items (64)'),
  flag('M', 'disable-evictions', 'when memory is full, answer with an error and forget nothing'),
  option('c', 'conn-limit', 'number', 'clients at a time (1024)'),
  flag('k', 'lock-memory', 'no effect here'),
  flag('h', 'help', 'print this'),
  flag('i', 'license', "print this program's license"),
  flag('V', 'version', 'print the version'),
  flag('r', 'enable-coredumps', 'no effect here, but -d stays in its folder'),
  { letter: 'v', name: 'verbose', argument: 'optional', help: 'tell more on stderr; -vv also what is said' },
  flag('d', 'daemon', 'go on in the background'),
  option('l', 'listen', 'address', 'addresses, with or without port (loopback); a list, or given again'),
  option('u', 'user', 'name', 'become this user, when started by root'),
  option('P', 'pidfile', 'path', 'write the process id there'),
  option('f', 'slab-growth-factor', 'number', 'from one chunk size to the next (1.25)'),
  option('n', 'slab-min-size', 'bytes', 'least room for key, value and flags (48)'),
  option('t', 'threads', 'number', 'no effect here, but reported (4)'),
  flag('L', 'enable-largepages', 'no effect here'),
  option('R', 'max-reqs-per-event', 'number', 'no effect here, but counted: conn_yields (20)'),
  flag('C', 'disable-cas', 'keep no unique numbers, 8 bytes less an item'),
  option('b', 'listen-backlog', 'number', 'connections the system may keep waiting (1024)'),
  option('B', 'protocol', 'name', 'auto, ascii or binary (auto)'),
  option('I', 'max-item-size', 'bytes', 'largest item, with suffix k or m if wished (1m)'),
  flag('S', 'enable-sasl', 'clients log in with SASL PLAIN; users are read from $MEMCACHED_SASL_PWDB'),
  flag('F', 'disable-flush-all', 'refuse "flush_all"'),
  flag('X', 'disable-dumping', 'refuse "stats cachedump" and "lru_crawler metadump"'),
  flag('W', 'disable-watch', 'refuse "watch"'),
  option(
    'Y',
    'auth-file',
    'path',
    'clients of the text protocol log in; lines of the file are user:password',
  ),
  option('e', 'memory-file', 'path', ''),
  option('o', 'extended', 'list', 'further settings, see below; separated by commas'),
  option('N', 'napi-ids', 'number', 'no effect here'),
  option('D', '', 'character', 'count per key prefix, which ends at this character (:)'),
];
