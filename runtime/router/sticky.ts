/** Sticky sessions as on Cloud Foundry: the app's session cookie is accompanied by one naming the instance. */

const SESSION_COOKIE = 'JSESSIONID';
const INSTANCE_COOKIE = '__VCAP_ID__';

/** Attributes of the app's cookie that ours takes over, so that both live and die together. */
const COPIED_ATTRIBUTES = new Set(['max-age', 'expires', 'secure', 'samesite', 'partitioned']);

/** The instance id a request sticks to. Only honoured beside the session cookie it belongs to. */
export function stickyInstance(cookie: string | undefined): string | undefined {
  if (cookie === undefined || !cookie.includes(INSTANCE_COOKIE)) return undefined;
  let instance: string | undefined;
  let session = false;
  for (const part of cookie.split(';')) {
    const equals = part.indexOf('=');
    if (equals === -1) continue;
    const name = part.slice(0, equals).trim();
    if (name === SESSION_COOKIE) session = true;
    else if (name === INSTANCE_COOKIE) instance ??= part.slice(equals + 1).trim();
  }
  return session && instance ? instance : undefined;
}

/**
 * The `Set-Cookie` value to add to an answer, or undefined. Added when the app sets its session cookie, or
 * when the request stuck to an instance that is gone and another one answered; never over the app's own.
 */
export function stickyCookie(
  setCookies: readonly string[] | undefined,
  instanceId: string,
  requested: string | undefined,
  routePath: string,
): string | undefined {
  const moved = requested !== undefined && requested !== instanceId;
  if (setCookies === undefined && !moved) return undefined;
  if (setCookies?.some((cookie) => nameOf(cookie) === INSTANCE_COOKIE)) return undefined;
  const session = setCookies?.find((cookie) => nameOf(cookie) === SESSION_COOKIE);
  if (session === undefined && !moved) return undefined;
  const copied = (session ?? '')
    .split(';')
    .slice(1)
    .map((part) => part.trim())
    .filter((part) => COPIED_ATTRIBUTES.has((part.split('=', 1)[0] ?? '').trim().toLowerCase()));
  return [`${INSTANCE_COOKIE}=${instanceId}`, `Path=${routePath || '/'}`, ...copied, 'HttpOnly'].join('; ');
}

function nameOf(cookie: string): string {
  const equals = cookie.indexOf('=');
  return equals === -1 ? '' : cookie.slice(0, equals).trim();
}
