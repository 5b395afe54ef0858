/** Whether a request was made by a page of somewhere else. Browsers tell, and pages cannot make them lie. */
import type { IncomingHttpHeaders } from 'node:http';
import { hostnameOf } from './host.ts';

/**
 * @param authority what the request is addressed to, as in `Host`
 * A navigation is the user's own: it shows a page, and the site it came from sees nothing of it.
 */
export function isForeign(headers: IncomingHttpHeaders, authority: string): boolean {
  const { origin } = headers;
  if (origin !== undefined && !isOrigin(origin, authority)) return true;
  const site = headers['sec-fetch-site'];
  return (site === 'cross-site' || site === 'same-site') && headers['sec-fetch-mode'] !== 'navigate';
}

function isOrigin(origin: string, authority: string): boolean {
  // Another app of this machine is another site too: its page may hold anybody's script.
  const at = origin.indexOf('://');
  return at > 0 && address(origin.slice(at + 3)) === address(authority);
}

/** Without the ports that browsers leave out. */
function address(authority: string): string {
  const port = /:(\d+)$/.exec(authority)?.[1];
  return `${hostnameOf(authority)}:${port === undefined || port === '443' ? '80' : port}`;
}
