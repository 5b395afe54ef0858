import {
  formatSize,
  MAX_LIMIT_BYTES,
  MIB,
  parseCloudFoundrySize,
  parseStackatoSize,
} from '../runtime/kernel/bytes.ts';
import { PaasError } from '../runtime/kernel/errors.ts';

/**
 * A limit as a flag or a word gives it, in the grammar of either platform.
 * @param as what it is to be: `a memory limit`
 * @throws PaasError `USAGE`
 */
export function limitOption(as: string, text: string): number {
  const bytes = parseCloudFoundrySize(text) ?? parseStackatoSize(text);
  if (bytes !== undefined && bytes >= MIB && bytes <= MAX_LIMIT_BYTES) return bytes;
  const why =
    bytes === undefined
      ? ''
      : bytes < MIB
        ? `: it is less than ${formatSize(MIB)}`
        : `: it is more than ${MAX_LIMIT_BYTES / MIB}M`;
  throw new PaasError('USAGE', {
    message: `Cannot use "${text}" as ${as}${why}`,
    hint: 'Write a size such as 256M or 1G',
  });
}
