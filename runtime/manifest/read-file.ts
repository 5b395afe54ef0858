/** Reads one manifest file: bounded, regular files only, any Unicode encoding that YAML knows. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { MAX_FILE_BYTES } from './limits.ts';
import { SourceText, type Place } from './source.ts';

export type FileReading =
  | { readonly ok: true; readonly source: SourceText }
  | {
      readonly ok: false;
      readonly code: 'missing' | 'unreadable' | 'too-large';
      readonly reason: string;
      readonly place?: Place;
    };

/**
 * Opens without blocking, so that a pipe or a device named as a manifest cannot hang us, and looks at what was opened,
 * not at the name, so that nothing can be swapped in between. Synchronous: for a file this small, handing the work to
 * the thread pool takes many times longer than doing it.
 */
export function readManifestFile(file: string): FileReading {
  let handle: number;
  try {
    handle = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return failure(error);
  }
  try {
    const facts = fstatSync(handle);
    if (!facts.isFile()) return refused(facts.isDirectory() ? 'it is a folder' : 'it is not a regular file');
    if (facts.size > MAX_FILE_BYTES) return tooLarge();
    const buffer = Buffer.alloc(facts.size > 0 ? facts.size + 1 : MAX_FILE_BYTES + 1);
    let length = 0;
    while (length < buffer.length) {
      const bytesRead = readSync(handle, buffer, length, buffer.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    // Files under /proc claim to be empty; only reading tells.
    if (length > MAX_FILE_BYTES) return tooLarge();
    if (length === buffer.length) return refused('it grew while it was read');
    return decode(file, buffer.subarray(0, length));
  } catch (error) {
    return failure(error);
  } finally {
    closeSync(handle);
  }
}

const refused = (reason: string) => ({ ok: false, code: 'unreadable', reason }) as const;

const tooLarge = (): FileReading => ({
  ok: false,
  code: 'too-large',
  reason: `it is larger than ${MAX_FILE_BYTES / 1024 / 1024} MiB, the most a manifest may have`,
});

function failure(error: unknown): FileReading {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return { ok: false, code: 'missing', reason: 'it does not exist' };
  return refused(READ_ERRORS.get(code) ?? (error instanceof Error ? error.message : String(error)));
}

const READ_ERRORS: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'permission denied'],
  ['EPERM', 'permission denied'],
  ['EISDIR', 'it is a folder'],
  ['ELOOP', 'its symbolic links run in a circle'],
  ['ENAMETOOLONG', 'its name is too long'],
  ['ENXIO', 'it is not a regular file'],
  ['ERR_INVALID_ARG_VALUE', 'its name holds a NUL byte'],
]);

/** UTF-8, or UTF-16 with a byte order mark, as YAML prescribes. The mark itself is dropped. */
function decode(file: string, bytes: Buffer): FileReading {
  const encoding =
    bytes[0] === 0xff && bytes[1] === 0xfe
      ? 'utf-16le'
      : bytes[0] === 0xfe && bytes[1] === 0xff
        ? 'utf-16be'
        : 'utf-8';
  try {
    return {
      ok: true,
      source: new SourceText(file, new TextDecoder(encoding, { fatal: true }).decode(bytes)),
    };
  } catch {
    const source = new SourceText(file, new TextDecoder(encoding).decode(bytes));
    const start = source.text.indexOf('\ufffd');
    return {
      ...refused(`it is not valid ${encoding.toUpperCase()} text`),
      ...(start === -1 ? {} : { place: { source, start, end: start + 1 } }),
    };
  }
}
