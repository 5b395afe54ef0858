/**
 * How a debugger gets into an app's process without a word of its command being changed: a file that Node or Python
 * loads before the app, found through NODE_OPTIONS or PYTHONPATH, opens it in the first process that is the app's own.
 * What that starts in turn runs without. Pure.
 */
import { literal } from './start-script.ts';

export type DebuggerKind = 'node' | 'python';

export interface Debugging {
  readonly kind: DebuggerKind;
  readonly port: number;
  /** Nothing of the app runs until a debugger is there. */
  readonly pause: boolean;
}

/** Of the file, in a folder of its own. */
export const DEBUG_FILES: Readonly<Record<DebuggerKind, string>> = {
  node: 'open-inspector.cjs',
  python: 'sitecustomize.py',
};

/** Lines of the start script, the last before the command: what the app sets itself is kept. */
export function debugLines({ kind, port, pause }: Debugging, folder: string): readonly string[] {
  const wish = `export ${WISH}=${port}${pause ? ',pause' : ''}`;
  if (kind === 'python')
    return [
      wish,
      // Else it says at every start that the standard library comes frozen.
      'export PYDEVD_DISABLE_FILE_VALIDATION=1',
      `export PYTHONPATH=${literal(folder)}"\${PYTHONPATH:+:$PYTHONPATH}"`,
    ];
  const file = `${folder}/${DEBUG_FILES.node}`.replaceAll(/["\\]/g, '\\$&');
  return [wish, `export NODE_OPTIONS=${literal(`--require="${file}"`)}"\${NODE_OPTIONS:+ $NODE_OPTIONS}"`];
}

/** What tells the loaded file its port; gone from the environment as soon as it was heeded. */
const WISH = 'PAAS_LOCAL_DEBUG';

export const DEBUG_TEXTS: Readonly<Record<DebuggerKind, string>> = {
  node: `'use strict';
// Written by paas-local for "push --debug".
const { basename } = require('path');
const { env, argv, execArgv } = process;
const STARTERS =
  'npm npx yarn yarnpkg pnpm pnpx corepack nodemon node-dev ts-node-dev tsx concurrently npm-run-all run-s run-p cross-env dotenv env-cmd'.split(' ');

/** These start the app as a process of its own. */
function isStarter() {
  const script = (argv[1] || '').replace(/\\\\/g, '/');
  const name = basename(script).replace(/\\.[cm]?js$/, '').replace(/-cli$/, '');
  const home = /.*\\/node_modules\\/([^/]+)\\//.exec(script);
  const watches = execArgv.some((flag) => flag.startsWith('--watch')) && !env.WATCH_REPORT_DEPENDENCIES;
  return watches || STARTERS.includes(name) || (home !== null && STARTERS.includes(home[1]));
}

if (env.${WISH} && require('worker_threads').isMainThread && !isStarter()) {
  const [port, pause] = env.${WISH}.split(',');
  delete env.${WISH};
  require('inspector').open(Number(port), '127.0.0.1', pause === 'pause');
  if (pause === 'pause') debugger; // The app begins after this file: set breakpoints, then go on.
}
`,
  python: `"""Written by paas-local for "push --debug"."""
import os
import sys


def _open_debugger():
    wish = os.environ.pop("${WISH}", None)
    if not wish:
        return
    port, _, pause = wish.partition(",")
    try:
        import debugpy
    except ImportError:
        print("paas-local: no debugger: debugpy is not installed for " + sys.executable, file=sys.stderr)
        return
    debugpy.listen(("127.0.0.1", int(port)))
    if pause:
        debugpy.wait_for_client()


def _load_the_one_behind():
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [path for path in sys.path if os.path.abspath(path or ".") != here]
    this = sys.modules.pop("sitecustomize", None)
    try:
        import sitecustomize
    except ImportError:
        if this is not None:
            sys.modules["sitecustomize"] = this


_open_debugger()
_load_the_one_behind()
`,
};
