import { describe, expect, test } from 'vitest';
import { formatAccessLine } from '../../../runtime/router/access-log.ts';
import { endpointFailure } from '../../../runtime/router/answers.ts';
import { prefersHtml, renderAnswer } from '../../../runtime/router/pages.ts';
import type { RequestRecord, RouteEntry } from '../../../runtime/router/types.ts';

const RECORD: RequestRecord = {
  at: Date.UTC(2026, 0, 2, 15, 4, 5, 678),
  app: 'web',
  host: 'web.localhost:8080',
  method: 'GET',
  path: '/p?q=1',
  httpVersion: '1.1',
  status: 200,
  requestBytes: 0,
  responseBytes: 512,
  referer: undefined,
  userAgent: 'curl/8.0',
  clientAddress: '127.0.0.1:50000',
  backendAddress: '127.0.0.1:61001',
  forwardedFor: '127.0.0.1',
  forwardedProto: 'http',
  requestId: 'f2a1',
  responseTime: 0.0012341,
  routerTime: 0.0001,
  appId: 'a-1',
  instanceIndex: 0,
  instanceId: 'i-1',
  routerError: undefined,
};

describe('the access line', () => {
  test('has the fields of the platform in their order', () => {
    expect(formatAccessLine(RECORD)).toBe(
      'web.localhost:8080 - [2026-01-02T15:04:05.678000000Z] "GET /p?q=1 HTTP/1.1" 200 0 512 "-" "curl/8.0" ' +
        '"127.0.0.1:50000" "127.0.0.1:61001" x_forwarded_for:"127.0.0.1" x_forwarded_proto:"http" ' +
        'vcap_request_id:"f2a1" response_time:0.001234 gorouter_time:0.000100 app_id:"a-1" app_index:"0" ' +
        'instance_id:"i-1" x_cf_routererror:"-"',
    );
  });

  test('cannot be forged or made to steer a terminal', () => {
    const line = formatAccessLine({
      ...RECORD,
      host: 'a b"\u001b[2J',
      userAgent: 'x" 200 "\u009b31m\n\\',
      path: '/\u007f',
    });
    expect(line).toMatch(/^a\\x20b\\"\\x1b\[2J - /);
    expect(line).toContain('"x\\" 200 \\"\\x9b31m\\x0a\\\\"');
    expect(line).toContain('"GET /\\x7f HTTP/1.1"');
  });
});

test.each([
  [undefined, false],
  ['*/*', false],
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', true],
  ['text/plain, text/html;q=0.5', false],
  ['text/html;q=0', false],
  ['text/html; q=0.9, text/plain;q=0.8', true],
  ['application/json', false],
])('Accept %j prefers a page: %s', (accept, html) => {
  expect(prefersHtml(accept)).toBe(html);
});

test('what an app printed does not steer the terminal of whoever asks with curl', () => {
  const answer = endpointFailure('EOF', {
    app: 'shop',
    lastLogLines: () => ['\u001B]0;owned\u0007', 'a\u009B2Jb'],
  } as unknown as RouteEntry);
  const { body } = renderAnswer(answer, false, 'id');
  expect(body).toContain('\\x1b]0;owned\\x07\na\\u009b2Jb\n');
});
