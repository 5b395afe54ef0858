/** An answer of the router as text or as a page. Pure; everything shown is escaped, nothing is executed. */
import { harmless } from '../kernel/harmless.ts';
import type { Answer } from './answers.ts';

export interface RenderedAnswer {
  readonly headers: readonly string[];
  readonly body: string;
}

/** Seconds until a page about a passing state asks again. */
const REFRESH_SECONDS = 2;

/** `html` as the client prefers (see `prefersHtml`); a page only ever refreshes itself on a safe method. */
export function renderAnswer(answer: Answer, html: boolean, requestId: string): RenderedAnswer {
  const body = html ? renderHtml(answer) : renderText(answer);
  const headers = [
    'Content-Type',
    html ? 'text/html; charset=utf-8' : 'text/plain; charset=utf-8',
    'Content-Length',
    String(Buffer.byteLength(body)),
    'X-Content-Type-Options',
    'nosniff',
    'Cross-Origin-Resource-Policy',
    'same-origin',
    'X-Cf-RouterError',
    answer.routerError,
    'X-Vcap-Request-Id',
    requestId,
  ];
  if (answer.cacheControl !== undefined) headers.push('Cache-Control', answer.cacheControl);
  if (html) {
    headers.push(
      'Content-Security-Policy',
      "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    );
    headers.push('Referrer-Policy', 'no-referrer', 'Vary', 'Accept');
  }
  return { headers, body };
}

/** Stopped ones say so. */
const LISTED = 'Routed here:';

function renderText(answer: Answer): string {
  const lines = [`${answer.status} ${answer.reason}: ${answer.message}`, ...answer.help];
  if (answer.links.length > 0)
    lines.push('', LISTED, ...answer.links.map(({ url, text }) => `${url} ${text}`));
  if (answer.logLines.length > 0) lines.push('', 'Its last log lines:', ...answer.logLines);
  // Read on a terminal (curl) as a rule.
  return `${lines.map((line) => harmless(line, false)).join('\n')}\n`;
}

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;margin:3rem auto;max-width:46rem;padding:0 1rem;color:#222;background:#fff}
h1{font-size:1.3rem}pre{background:#f4f4f4;padding:1rem;overflow:auto;font-size:.85rem}footer{color:#777;font-size:.85rem}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#1b1b1b}pre{background:#2a2a2a}a{color:#8ab4f8}}`;

function renderHtml(answer: Answer): string {
  const title = `${answer.status} ${answer.reason}`;
  const parts = [`<h1>${escapeHtml(title)}</h1>`, `<p>${escapeHtml(answer.message)}</p>`];
  for (const line of answer.help) parts.push(`<p>${escapeHtml(line)}</p>`);
  if (answer.links.length > 0) {
    const items = answer.links.map((link) => {
      const href = escapeHtml(link.url);
      return `<li><a href="${href}">${href}</a> ${escapeHtml(link.text)}</li>`;
    });
    parts.push(`<p>${LISTED}</p>`, `<ul>${items.join('\n')}</ul>`);
  }
  if (answer.logLines.length > 0) {
    parts.push('<p>Its last log lines:</p>', `<pre>${escapeHtml(answer.logLines.join('\n'))}</pre>`);
  }
  const refresh = answer.refresh ? `<meta http-equiv="refresh" content="${REFRESH_SECONDS}">` : '';
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">${refresh}
<title>${escapeHtml(title)}</title><style>${STYLE}</style></head>
<body>${parts.join('\n')}
<footer>paas-local router</footer></body></html>
`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (found) => ENTITIES[found] ?? found);
}

/** Whether `Accept` ranks a page above plain text. Browsers name `text/html`; tools say `*` or nothing. */
export function prefersHtml(accept: string | undefined): boolean {
  if (accept === undefined) return false;
  const html = quality(accept, 'text/html');
  return html > 0 && html >= quality(accept, 'text/plain');
}

function quality(accept: string, type: string): number {
  for (const range of accept.split(',')) {
    const [name, ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    if (name !== type) continue;
    const q = parameters.find((parameter) => parameter.startsWith('q='));
    const value = q === undefined ? 1 : Number(q.slice(2));
    return Number.isFinite(value) ? value : 0;
  }
  return 0;
}
