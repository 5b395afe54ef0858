/** How a Python app is started when nobody says: the platform served `application` of a top-level wsgi.py. */
import type { AppManifest } from '../../manifest/types.ts';
import type { AppSource, DetectedCommand } from '../types.ts';
import { mentions, type PythonRequirements } from './requirements.ts';

export interface PythonStart extends DetectedCommand {
  /** The distribution that must be installed for it, where the app does not ask for it itself. */
  readonly server?: string;
}

export const LOOKED_FOR = [
  'wsgi.py with "application"',
  'manage.py of Django',
  'app.py or main.py with a Flask or FastAPI app',
] as const;

/** Undefined where nothing that can be served was found. */
export function pythonStart(
  source: AppSource,
  manifest: AppManifest,
  requirements: PythonRequirements,
): PythonStart | undefined {
  return (
    wsgiFile(source, manifest, requirements) ??
    djangoProject(source, requirements) ??
    knownFramework(source, requirements)
  );
}

function wsgiFile(
  source: AppSource,
  manifest: AppManifest,
  requirements: PythonRequirements,
): PythonStart | undefined {
  const file = manifest.framework?.startFile ?? 'wsgi.py';
  const text = file.endsWith('.py') ? source.readText(file) : undefined;
  const callable = text && ['application', 'app'].find((name) => new RegExp(`\\b${name}\\b`).test(text));
  const module = moduleOf(file);
  return callable && module ? serveWsgi(`${module}:${callable}`, file, requirements) : undefined;
}

function djangoProject(source: AppSource, requirements: PythonRequirements): PythonStart | undefined {
  if (!source.hasFile('manage.py')) return undefined;
  const folder = source
    .list()
    .find((name) => name.endsWith('/') && moduleOf(`${name}wsgi.py`) && source.hasFile(`${name}wsgi.py`));
  if (folder)
    return serveWsgi(`${moduleOf(`${folder}wsgi.py`)}:application`, `${folder}wsgi.py`, requirements);
  // Without its reloader: two processes would watch the same files.
  return { command: 'python manage.py runserver --noreload 127.0.0.1:$PORT', from: 'manage.py' };
}

function knownFramework(source: AppSource, requirements: PythonRequirements): PythonStart | undefined {
  for (const file of ['app.py', 'main.py']) {
    const text = source.readText(file) ?? '';
    const [, name, framework] = /^(\w+)\s*(?::[^=\n]*)?=\s*(?:\w+\.)?(Flask|FastAPI)\(/m.exec(text) ?? [];
    if (name === undefined) continue;
    const target = `${moduleOf(file)}:${name}`;
    return framework === 'Flask'
      ? serveWsgi(target, file, requirements)
      : serveAsgi(target, file, requirements);
  }
  return undefined;
}

/** The server the app brings; gunicorn where it brings none. Ours listen on the loopback only. */
function serveWsgi(target: string, from: string, requirements: PythonRequirements): PythonStart {
  if (mentions(requirements, 'gunicorn')) return { command: gunicorn(target), from };
  if (mentions(requirements, 'waitress')) {
    return { command: `waitress-serve --listen=127.0.0.1:$PORT ${target}`, from };
  }
  if (mentions(requirements, 'uwsgi') || mentions(requirements, 'pyuwsgi')) {
    return { command: `${UWSGI} --module ${target}`, from };
  }
  return { command: gunicorn(target), from, server: 'gunicorn' };
}

const gunicorn = (target: string): string => `gunicorn --bind 127.0.0.1:$PORT ${target}`;

/** uWSGI takes TERM for "reload" unless told otherwise. */
export const UWSGI = 'uwsgi --http-socket 127.0.0.1:$PORT --master --die-on-term --need-app';

function serveAsgi(target: string, from: string, requirements: PythonRequirements): PythonStart {
  return {
    command: `uvicorn --host 127.0.0.1 --port $PORT ${target}`,
    from,
    ...(mentions(requirements, 'uvicorn') ? {} : { server: 'uvicorn' }),
  };
}

/** Undefined where the path does not spell a module: it becomes part of a shell command. */
function moduleOf(file: string): string | undefined {
  const name = file.replace(/\.py$/, '').replace(/^\.\//, '').replaceAll('/', '.');
  return /^\w+(\.\w+)*$/.test(name) ? name : undefined;
}
