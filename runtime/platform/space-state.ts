/** What the space remembers, in memory and on disk as one: every change is saved before it counts. */
import type { NodeConfig } from '../../services/kit/contract.ts';
import type { PaasError } from '../kernel/errors.ts';
import {
  emptyRecord,
  loadRecord,
  saveRecord,
  type AppRecord,
  type LoadedRecord,
  type RouterPorts,
  type ServiceRecord,
  type SpaceRecord,
} from '../state/record.ts';

export class SpaceState {
  readonly #path: string | undefined;
  #record: SpaceRecord;
  /** Why the record had to be begun anew, if it had. */
  readonly problem: PaasError | undefined;

  /**
   * @param path undefined keeps it in memory alone, where nobody will read it again
   * @throws PaasError `STATE_UNREADABLE`
   */
  constructor(path: string | undefined) {
    this.#path = path;
    const { record, problem }: LoadedRecord =
      path === undefined ? { record: emptyRecord() } : loadRecord(path);
    this.#record = record;
    this.problem = problem;
  }

  get record(): SpaceRecord {
    return this.#record;
  }

  app(name: string): AppRecord | undefined {
    return this.#record.apps[name];
  }

  service(name: string): ServiceRecord | undefined {
    return this.#record.services[name];
  }

  /** @throws PaasError `STATE_NOT_WRITABLE` */
  saveApp(name: string, app: AppRecord | undefined): void {
    const apps = assign(this.#record.apps, name, app);
    const { router, ...rest } = this.#record;
    const keepsRouter = router !== undefined && Object.keys(apps).length > 0;
    this.#save({ ...rest, apps, ...(keepsRouter ? { router } : {}) });
  }

  /** @throws PaasError `STATE_NOT_WRITABLE` */
  saveService(name: string, service: ServiceRecord | undefined): void {
    this.#save({ ...this.#record, services: assign(this.#record.services, name, service) });
  }

  /** @throws PaasError `STATE_NOT_WRITABLE` */
  saveNode(component: string, config: NodeConfig): void {
    this.#save({ ...this.#record, nodes: assign(this.#record.nodes ?? {}, component, config) });
  }

  /** @throws PaasError `STATE_NOT_WRITABLE` */
  saveRouter(asked: RouterPorts): void {
    const { router = {} } = this.#record;
    const next = { ...router, ...asked };
    if (next.http !== router.http || next.https !== router.https)
      this.#save({ ...this.#record, router: next });
  }

  #save(record: SpaceRecord): void {
    if (this.#path !== undefined) saveRecord(this.#path, record);
    this.#record = record;
  }
}

/** A copy with one entry set or left out. Names are the user's: there is no prototype for them to meet. */
function assign<T>(map: Readonly<Record<string, T>>, name: string, value: T | undefined): Record<string, T> {
  const copy = Object.assign(Object.create(null) as Record<string, T>, map);
  if (value === undefined) delete copy[name];
  else copy[name] = value;
  return copy;
}
