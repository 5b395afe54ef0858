/** Serves a folder over HTTP as its Staticfile says. */
import { realpathSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { findFile, type Found } from './find-file.ts';
import { listingPage } from './listing.ts';
import { sendFile } from './send-file.ts';
import type { StaticOptions } from './staticfile.ts';

/** @param root the folder served; must exist */
export function createStaticServer(root: string, options: StaticOptions): Server {
  const realRoot = realpathSync.native(root);
  return createServer((request, response) => {
    try {
      answer(realRoot, options, request, response);
    } catch {
      // The file went away between being found and being read.
      if (!response.headersSent) sendStatus(realRoot, options, request, response, 500);
      else response.destroy();
    }
  });
}

function answer(
  root: string,
  options: StaticOptions,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    sendStatus(root, options, request, response, 405);
    return;
  }
  const found = find(root, options, request.url ?? '/');
  switch (found.kind) {
    case 'file':
      sendFile(request, response, found);
      return;
    case 'redirect':
      response.writeHead(301, { Location: found.location, 'Content-Length': 0 }).end();
      return;
    case 'folder':
      if (options.listing)
        sendText(
          request,
          response,
          200,
          listingPage(found.path, pathOf(request), options.dotFiles),
          'text/html',
        );
      else sendStatus(root, options, request, response, 403);
      return;
    case 'nothing':
      sendStatus(root, options, request, response, 404);
      return;
    case 'malformed':
      sendStatus(root, options, request, response, 400);
  }
}

function find(root: string, { dotFiles, pushState }: StaticOptions, target: string): Found {
  const found = findFile(root, target, dotFiles);
  return found.kind === 'nothing' && pushState ? findFile(root, '/', dotFiles) : found;
}

const pathOf = ({ url = '/' }: IncomingMessage): string => decodeURIComponent(url.split('?', 1)[0]!);

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  500: 'Internal Server Error',
};

/** The page the Staticfile names for that status, else one line. */
function sendStatus(
  root: string,
  options: StaticOptions,
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
): void {
  const page = pageFor(options, status);
  const found =
    page === undefined ? undefined : findFile(root, page.startsWith('/') ? page : `/${page}`, true);
  if (found?.kind === 'file') sendFile(request, response, found, status);
  else sendText(request, response, status, `${status} ${REASONS[status] ?? ''}\n`, 'text/plain');
}

/** Cloud Foundry also takes a class of statuses, `4xx`, and a list: `401 403`. */
function pageFor({ statusPages }: StaticOptions, status: number): string | undefined {
  const classOf = `${Math.floor(status / 100)}xx`;
  const entry =
    Object.entries(statusPages).find(([statuses]) => statuses.split(/[\s,]+/).includes(String(status))) ??
    Object.entries(statusPages).find(([statuses]) => statuses.toLowerCase() === classOf);
  return entry?.[1];
}

function sendText(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  text: string,
  type: string,
): void {
  response.writeHead(status, {
    'Content-Type': `${type}; charset=utf-8`,
    'Content-Length': Buffer.byteLength(text),
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(request.method === 'HEAD' ? undefined : text);
}
