/** Reads a manifest the way a push asked for, the first time and again at every edit. */
import { lazily } from '../../services/kit/lazily.ts';
import type { AbsolutePath } from '../kernel/names.ts';
import type { Diagnostic } from '../kernel/diagnostics.ts';
import type { Ask, ManifestResult, ReadOptions } from '../manifest/index.ts';
import type { Manifest } from '../manifest/types.ts';
import type { ManifestSource } from '../state/record.ts';

/** The reader and the YAML library are loaded only where a manifest is read. */
const loadReader = lazily(() => import('../manifest/index.ts'));

export interface Reading {
  /** Only these apps; those of the source unless given. */
  readonly appNames?: readonly string[];
  readonly shellEnv: Readonly<Record<string, string | undefined>>;
  /** Absent where nobody can answer. */
  readonly ask?: Ask;
  /**
   * Names of all service types, asked for only where the manifest names one that the original platform had not.
   * Absent: whoever plans will say.
   */
  readonly serviceTypes?: () => Promise<readonly string[]>;
  /** Apps that ask for a Docker image are not refused: nothing of what is read will be run. */
  readonly acceptImages?: boolean;
}

/** What came of it. Plain JSON, so that it can be read in one process for another. */
export interface ManifestReading {
  /** Undefined where there are errors; warnings accompany a manifest. */
  readonly manifest?: Manifest;
  readonly diagnostics: readonly Diagnostic[];
  readonly file: string;
  /** All answers that were needed, to be kept with the source. */
  readonly answers: Readonly<Record<string, string>>;
}

/** The same with all that is known of it, for those in whose process it was read. */
export type SourceReading = ManifestResult &
  Pick<ManifestReading, 'answers'> & {
    /** Names of the apps in whose values `${random-word}` stands. */
    readonly drawn: ReadonlySet<string>;
  };

/** The part that can be sent elsewhere. */
export const plainReading = ({ manifest, diagnostics, file, answers }: SourceReading): ManifestReading => ({
  ...(manifest ? { manifest } : {}),
  diagnostics,
  file,
  answers,
});

/** @throws PaasError `MANIFEST_NOT_FOUND` */
export async function readSource(source: ManifestSource, reading: Reading): Promise<SourceReading> {
  const { readManifest, isKnownType, wordFrom } = await loadReader();
  const { seeds = {} } = source;
  const earlier = new Map(Object.entries(source.answers ?? {}));
  const answers = Object.create(null) as Record<string, string>;
  const drawn = new Set<string>();
  const ask: Ask = async (prompt, question) => {
    const key = JSON.stringify([question.file, question.key]);
    const answer = answers[key] ?? earlier.get(key) ?? (await reading.ask?.(prompt, question));
    if (answer !== undefined) answers[key] = answer;
    return answer;
  };
  const options: ReadOptions = {
    cwd: source.cwd as AbsolutePath,
    // An app that got another name is not in the manifest under it.
    appNames: source.overrides?.name === undefined ? (reading.appNames ?? source.appNames) : source.appNames,
    envOverrides: source.env,
    vars: source.vars,
    varsFiles: source.varsFiles,
    shellEnv: reading.shellEnv,
    ask,
    ...(reading.acceptImages ? { acceptImages: true } : {}),
    ...(source.overrides ? { overrides: source.overrides } : {}),
    ...(source.path === undefined ? {} : { path: source.path }),
    ...(source.manifest === undefined ? {} : { manifest: source.manifest }),
    ...(source.dialect === undefined ? {} : { dialect: source.dialect }),
    ...(source.seeds
      ? {
          random: (use) => {
            drawn.add(use.app);
            return wordFrom((Object.hasOwn(seeds, use.app) ? seeds[use.app] : seeds['']) ?? '', use);
          },
        }
      : {}),
  };
  const result = await readManifest(options);
  const types = result.manifest?.apps.flatMap(({ services }) => services.flatMap(({ type }) => type ?? []));
  if (!reading.serviceTypes || types?.every(isKnownType)) return { ...result, answers, drawn };
  // One that is misspelt is shown in its place with the nearest there is, beside all other mistakes.
  return {
    ...(await readManifest({ ...options, serviceTypes: await reading.serviceTypes() })),
    answers,
    drawn,
  };
}

/**
 * Reads for somebody who can be asked, but not from here: undefined as soon as the manifest has a question.
 * @throws PaasError `MANIFEST_NOT_FOUND`
 */
export async function readUnlessAsking(
  source: ManifestSource,
  reading: Omit<Reading, 'ask'>,
): Promise<SourceReading | undefined> {
  const question = new Error('The manifest asks the user');
  try {
    return await readSource(source, { ...reading, ask: () => Promise.reject(question) });
  } catch (error) {
    if (error === question) return undefined;
    throw error;
  }
}
