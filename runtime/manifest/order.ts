/** Apps so that each comes after those it depends on, otherwise in the order of the file. */
import { suggest } from '../kernel/suggest.ts';
import type { Problems } from './problems.ts';
import type { ScalarNode } from './tree.ts';

export interface Dependent {
  readonly name: string;
  readonly dependsOn: readonly ScalarNode[];
}

export function inDependencyOrder<App extends Dependent>(
  apps: readonly App[],
  problems: Problems,
): readonly App[] {
  const byName = new Map(apps.map((app) => [app.name, app]));
  const done = new Set<string>();
  const ordered: App[] = [];

  /** `chain`: apps waiting for this one, outermost first. */
  const visit = (app: App, chain: readonly string[]): void => {
    if (done.has(app.name)) return;
    for (const reference of app.dependsOn) {
      const other = byName.get(reference.text);
      if (!other) {
        const near = suggest(reference.text, byName.keys());
        problems.error(
          'MANIFEST_DEPENDENCY',
          reference.place,
          `App "${app.name}" depends on "${reference.text}", which is not in the manifest`,
          {
            hint: near === undefined ? `Apps: ${[...byName.keys()].join(', ')}` : `Did you mean "${near}"?`,
          },
        );
        continue;
      }
      const path = [...chain, app.name];
      if (path.includes(other.name)) {
        const circle = [...path.slice(path.indexOf(other.name)), other.name].join(' → ');
        problems.error('MANIFEST_DEPENDENCY', reference.place, `App "${other.name}" depends on itself`, {
          hint: circle,
        });
        continue;
      }
      visit(other, path);
    }
    if (done.has(app.name)) return;
    done.add(app.name);
    ordered.push(app);
  };
  for (const app of apps) visit(app, []);
  return ordered;
}
