/** Starts a service as a host does, says so, and stays: to be killed at any moment. Its argument says which. */
import { SERVICE_TYPES } from '../../../services/index.ts';
import type { ServiceContext } from '../../../services/kit/contract.ts';
import { startGuardian } from '../../../services/kit/guardian.ts';

const {
  type: name,
  runId,
  context,
} = JSON.parse(process.argv[2]!) as {
  readonly runId: string;
  readonly type: string;
  readonly context: Pick<
    ServiceContext,
    'user' | 'password' | 'name' | 'dataDir' | 'cacheDir' | 'searchPath'
  >;
};
const type = SERVICE_TYPES.find((candidate) => candidate.type === name)!;
const guardian = await startGuardian({ runId });
await type.start(type.readOptions({}), {
  ...context,
  guardian,
  serviceName: 'made',
  host: '127.0.0.1',
  port: 0,
  log: () => {},
});
process.stdout.write('serves\n');
// Until its other end is closed, or it is killed.
process.stdin.resume();
