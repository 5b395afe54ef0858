/** Where MySQL or MariaDB is found, and how each is told to begin. */
import type { Engine, EngineKind } from '../kit/engine.ts';

export const MYSQL: EngineKind = {
  product: 'MySQL or MariaDB',
  programs: ['mysqld', 'mariadbd'],
  folders: [
    '/usr/libexec',
    '/usr/local/mysql/bin',
    '/opt/homebrew/opt/mysql*/bin',
    '/opt/homebrew/opt/mariadb*/bin',
    '/usr/local/opt/mysql*/bin',
    '/usr/local/opt/mariadb*/bin',
  ],
  version: /Ver (\d+\.\d+\.\d+)/,
  // Users are made if they are not there yet, and MySQL makes its data without a script: neither was so before.
  oldest: (about) => (about.includes('MariaDB') ? '10.2' : '5.7.6'),
  packages: {
    'apt-get': 'mariadb-server',
    dnf: 'mariadb-server',
    apk: 'mariadb',
    pacman: 'mariadb',
    brew: 'mariadb',
  },
};

export const productOf = (engine: Engine): 'MariaDB' | 'MySQL' =>
  engine.about.includes('MariaDB') ? 'MariaDB' : 'MySQL';

/** `10.11` of `10.11.14`: a later one changes the data for good when it opens it, an earlier one cannot. */
export const seriesOf = (version: string): string => version.split('.').slice(0, 2).join('.');
