/**
 * The program behind static apps: `node static-server.js FOLDER`, in the app's folder.
 * Listens on PORT; ends on TERM when the answers under way are sent.
 */
import { readFileSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createStaticServer } from './static/server.ts';
import { readStaticfile, STATICFILE } from './static/staticfile.ts';

const app = realpathSync(process.cwd());
const { options } = readStaticfile(readText(join(app, STATICFILE)));
const server = createStaticServer(servedFolder(process.argv[2] ?? '.'), options);

server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () => {
  process.stdout.write(`Serving ${process.argv[2] ?? '.'}\n`);
});

process.once('SIGTERM', () => {
  server.close();
  server.closeIdleConnections();
});

/** Within the app's folder, also when a link or a Staticfile says otherwise. */
function servedFolder(name: string): string {
  try {
    const folder = realpathSync(resolve(app, name));
    if (folder === app || folder.startsWith(`${app}/`)) return folder;
    process.stderr.write(`Cannot serve "${name}": it lies outside of the app's folder\n`);
  } catch {
    process.stderr.write(`Cannot serve "${name}": there is no such folder\n`);
  }
  return process.exit(1);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // There need not be one.
  }
}
