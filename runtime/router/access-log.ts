/** The `[RTR/0]` line of one request, in the field order of Cloud Foundry's router. */
import type { RequestRecord } from './types.ts';

/**
 * `host - [time] "GET /p HTTP/1.1" 200 <request bytes> <answer bytes> "referer" "agent" "client" "instance" …`.
 * What is missing is `"-"`. Everything that came from the network is made harmless for a terminal.
 */
export function formatAccessLine(record: RequestRecord): string {
  const { responseTime, routerTime, instanceIndex } = record;
  const index = instanceIndex === undefined ? undefined : String(instanceIndex);
  return (
    `${bare(record.host)} - [${timestamp(record.at)}] ` +
    `"${safe(record.method)} ${safe(record.path)} HTTP/${record.httpVersion}" ` +
    `${record.status} ${record.requestBytes} ${record.responseBytes} ` +
    `${quoted(record.referer)} ${quoted(record.userAgent)} ` +
    `${quoted(record.clientAddress)} ${quoted(record.backendAddress)} ` +
    `x_forwarded_for:${quoted(record.forwardedFor)} x_forwarded_proto:${quoted(record.forwardedProto)} ` +
    `vcap_request_id:${quoted(record.requestId)} ` +
    `response_time:${responseTime.toFixed(6)} gorouter_time:${routerTime.toFixed(6)} ` +
    `app_id:${quoted(record.appId)} app_index:${quoted(index)} ` +
    `instance_id:${quoted(record.instanceId)} x_cf_routererror:${quoted(record.routerError)}`
  );
}

let second = 0;
let secondText = '';

/** Nanoseconds as the platform prints them; our clock has milliseconds. The text is made once per second. */
function timestamp(at: number): string {
  const ms = at % 1_000;
  if (at - ms !== second || secondText === '') {
    second = at - ms;
    secondText = new Date(second).toISOString().slice(0, -'000Z'.length);
  }
  return `${secondText}${String(ms).padStart(3, '0')}000000Z`;
}

function quoted(value: string | undefined): string {
  return value === undefined || value === '' ? '"-"' : `"${safe(value)}"`;
}

/** The host stands without quotes, so nothing in it may look like the next field. */
function bare(host: string): string {
  return host === '' ? '-' : safe(host).replaceAll(' ', '\\x20');
}

/** Quotes, backslashes and control characters (also the 8-bit ones) could forge fields or steer a terminal. */
const UNSAFE = /["\\\p{Cc}]/gu;
/** All that is ever seen in honest traffic; much faster to look for. */
const HARMLESS = /^[ !#-[\]-~]*$/;

function safe(text: string): string {
  if (HARMLESS.test(text)) return text;
  return text.replace(UNSAFE, (found) =>
    found === '"' || found === '\\'
      ? `\\${found}`
      : `\\x${found.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
