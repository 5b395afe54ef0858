/** A platform kept in a process of its own: the control socket, leases, and going away when nobody needs it. */
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SERVICE_TYPES } from '../services/index.ts';
import { startGuardian } from '../services/kit/guardian.ts';
import { processIdentity } from '../services/kit/process-identity.ts';
import { Scope } from '../services/kit/scope.ts';
import type { Connection, Handler } from './control/connection.ts';
import type { Handlers, HeldElsewhere, Method, Methods } from './control/protocol.ts';
import { ControlServer } from './control/server.ts';
import { appMethods } from './host/app-methods.ts';
import { byHandMethods } from './host/by-hand-methods.ts';
import { oneOffMethods } from './host/one-off-methods.ts';
import { outageMethods } from './host/outage-methods.ts';
import { serviceChangeMethods } from './host/service-change-methods.ts';
import { serviceMethods } from './host/service-methods.ts';
import { PaasError } from './kernel/errors.ts';
import { VERSION } from './kernel/version.ts';
import { cleanLeftovers, noteGuardian, runFolder, writeRunFacts } from './leftovers.ts';
import { Platform } from './platform.ts';
import type { AppSnapshot, ServiceSnapshot } from './snapshot.ts';
import { likelyTypes, Prepared } from './platform/prepared.ts';
import { plainReading, readSource, readUnlessAsking } from './platform/read-source.ts';
import { makeSpace, type SpacePaths } from './state/home.ts';
import { peekRecord } from './state/record.ts';
import { claimFile, takeLock, type LockHolder } from './state/lock.ts';

export interface HostOptions {
  readonly paths: SpacePaths;
  readonly port: number;
  readonly tlsPort: number;
  readonly strictPorts: boolean;
  /** Where database engines are looked for: the PATH of whoever started the host. */
  readonly searchPath?: string;
  /** It is started for a push. */
  readonly forPush?: boolean;
  /** Called after the first push. */
  readonly onPushed?: () => void;
  /** Resolves when whoever started the host has ended: if nobody else needs it, it leaves. */
  readonly starterGone?: Promise<void>;
}

/** With no app, no lease and no client, the host leaves after this. */
const IDLE_MS = 500;
/** As long as whoever started it lives: that one may be busy, or on a busy machine. */
const FIRST_CLIENT_MS = 60_000;

export type HostStart = { readonly host: Host } | { readonly taken: LockHolder };

type OwnMethods = Omit<
  Handlers,
  | keyof ReturnType<typeof appMethods>
  | keyof ReturnType<typeof byHandMethods>
  | keyof ReturnType<typeof oneOffMethods>
  | keyof ReturnType<typeof outageMethods>
  | keyof ReturnType<typeof serviceMethods>
  | keyof ReturnType<typeof serviceChangeMethods>
>;

export class Host {
  readonly socket: string;
  readonly #consoles = new Map<string, string>();
  readonly #platform: Platform;
  readonly #server: ControlServer;
  readonly #scope: Scope;
  readonly #prepare: () => void;
  #onPushed: (() => void) | undefined;
  #idle: NodeJS.Timeout | undefined;
  #methods: Handlers | undefined;
  #leave!: () => void;
  /** Resolves when the host should go: idle, or asked to. */
  readonly done = new Promise<void>((resolve) => (this.#leave = resolve));

  private constructor(
    socket: string,
    platform: Platform,
    server: ControlServer,
    scope: Scope,
    prepare: () => void,
  ) {
    this.socket = socket;
    this.#platform = platform;
    this.#server = server;
    this.#scope = scope;
    this.#prepare = prepare;
  }

  /** Becomes the space's host, or says who is. What an earlier one left is cleaned first. */
  static async start(options: HostOptions): Promise<HostStart> {
    const { paths } = options;
    makeSpace(paths);
    const runId = randomUUID();
    const folder = runFolder(paths, runId);
    const socket = join(folder, 'control.sock');
    const self = processIdentity(process.pid)!;
    const lock = takeLock(paths.lock, { process: self, runId, socket, version: VERSION });
    if (!lock.taken) return { taken: lock.holder };
    const scope = new Scope();
    scope.defer(lock.release);
    const prepared = scope.use(new Prepared());
    const prepare = () => {
      for (const type of likelyTypes(SERVICE_TYPES, peekRecord(paths.record))) prepared.keep(type);
    };
    try {
      if (options.forPush) prepare();
      await cleanLeftovers(paths);
      scope.defer(() => rmSync(folder, { recursive: true, force: true }));
      writeRunFacts(folder, { host: self });
      const guardian = scope.use(
        await startGuardian({
          runId,
          cleanupWithin: paths.root,
          cleanup: [claimFile(paths.lock, runId), folder],
          // Whoever cleans up after us lets the guardian finish first, so it has to know which one stands.
          onStart: (pid) => noteGuardian(folder, self, pid),
        }),
      );
      const platform = scope.use(
        new Platform({
          paths,
          guardian,
          serviceTypes: SERVICE_TYPES,
          prepared,
          port: options.port,
          tlsPort: options.tlsPort,
          strictPorts: options.strictPorts,
          ...(options.searchPath === undefined ? {} : { searchPath: options.searchPath }),
        }),
      );
      let host: Host;
      const server = await ControlServer.listen(
        socket,
        (method, params, connection, signal) => host.#handle(method, params, connection, signal),
        (connection) => void host.#onClose(connection),
      );
      scope.use(server);
      host = new Host(socket, platform, server, scope, prepare);
      host.#onPushed = options.onPushed;
      scope.use(platform.subscribe((event) => server.tell(event)));
      host.#checkIdle(FIRST_CLIENT_MS);
      void options.starterGone?.then(() => host.#checkIdle());
      return { host };
    } catch (error) {
      await scope.close();
      throw error;
    }
  }

  /** Stops all apps and services and removes what only this run needed. */
  async close(): Promise<void> {
    clearTimeout(this.#idle);
    this.#leave();
    await this.#scope.close();
  }

  #handle: Handler = async (method, params, connection, signal) => {
    clearTimeout(this.#idle);
    try {
      // Each method checks what it is given by using it; the socket is only open to the user's own commands.
      this.#methods ??= this.#makeMethods();
      const run = this.#methods[method] as (...args: unknown[]) => Promise<Methods[Method]['result']>;
      if (!Object.hasOwn(this.#methods, method))
        throw new PaasError('CONTROL_MESSAGE_INVALID', { reason: `there is no method "${String(method)}"` });
      return await run(params, connection, signal);
    } finally {
      this.#checkIdle();
    }
  };

  #makeMethods(): Handlers {
    const platform = this.#platform;
    return {
      ...this.#ownMethods,
      ...appMethods(platform),
      ...byHandMethods(platform),
      ...oneOffMethods(platform),
      ...outageMethods(platform),
      ...serviceMethods(platform),
      ...serviceChangeMethods(platform),
    };
  }

  readonly #ownMethods: OwnMethods = {
    hello: async ({ coming }) => {
      if (coming === 'push') this.#prepare();
      return { version: VERSION, pid: process.pid };
    },
    read: async ({ source, shellEnv, canAsk }) => {
      const read = canAsk ? readUnlessAsking : readSource;
      const serviceTypes = async () => SERVICE_TYPES.map(({ type }) => type);
      const reading = await read(source, { shellEnv, serviceTypes });
      return { reading: reading ? plainReading(reading) : null };
    },
    push: async (request, connection, signal) => {
      for (const app of request.manifest.apps) {
        connection.listensTo.add(app.name);
        for (const { name } of app.services) connection.listensTo.add(name);
        if (!request.detached) connection.leases.add(app.name);
        const { attach } = request;
        if (attach) connection.afterwards.add(() => this.#platform.takeTerminal(app.name, attach));
      }
      try {
        const apps = await this.#platform.push(request, signal);
        // What an earlier host left comes back too, but nobody waits for it here.
        this.#platform.restore().catch(() => {});
        this.#onPushed?.();
        this.#onPushed = undefined;
        const heldElsewhere = request.detached ? [] : this.#heldElsewhere(apps, connection);
        return { apps, snapshot: this.#platform.snapshot(), heldElsewhere };
      } catch (error) {
        for (const app of request.manifest.apps) connection.leases.delete(app.name);
        throw error;
      }
    },
    start: async ({ app }, connection, signal) => {
      connection.listensTo.add(app);
      return { app: await this.#platform.start(app, signal) };
    },
    restart: async ({ app, strategy }, connection, signal) => {
      connection.listensTo.add(app);
      return { app: await this.#platform.restart(app, signal, strategy) };
    },
    stop: async ({ app, lease }, connection) => {
      connection.leases.delete(app);
      const heldBy = lease ? this.#holders(app) : 0;
      if (heldBy > 0) return { stopped: false, heldBy };
      await this.#platform.stop(app, lease ? 'its push was ended' : 'stopped by hand');
      return { stopped: true, heldBy };
    },
    kill: async ({ app, lease }, connection) => {
      if (lease) connection.leases.delete(app);
      if (!lease || this.#holders(app) === 0) await this.#platform.kill(app);
      return {};
    },
    delete: async ({ app }) => {
      await this.#platform.delete(app);
      return {};
    },
    snapshot: async () => this.#platform.snapshot(),
    env: async ({ app, process }) => this.#platform.env(app, process),
    service: async ({ name }) => this.#service(name),
    console: async ({ name }) => ({ path: await this.#openConsole(name) }),
    nodeConfig: async ({ component }) => ({ config: this.#platform.nodeConfig(component) }),
    setNodeConfig: async ({ component, path, value, force }) => ({
      read: this.#platform.setNodeConfig(component, path, { value, force: force === true }),
    }),
    restartNode: async ({ component }) => ({ services: await this.#platform.restartNode(component) }),
    logs: async ({ owner, count, follow }, connection) => {
      const log = this.#platform.log(owner);
      if (!log) this.#platform.app(owner);
      // What is older than the lines in memory is then on disk.
      await log?.flush();
      if (follow) connection.listensTo.add(owner);
      return { lines: log?.recent(count) ?? [] };
    },
    restore: async (_, connection, signal) => {
      for (const { name } of this.#platform.snapshot().apps) connection.listensTo.add(name);
      return this.#platform.restore(signal);
    },
    shutdown: async () => {
      try {
        this.#platform.standDown();
      } finally {
        setImmediate(this.#leave);
      }
      return {};
    },
  };

  /**
   * Names of services may be long, sockets are numbered. A name as short as that of the control socket: where that
   * one's path is not too long, neither is this one's.
   */
  async #openConsole(name: string): Promise<string> {
    this.#serviceNamed(name);
    const path =
      this.#consoles.get(name) ?? join(dirname(this.socket), `con-${this.#consoles.size + 1}.sock`);
    this.#consoles.set(name, path);
    await this.#platform.openConsole(name, path);
    return path;
  }

  async #service(name: string) {
    const service = this.#serviceNamed(name);
    const [stats, contents] = await Promise.all([
      this.#platform.serviceStats(name),
      this.#platform.serviceContents(name),
    ]);
    const credentials = this.#platform.serviceBinding(name)?.binding.credentials ?? {};
    return { service, credentials, stats, contents };
  }

  /** @throws PaasError `SERVICE_NOT_FOUND` */
  #serviceNamed(name: string): ServiceSnapshot {
    const { services } = this.#platform.snapshot();
    const service = services.find((candidate) => candidate.name === name);
    if (service) return service;
    throw new PaasError('SERVICE_NOT_FOUND', { service: name, known: services.map((known) => known.name) });
  }

  /** Why the space's record had to be begun anew, if it had. */
  get problem(): PaasError | undefined {
    return this.#platform.problem;
  }

  /** How many connections hold this app, or one more if it was pushed with --detach. */
  #holders(app: string): number {
    const leases = [...this.#server.connections].filter(({ leases: held }) => held.has(app)).length;
    return leases + (this.#platform.app(app).record.detached ? 1 : 0);
  }

  #heldElsewhere(apps: readonly AppSnapshot[], connection: Connection): readonly HeldElsewhere[] {
    const others = [...this.#server.connections].filter((one) => one !== connection);
    return apps.flatMap(({ name: app }) => {
      const { detached } = this.#platform.app(app).record;
      return detached || others.some(({ leases }) => leases.has(app)) ? [{ app, detached }] : [];
    });
  }

  async #onClose(connection: Connection): Promise<void> {
    await Promise.allSettled([...connection.whenClosed].map((giveBack) => giveBack()));
    for (const app of connection.leases) {
      try {
        if (this.#holders(app) === 0) await this.#platform.stop(app, 'its terminal went away');
      } catch {
        // Deleted meanwhile.
      }
    }
    // Of an app that lives on: it is no longer its to read from, and soon somebody else's.
    await Promise.allSettled([...connection.afterwards].map((takeBack) => takeBack()));
    this.#checkIdle();
  }

  #checkIdle(afterMs = IDLE_MS): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      if (this.#server.connections.size === 0 && !this.#platform.busy) this.#leave();
      else this.#checkIdle();
    }, afterMs);
  }
}
