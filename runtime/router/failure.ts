/** Node's errors of a connection to an instance, in the words of the platform's router (Go's). */
import type { Failure } from './exchange.ts';

export function failureOf(error: Error, address: string, reused: boolean): Failure {
  const { code = '', syscall } = error as NodeJS.ErrnoException;
  if (syscall === 'connect') return { kind: 'refused', detail: `dial tcp ${address}: ${dialWords(code)}` };
  return { kind: 'broken', detail: brokenWords(code, syscall), reused };
}

export const DEADLINE_EXCEEDED: Failure = { kind: 'timed-out', detail: 'context deadline exceeded' };

function dialWords(code: string): string {
  switch (code) {
    case 'ECONNREFUSED':
      return 'connect: connection refused';
    case 'ETIMEDOUT':
      return 'i/o timeout';
    default:
      return `connect: ${code}`;
  }
}

function brokenWords(code: string, syscall: string | undefined): string {
  if (code.startsWith('HPE_'))
    return `net/http: HTTP/1.x transport connection broken: malformed HTTP response (${code})`;
  if (code === 'EPIPE') return 'write: broken pipe';
  if (code === 'ECONNRESET') return syscall === undefined ? 'EOF' : `${syscall}: connection reset by peer`;
  return code || 'EOF';
}
