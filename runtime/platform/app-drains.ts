/** The drains of all apps: opened at the first line, closed when the app no longer asks for them. */
import { Drain, drainProblem } from '../logs/drain.ts';
import type { LogLine } from '../logs/types.ts';
import type { App } from './app.ts';

interface Open {
  readonly key: string;
  readonly drains: readonly Drain[];
}

export class AppDrains implements AsyncDisposable {
  readonly #open = new Map<string, Open>();

  send(app: App, line: LogLine): void {
    const wanted = app.plan.manifest.drains;
    const open = this.#open.get(app.name);
    if (wanted.length === 0 && !open) return;
    // What a drain itself has to say stays here, or it would go round.
    if (line.source.startsWith('LGR')) return;
    const key = JSON.stringify(wanted);
    const current = open?.key === key ? open : this.#replace(app, key);
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

  #replace(app: App, key: string): Open {
    void this.close(app.name);
    const say = (name: string, text: string) =>
      app.log.append({ source: 'LGR', instance: 0, stream: 'ERR', text: `Drain "${name}": ${text}` });
    // In the map before anything is said: saying is a line of the log too.
    const drains: Drain[] = [];
    const open = { key, drains };
    this.#open.set(app.name, open);
    for (const { name, url, json } of app.plan.manifest.drains) {
      const problem = drainProblem(url);
      if (problem) say(name, `nothing is sent to "${url}": ${problem}`);
      else drains.push(new Drain({ name, url, json, say: (text) => say(name, text) }));
    }
    return open;
  }
}
