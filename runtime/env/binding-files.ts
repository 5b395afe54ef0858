/**
 * Bindings as files instead of a variable, where a Cloud Foundry app has switched that on (spec cloudfoundry 2.5). Pure:
 * paths and texts, written by whoever starts the app.
 */
import type { Json } from '../../services/kit/json.ts';
import { PaasError } from '../kernel/errors.ts';
import type { BoundService, EnvVariable } from './types.ts';
import { vcapServices, type EnvPlace } from './vcap.ts';

export interface BindingFiles {
  /** In place of `VCAP_SERVICES`. */
  readonly variable: EnvVariable;
  /** The folder all lies in, and path below it → text. */
  readonly folder: string;
  readonly files: ReadonlyMap<string, string>;
}

export type Features = Readonly<Record<string, boolean>>;

const ONE_FILE = 'file-based-vcap-services';
const FOLDERS = 'service-binding-k8s';
const FOLDER = 'cf-service-bindings';
const BINDING_NAME = /^[a-z0-9.-]{1,253}$/;
const FILE_NAME = /^[a-z0-9._-]{1,253}$/;
const MAX_BYTES = 1_000_000;

/**
 * Undefined where the app is told in the variable, as usual.
 * @throws PaasError `BINDINGS_INVALID`
 */
export function bindingFiles(
  place: EnvPlace,
  features: Features,
  services: readonly BoundService[],
): BindingFiles | undefined {
  if (place.dialect !== 'cloud-foundry') return undefined;
  const [oneFile, folders] = [features[ONE_FILE] === true, features[FOLDERS] === true];
  if (!oneFile && !folders) return undefined;
  const app = place.appName;
  if (oneFile && folders) throw invalid(app, `the features ${ONE_FILE} and ${FOLDERS} exclude each other`);
  const folder = `${place.folders.root}/${FOLDER}`;
  const told = vcapServices(place, services) as Readonly<Record<string, readonly Entry[]>>;
  const files = oneFile
    ? new Map([['vcap_services', JSON.stringify(told)]])
    : new Map(
        Object.values(told)
          .flat()
          .flatMap((entry, index, all) => filesOf(app, entry, index, all)),
      );
  const bytes = [...files.values()].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (bytes > MAX_BYTES)
    throw invalid(app, `its bindings are ${bytes} bytes, and at most ${MAX_BYTES} are written`);
  const variable = oneFile
    ? { name: 'VCAP_SERVICES_FILE_PATH', value: `${folder}/vcap_services`, origin: `feature ${ONE_FILE}` }
    : { name: 'SERVICE_BINDING_ROOT', value: folder, origin: `feature ${FOLDERS}` };
  return { variable, folder, files };
}

type Entry = Readonly<Record<string, Json>>;

/** One folder per binding: a file per credential, then those about the binding, which win. */
function filesOf(app: string, entry: Entry, index: number, all: readonly Entry[]): [string, string][] {
  const folder = String(entry.name as string);
  if (!BINDING_NAME.test(folder)) {
    throw invalid(app, `Invalid binding name: "${folder}" is not made of a-z, 0-9, "." and "-" alone`);
  }
  if (all.findIndex(({ name }) => name === folder) < index)
    throw invalid(app, `Duplicate binding name: "${folder}"`);
  const { credentials, label, ...about } = entry;
  const values: Readonly<Record<string, Json>> = {
    ...(credentials as Readonly<Record<string, Json>>),
    type: label ?? null,
    ...about,
    provider: label ?? null,
    label: label ?? null,
  };
  return Object.entries(values).flatMap(([name, value]): [string, string][] => {
    if (!FILE_NAME.test(name)) throw invalid(app, `Invalid file name: "${name}" of binding "${folder}"`);
    if (value === null || (typeof value === 'object' && Object.keys(value).length === 0)) return [];
    return [[`${folder}/${name}`, typeof value === 'string' ? value : JSON.stringify(value)]];
  });
}

function invalid(app: string, problem: string): PaasError {
  return new PaasError('BINDINGS_INVALID', { app, problem });
}
