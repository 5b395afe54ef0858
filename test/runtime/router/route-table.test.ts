import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hostnameOf, isLocalName, readTarget } from '../../../runtime/router/host.ts';
import { RouteTable } from '../../../runtime/router/route-table.ts';
import { entry } from './helpers.ts';

const table = new RouteTable([
  entry([1], { host: 'a.example', app: 'root' }),
  entry([2], { host: 'a.example', path: '/foo', app: 'foo' }),
  entry([3], { host: 'a.example', path: '/foo/bar', app: 'bar' }),
  entry([4], { host: 'only.example', path: '/deep', app: 'deep' }),
  entry([5], { host: '*.example', app: 'wild' }),
  entry([6], { host: '*.b.example', path: '/Api', app: 'wildapi' }),
]);

describe('a route', () => {
  test.each([
    ['a.example', '/', 'root'],
    ['a.example', '/foo', 'foo'],
    ['a.example', '/foo?x=/bar', 'foo'],
    ['a.example', '/foo/', 'foo'],
    ['a.example', '/foobar', 'root'],
    ['a.example', '/FOO/x', 'foo'],
    ['a.example', '/foo/bar/baz', 'bar'],
    ['a.example', '/foo/barbaz', 'foo'],
    ['only.example', '/deep/x', 'deep'],
    ['only.example', '/other', 'wild'],
    ['b.example', '/', 'wild'],
    ['x.y.example', '/', 'wild'],
    ['x.b.example', '/api/v1', 'wildapi'],
    ['x.b.example', '/', 'wild'],
    ['example', '/', undefined],
    ['*.example', '/', 'wild'],
    ['localhost', '/', undefined],
    ['', '/', undefined],
  ])('of %s%s is %s', (host, path, app) => {
    expect(table.find(host, path)?.entries[0]?.app).toBe(app);
  });

  test('of plain localhost is any of the only app, by its path', () => {
    const one = new RouteTable([
      entry([1], { host: 'app.localhost' }),
      entry([1], { host: 'app.example' }),
      entry([1], { host: 'app.localhost', path: '/v2' }),
    ]);
    for (const host of ['localhost', '127.0.0.1', '[::1]', '127.1.2.3']) {
      expect(one.find(host, '/')?.key).toBe('app.localhost');
      expect(one.find(host, '/v2/x')?.key).toBe('app.localhost/v2');
    }
    expect(one.find('192.168.0.1', '/')).toBeUndefined();
  });
});

describe('a request target', () => {
  test.each([
    ['App.LocalHost:8080', 'app.localhost'],
    ['app.localhost.', 'app.localhost'],
    ['app.localhost.:80', 'app.localhost'],
    ['[::1]:8080', '[::1]'],
    ['[::1]', '[::1]'],
    ['a:b:c', 'a:b:c'],
    ['a:', 'a'],
    ['', ''],
  ])('with the authority %j means %j', (authority, hostname) => {
    expect(hostnameOf(authority)).toBe(hostname);
  });

  test.each([
    ['/x', 'a', { authority: 'a', hostname: 'a', path: '/x' }],
    ['*', 'a', { authority: 'a', hostname: 'a', path: '*' }],
    ['http://B:1', 'a', { authority: 'B:1', hostname: 'b', path: '/' }],
    ['HTTPS://b?q', 'a', { authority: 'b', hostname: 'b', path: '/?q' }],
    ['http://', 'a', { authority: '', hostname: '', path: '/' }],
    ['http:x', 'a', undefined],
    ['x', 'a', undefined],
    ['', 'a', undefined],
  ])('%j is read', (url, host, expected) => {
    expect(readTarget(url, host)).toEqual(expected);
  });

  test('never throws, whatever is sent', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (url, host) => {
        const target = readTarget(url, host);
        if (target) table.find(target.hostname, target.path);
      }),
    );
  });

  test('names are told from names somebody else may own', () => {
    expect(['localhost', 'x.localhost', '[::1]', '127.0.0.1'].every(isLocalName)).toBe(true);
    expect(
      ['evil.example', 'localhost.evil', '1270.0.0.1', 'xlocalhost', '127.0.0.1.nip.io'].some(isLocalName),
    ).toBe(false);
  });
});
