/**
 * `npm run bench [cache|hooks|host|manifest|peers|push|router|router-memory|services|testing]`: ratios against a reference run side by side.
 */
const BENCHES: Readonly<Record<string, () => Promise<() => Promise<void>>>> = {
  cache: async () => (await import('./cache.ts')).runCacheBench,
  hooks: async () => (await import('./hooks.ts')).runHooksBench,
  host: async () => (await import('./host.ts')).runHostBench,
  manifest: async () => (await import('./manifest.ts')).runManifestBench,
  peers: async () => (await import('./peers.ts')).runPeersBench,
  push: async () => (await import('./push.ts')).runPushBench,
  router: async () => (await import('./router.ts')).runRouterBench,
  'router-memory': async () => (await import('./router.ts')).runRouterMemoryBench,
  services: async () => (await import('./services.ts')).runServicesBench,
  testing: async () => (await import('./testing.ts')).runTestingBench,
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in BENCHES));
if (unknown.length > 0) {
  console.error(`Cannot run ${unknown.join(', ')}. There are: ${Object.keys(BENCHES).join(', ')}`);
  process.exit(2);
}
for (const [name, load] of Object.entries(BENCHES)) {
  if (wanted.length === 0 || wanted.includes(name)) await (await load())();
}
