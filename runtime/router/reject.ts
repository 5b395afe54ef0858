/** Answers to what is not even a request: written as bytes, because there is no response object. */
import { MAX_HEADER_BYTES } from './limits.ts';

export const NO_FORWARD_PROXY = render(
  405,
  'Method Not Allowed',
  'This router is no forward proxy',
  'unsupported',
);

/** What to say to a client whose bytes Node could not read; undefined when it is gone and nothing can be said. */
export function rejectionFor(error: NodeJS.ErrnoException): string | undefined {
  switch (error.code) {
    case 'ECONNRESET':
    case 'EPIPE':
      return undefined;
    case 'HPE_HEADER_OVERFLOW': {
      const message = `More than ${MAX_HEADER_BYTES} bytes of headers`;
      return render(431, 'Request Header Fields Too Large', message, 'max-request-size-exceeded');
    }
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return render(408, 'Request Timeout', 'The request head did not arrive in time', 'bad_request');
    default:
      return render(400, 'Bad Request', `Malformed request (${error.code ?? 'unknown'})`, 'bad_request');
  }
}

function render(status: number, reason: string, message: string, routerError: string): string {
  const body = `${status} ${reason}: ${message}\n`;
  return [
    `HTTP/1.1 ${status} ${reason}`,
    'Connection: close',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'X-Content-Type-Options: nosniff',
    `X-Cf-RouterError: ${routerError}`,
    '',
    body,
  ].join('\r\n');
}
