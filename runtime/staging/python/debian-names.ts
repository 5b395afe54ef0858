/** Debian's name for a distribution of the Python index, where it is not simply `python3-NAME`. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  'python-memcached': 'python3-memcache',
  'psycopg2-binary': 'python3-psycopg2',
  mysqlclient: 'python3-mysqldb',
  'mysql-python': 'python3-mysqldb',
  pillow: 'python3-pil',
  pil: 'python3-pil',
  pyyaml: 'python3-yaml',
  beautifulsoup4: 'python3-bs4',
  'scikit-learn': 'python3-sklearn',
  'python-dateutil': 'python3-dateutil',
  'python-dotenv': 'python3-dotenv',
  gunicorn: 'gunicorn',
  uwsgi: 'uwsgi-plugin-python3',
  pyjwt: 'python3-jwt',
  attrs: 'python3-attr',
};

/** @param requirement a name, with or without versions: `Django~=5.2` */
export function debianName(requirement: string): string | undefined {
  const name = /^[A-Za-z0-9][\w.-]*/.exec(requirement)?.[0].toLowerCase().replaceAll(/[_.]/g, '-');
  return name && (EXCEPTIONS[name] ?? `python3-${name}`);
}
