/** `get-health-check`, `set-health-check`, and the same for the check that decides about routing. */
import { PaasError } from '../../runtime/kernel/errors.ts';
import type { HealthPlan } from '../../runtime/plan/types.ts';
import { connect } from '../connect.ts';
import { anyPort, type CommonOptions, type Context } from '../context.ts';
import { table } from '../render/table.ts';
import { oneApp, rememberedApp } from '../which-app.ts';

export type Check = 'health' | 'readiness';

export interface SetHealthCheckOptions extends CommonOptions {
  readonly endpoint?: string;
  readonly invocationTimeout?: number;
  readonly interval?: number;
  readonly process: string;
}

export async function getHealthCheck(
  context: Context,
  check: Check,
  given: string | undefined,
): Promise<number> {
  const { terminal, json, paths } = context;
  const app = await oneApp(context, given);
  const { plan } = rememberedApp(context, app);
  if (json) {
    const checks = plan.processes.map((process) => ({ process: process.type, ...process[check] }));
    terminal.out(JSON.stringify({ app, checks }));
    return 0;
  }
  terminal.out(`Getting ${WORDS[check]} type for app ${app} in space ${paths.name}...\n`);
  const header = ['process', 'type', 'endpoint (for http)', 'invocation timeout', 'interval'];
  const rows = plan.processes.map((process) => {
    const { type, endpoint, invocationTimeoutMs, intervalMs } = process[check];
    return [
      process.type,
      type,
      type === 'http' ? endpoint : '',
      String(invocationTimeoutMs / 1000),
      String(intervalMs / 1000),
    ];
  });
  for (const line of table(header, rows)) terminal.out(line);
  return 0;
}

/** `args` are [APP] TYPE. What is not said of the check stays as it was. */
export async function setHealthCheck(
  context: Context,
  check: Check,
  args: readonly string[],
  options: SetHealthCheckOptions,
): Promise<number> {
  const { terminal, json } = context;
  const type = checkType(args.at(-1)!);
  const app = await oneApp(context, args.length > 1 ? args[0] : undefined);
  const { process, endpoint, invocationTimeout, interval } = options;
  if (endpoint !== undefined && type !== 'http')
    throw new PaasError('USAGE', {
      message: `Health check type must be "http" to set a health check HTTP endpoint`,
      hint: `Write: paas-local ${check === 'health' ? 'set-health-check' : 'set-readiness-health-check'} ${app} http --endpoint ${endpoint}`,
    });
  if (endpoint !== undefined && !/^\/[^\s#]*$/.test(endpoint))
    throw new PaasError('USAGE', {
      message: `Cannot use "${endpoint}" as --endpoint: it is a path, such as /health`,
    });
  if (!json) terminal.out(`Updating ${WORDS[check]} type for app ${app} process ${process}...`);
  using client = await connect(context, anyPort(context));
  const wanted = {
    type,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(invocationTimeout === undefined ? {} : { invocationTimeoutMs: invocationTimeout * 1000 }),
    ...(interval === undefined ? {} : { intervalMs: interval * 1000 }),
  };
  await client.call('set-health-check', { app, process, check, wanted });
  if (json) terminal.out(JSON.stringify({ app, process, check: wanted }));
  else
    terminal.out(
      `OK\n\nTIP: An app restart is required for the change to take effect: paas-local restart ${app}`,
    );
  return 0;
}

const WORDS: Readonly<Record<Check, string>> = {
  health: 'health check',
  readiness: 'readiness health check',
};

/** @throws PaasError `USAGE` */
function checkType(text: string): HealthPlan['type'] {
  // An old name of it.
  const type = text === 'none' ? 'process' : text;
  if (type === 'process' || type === 'port' || type === 'http') return type;
  throw new PaasError('USAGE', {
    message: `Cannot use "${text}" as the type of a health check`,
    hint: 'It is one of process, port and http',
  });
}
