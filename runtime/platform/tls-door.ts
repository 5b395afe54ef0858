/** HTTPS at the front door: opened by the first push that asks for it, with certificates of the home's own authority. */
import type { PlatformEvent } from '../events.ts';
import { PaasError } from '../kernel/errors.ts';
import { describeHolder } from '../ports/holder.ts';
import type { Router } from '../router/types.ts';
import type { SpacePaths } from '../state/home.ts';
import type { Certificates } from '../tls/certificates.ts';
import { authorityFiles } from '../tls/files.ts';

/** Where the space is to be routed on HTTPS. */
export interface TlsWish {
  /** The next free one is taken unless `strictPorts`. 0 means any. */
  readonly port: number;
  readonly strictPorts: boolean;
  /** Somebody asked for this very port, and is told when it is another. */
  readonly asked: boolean;
}

export interface TlsDoorOptions {
  readonly paths: SpacePaths;
  readonly report: (event: PlatformEvent) => void;
}

export class TlsDoor {
  readonly #options: TlsDoorOptions;
  #certificates: Promise<Certificates> | undefined;
  #distrustTold = false;

  constructor(options: TlsDoorOptions) {
    this.#options = options;
  }

  /**
   * The first wish decides on the port; it stays while the space has a host.
   * @throws PaasError `PORT_TAKEN`, `PORT_KEPT` under strict ports, `AUTHORITY_UNUSABLE`, `STATE_NOT_WRITABLE`
   */
  async open(router: Router, wish: TlsWish): Promise<void> {
    if (router.tlsPort !== undefined) return this.#keep(router.tlsPort, wish);
    await this.#listen(router, wish);
    const { report, paths } = this.#options;
    const authority = authorityFiles(paths.home).certificate;
    const { port: wanted } = wish;
    report({ kind: 'router-listening', scheme: 'https', port: router.tlsPort!, wanted, authority });
  }

  /** On any port. */
  async openBeside(router: Router): Promise<void> {
    await this.#listen(router, { port: 0, strictPorts: false });
  }

  async #listen(router: Router, { port, strictPorts }: Omit<TlsWish, 'asked'>): Promise<void> {
    this.#certificates ??= this.#load();
    try {
      const certificates = await this.#certificates;
      await router.listenTls({
        port,
        strictPort: strictPorts,
        describeHolder,
        certificateFor: (name) => certificates.for(name),
        onDistrust: () => this.#distrusted(),
      });
    } catch (error) {
      this.#certificates = undefined;
      if (!(error instanceof PaasError) || error.code !== 'PORT_TAKEN') throw error;
      throw new PaasError('PORT_TAKEN', { ...error.facts, option: '--tls-port' }, { cause: error });
    }
  }

  /** Only now: a push without it has nothing to do with certificates. */
  async #load(): Promise<Certificates> {
    const { openCertificates } = await import('../tls/certificates.ts');
    return openCertificates(this.#options.paths.home, Date.now);
  }

  #keep(port: number, { port: wanted, strictPorts, asked }: TlsWish): void {
    if (!asked || wanted === 0 || wanted === port) return;
    if (strictPorts) throw new PaasError('PORT_KEPT', { port, wanted, option: '--tls-port' });
    this.#options.report({ kind: 'router-kept', scheme: 'https', port, wanted });
  }

  /** Once is enough: a browser asks again and again. */
  #distrusted(): void {
    if (this.#distrustTold) return;
    this.#distrustTold = true;
    const authority = authorityFiles(this.#options.paths.home).certificate;
    this.#options.report({ kind: 'tls-distrusted', authority });
  }
}
