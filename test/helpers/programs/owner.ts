/**
 * A host in miniature, to be killed: guards one fixture app and tells the numbers of all processes.
 * Arguments: the app's name, then paths to be cleaned up and the folder they lie in, as JSON.
 */
import { randomUUID } from 'node:crypto';
import { listeningPorts } from '../../../runtime/ports/listening.ts';
import { startGuardian } from '../../../services/kit/guardian.ts';
import { startProcess } from '../../../services/kit/process.ts';
import { fixtureApp, PATH } from '../fixture-app.ts';

const [name = 'echo', cleanup = '{}'] = process.argv.slice(2);
const guardian = await startGuardian({
  runId: randomUUID(),
  ...(JSON.parse(cleanup) as { cleanup?: string[]; cleanupWithin?: string }),
});
const { root, command } = fixtureApp(name);
const app = startProcess({
  file: '/bin/sh',
  args: ['-c', command],
  cwd: root,
  env: { PATH, PORT: '0' },
  guardian,
});
await app.spawned;
// The app's output is read, as a host would; what is told comes when the test asks for it.
process.stdin.on('data', () => {
  const members = app.members();
  const listening = listeningPorts(members).length > 0;
  console.log(JSON.stringify({ runId: guardian.runId, guardian: guardian.pid, members, listening }));
});
