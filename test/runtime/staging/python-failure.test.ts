import { expect, test } from 'vitest';
import { readFailure } from '../../../runtime/staging/python/failure.ts';

const refused = "Failed to establish a new connection: [Errno 111] Connection refused'))': /simple/left/";

test.each([
  [
    'pip: nobody listens',
    `WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError("${refused}\nERROR: No matching distribution found for left==1.0\n`,
    {
      kind: 'package',
      reason: 'unreachable',
      packages: ['left==1.0'],
      message: 'the package index could not be reached (connection refused)',
    },
  ],
  [
    'pip: the name does not resolve',
    `WARNING: Retrying … '<Connection>: Failed to establish a new connection: [Errno -2] Name or service not known')': NewConnectionError\nERROR: No matching distribution found for left (from -r /app/requirements.txt (line 1))\n`,
    {
      reason: 'unreachable',
      packages: ['left'],
      message: 'the package index could not be reached (its name does not resolve)',
    },
  ],
  [
    'pip: plain http',
    'WARNING: The repository located at i.example is not a trusted or secure host and is being ignored.\nERROR: No matching distribution found for left\n',
    {
      reason: 'unreachable',
      message:
        'the package index could not be reached (its address begins with http:, which pip does not trust)',
    },
  ],
  [
    'pip: unknown name',
    'ERROR: Could not find a version that satisfies the requirement lefft (from versions: none)\nERROR: No matching distribution found for lefft\n',
    { reason: 'absent', packages: ['lefft'] },
  ],
  [
    'pip: unknown version',
    'ERROR: Could not find a version that satisfies the requirement left==9 (from versions: 1.0, 1.1, 2.0, 2.1)\nERROR: No matching distribution found for left==9\n',
    {
      reason: 'version',
      packages: ['left==9'],
      message: 'no such version for this Python; the index has 1.1, 2.0, 2.1',
    },
  ],
  [
    'pip: a version for another Python',
    'ERROR: Ignored the following versions that require a different python version: 6.0 Requires-Python >=3.12\nERROR: Could not find a version that satisfies the requirement django==6.0 (from versions: none)\nERROR: No matching distribution found for django==6.0\n',
    { reason: 'version', packages: ['django==6.0'] },
  ],
  [
    'pip: a conflict',
    'ERROR: Cannot install asgiref<3 and django==5.2 because these package versions have conflicting dependencies.\nERROR: ResolutionImpossible: for help visit …\n',
    { reason: 'conflict', packages: [], message: expect.stringContaining('asgiref<3 and django==5.2') },
  ],
  [
    'pip: no compiler',
    "  error: command 'gcc' failed: No such file or directory\n  ERROR: Failed building wheel for thing\nERROR: Could not build wheels\n",
    { kind: 'build', packages: ['thing'], hint: expect.stringContaining('build-essential') },
  ],
  [
    'pip: the package is for Python 2',
    "Collecting fine\nCollecting mysql-python\n      ModuleNotFoundError: No module named 'ConfigParser'\nerror: subprocess-exited-with-error\n",
    {
      kind: 'build',
      packages: ['mysql-python'],
      message: "mysql-python could not be built: ModuleNotFoundError: No module named 'ConfigParser'",
      hint: expect.stringContaining('Python 2'),
    },
  ],
  [
    'uv: nobody listens',
    'error: Request failed after 1 retry in 1.7s\n  cause: Failed to fetch: http://127.0.0.1:9/simple/left/\n  cause: Connection refused (os error 111)\n',
    {
      reason: 'unreachable',
      packages: ['left'],
      message: 'the package index could not be reached (connection refused)',
    },
  ],
  [
    'uv: a file of the index is gone',
    'error: Failed to fetch: `https://i.example/files/left-1.0-py3-none-any.whl`\n  Caused by: operation timed out\n',
    {
      reason: 'unreachable',
      packages: ['left'],
      message: 'the package index could not be reached (timed out)',
    },
  ],
  [
    'uv: unknown name',
    'error: No solution found when resolving dependencies\n  cause: Because lefft was not found in the package registry and you require lefft, we can conclude …\n',
    { reason: 'absent', packages: ['lefft'] },
  ],
  [
    'uv: unknown version',
    'error: No solution found when resolving dependencies\n  cause: Because there is no version of left==9 and you require left==9, we can conclude …\n',
    { reason: 'version', packages: ['left==9'] },
  ],
  [
    'uv: a version for another Python',
    '  cause: Because the current Python version (3.11.7) does not satisfy Python>=3.12 and django==6.0 depends on Python>=3.12, we can conclude that django==6.0 cannot be used.\n',
    { reason: 'version', packages: ['django==6.0'] },
  ],
  [
    'uv: a conflict',
    'error: No solution found when resolving dependencies\n  cause: Because django==5.2 depends on asgiref>=3.8.1 and you require asgiref<3, we can conclude …\n',
    { reason: 'conflict', message: expect.stringContaining('django==5.2 depends on asgiref>=3.8.1') },
  ],
  [
    'uv: a build',
    'error: Failed to build `psycopg2==2.9.10`\n  cause: The build backend returned an error\n  Error: pg_config executable not found.\n',
    { kind: 'build', packages: ['psycopg2==2.9.10'], hint: expect.stringContaining('libpq-dev') },
  ],
  [
    'anything else',
    'something\nOSError: [Errno 28] No space left on device\n',
    { kind: 'other', message: 'OSError: [Errno 28] No space left on device' },
  ],
  ['nothing', '', { kind: 'other', message: 'no output' }],
])('%s', (_name, output, expected) => {
  expect(readFailure(output, false)).toMatchObject(expected);
});
