/** An answer to something that is not a request: written as bytes, because there is no response object. */
export function renderRejection(
  status: number,
  reason: string,
  message: string,
  routerError: string,
): string {
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
