/** Answers with a file, or with as much of it as is asked for and not known already. */
import { createReadStream, type Stats } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import { mediaType } from './media-types.ts';
import { readRange } from './range.ts';

export function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  { path, stats }: { readonly path: string; readonly stats: Stats },
  status = 200,
): void {
  const tag = `"${Math.floor(stats.mtimeMs).toString(16)}-${stats.size.toString(16)}"`;
  response.setHeader('Content-Type', mediaType(path));
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Last-Modified', stats.mtime.toUTCString());
  response.setHeader('ETag', tag);
  response.setHeader('Accept-Ranges', 'bytes');
  // A file is asked for anew each time: it is being worked on.
  response.setHeader('Cache-Control', 'no-cache');
  if (status === 200 && isKnown(request, tag, stats)) {
    response.writeHead(304).end();
    return;
  }
  const range =
    status === 200 && rangeApplies(request, tag, stats)
      ? readRange(request.headers.range, stats.size)
      : undefined;
  if (range === 'unsatisfiable') {
    response.writeHead(416, { 'Content-Range': `bytes */${stats.size}`, 'Content-Length': 0 }).end();
    return;
  }
  const { start, end } = range ?? { start: 0, end: stats.size - 1 };
  if (range) response.setHeader('Content-Range', `bytes ${start}-${end}/${stats.size}`);
  response.setHeader('Content-Length', end - start + 1);
  response.writeHead(range ? 206 : status);
  if (request.method === 'HEAD' || stats.size === 0) {
    response.end();
    return;
  }
  // A file that shrinks or goes away meanwhile breaks the connection, which is how the client learns of it.
  pipeline(createReadStream(path, { start, end }), response, () => {});
}

function isKnown({ headers }: IncomingMessage, tag: string, stats: Stats): boolean {
  const tags = headers['if-none-match'];
  if (tags !== undefined)
    return tags.trim() === '*' || tags.split(',').some((one) => one.trim().replace(/^W\//, '') === tag);
  const since = Date.parse(headers['if-modified-since'] ?? '');
  return Number.isFinite(since) && Math.floor(stats.mtimeMs / 1000) * 1000 <= since;
}

function rangeApplies({ headers }: IncomingMessage, tag: string, stats: Stats): boolean {
  const condition = headers['if-range'];
  return condition === undefined || condition === tag || condition === stats.mtime.toUTCString();
}
