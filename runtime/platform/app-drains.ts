/** The drains of all apps: opened at the first line, closed when the app no longer asks for them. */
import { Drain, drainProblem } from '../logs/drain.ts';
import type { LogLine } from '../logs/types.ts';
import { drainsOf, type DrainPlan } from '../plan/drains.ts';
import type { AppPlan } from '../plan/types.ts';
import type { SpaceRecord } from '../state/record.ts';
import { ORGANIZATION } from './app-environment.ts';
import type { App } from './app.ts';

export interface AppDrainsOptions {
  readonly spaceName: string;
  readonly space: () => SpaceRecord;
}

interface Open {
  readonly key: string;
  readonly drains: readonly Drain[];
}

/** What an app asks for, as of these two. */
interface Wanted {
  readonly plan: AppPlan;
  readonly services: SpaceRecord['services'];
  readonly drains: readonly DrainPlan[];
  readonly key: string;
}

export class AppDrains implements AsyncDisposable {
  readonly #options: AppDrainsOptions;
  readonly #open = new Map<string, Open>();
  readonly #wanted = new WeakMap<App, Wanted>();

  constructor(options: AppDrainsOptions) {
    this.#options = options;
  }

  /** Of an app as it is run. */
  of(app: App): readonly DrainPlan[] {
    return this.#wantedBy(app).drains;
  }

  send(app: App, line: LogLine): void {
    const wanted = this.#wantedBy(app);
    const open = this.#open.get(app.name);
    if (wanted.drains.length === 0 && !open) return;
    // What a drain itself has to say stays here, or it would go round.
    if (line.source.startsWith('LGR')) return;
    const current = open?.key === wanted.key ? open : this.#replace(app, wanted);
    for (const drain of current.drains) drain.send(line);
  }

  async close(name: string): Promise<void> {
    const open = this.#open.get(name);
    this.#open.delete(name);
    await Promise.all(open?.drains.map((drain) => drain[Symbol.asyncDispose]()) ?? []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#open.keys()].map((name) => this.close(name)));
  }

  /** Looked up at every line, so worked out only when something changed. */
  #wantedBy(app: App): Wanted {
    const { plan } = app;
    const { services } = this.#options.space();
    const known = this.#wanted.get(app);
    if (known?.plan === plan && known.services === services) return known;
    const drains = drainsOf(plan, (name) => services[name]?.plan);
    const wanted = { plan, services, drains, key: JSON.stringify(drains) };
    this.#wanted.set(app, wanted);
    return wanted;
  }

  #replace(app: App, { key, drains: wanted }: Wanted): Open {
    void this.close(app.name);
    const say = (name: string, text: string) =>
      app.log.append({ source: 'LGR', instance: 0, stream: 'ERR', text: `Drain "${name}": ${text}` });
    // In the map before anything is said: saying is a line of the log too.
    const drains: Drain[] = [];
    const open = { key, drains };
    this.#open.set(app.name, open);
    const { spaceId, organizationId } = this.#options.space();
    const drained = {
      id: app.record.id,
      space: { id: spaceId, name: this.#options.spaceName },
      organization: { id: organizationId, name: ORGANIZATION },
    };
    for (const { name, url, json } of wanted) {
      const problem = drainProblem(url);
      if (problem) say(name, `nothing is sent to "${url}": ${problem}`);
      else drains.push(new Drain({ name, url, json, app: drained, say: (text) => say(name, text) }));
    }
    return open;
  }
}
