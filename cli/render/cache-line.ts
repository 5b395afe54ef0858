/** The lines in which memcached lists items and logs what happens. */

const SHOWN_APART: ReadonlySet<string> = new Set(['ts', 'gid', 'type']);

/** The `name=value` words of a line. */
export function fieldsOf(line: string): Record<string, string> {
  const fields = line.split(' ').flatMap((text): [string, string][] => {
    const equals = text.indexOf('=');
    return equals < 0 ? [] : [[text.slice(0, equals), text.slice(equals + 1)]];
  });
  return Object.fromEntries(fields);
}

/** Keys in logs have their odd bytes written as %XX. */
export function decodeKey(text: string): string {
  const bytes = text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString();
}

/** `12:34:56.789 item_get key=a status=found …` */
export function logLine(fields: Readonly<Record<string, string>>): string {
  const { ts = '', type = '' } = fields;
  const [seconds = '0', micros = '0'] = ts.split('.');
  const time = new Date(Number(seconds) * 1000 + Number(micros) / 1000).toISOString().slice(11, 23);
  const facts = Object.entries(fields)
    .filter(([name]) => !SHOWN_APART.has(name))
    .map(([name, value]) => `${name}=${value}`);
  return [...(type === '' ? [] : [time, type]), ...facts].join(' ');
}
