const escape = (text) => String(text).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** The whole page. `visits` is undefined where the cache did not answer, and `trouble` says why. */
export function page({ app, visits, trouble, cache, services, instance }) {
  const rows = services
    .map(({ name, label, at }) => `<tr><th scope="row">${escape(name)}</th><td>${escape(label)}</td><td><code>${escape(at)}</code></td></tr>`)
    .join('');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(app)}</title>
<link rel="icon" href="data:,">
<style>
  :root { color-scheme: light dark; --ink: #1d2733; --soft: #5b6875; --paper: #f5f3ee; --card: #fff; --line: #dfdad0; --mark: #0b6e5b; --bad: #a3341f; }
  @media (prefers-color-scheme: dark) { :root { --ink: #e8e6e1; --soft: #a3abb3; --paper: #14181d; --card: #1c222a; --line: #313a44; --mark: #5fd0b5; --bad: #ff9d86; } }
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
  main { width: min(38rem, calc(100% - 3rem)); padding: 2.5rem; box-sizing: border-box; background: var(--card); border: 1px solid var(--line); border-radius: 14px; }
  h1 { margin: 0; font-size: 1.1rem; font-weight: 600; color: var(--soft); }
  .count { margin: .25rem 0 0; font-size: clamp(3.5rem, 16vw, 6rem); font-weight: 700; line-height: 1.1; letter-spacing: -.04em; font-variant-numeric: tabular-nums; color: var(--mark); }
  .trouble { margin: 1rem 0 0; padding: .75rem 1rem; border-left: 4px solid var(--bad); color: var(--bad); }
  p { margin: .5rem 0 0; color: var(--soft); }
  table { width: 100%; margin-top: 2rem; border-collapse: collapse; text-align: left; }
  caption { padding-bottom: .5rem; text-align: left; font-weight: 600; }
  th, td { padding: .5rem .75rem .5rem 0; border-top: 1px solid var(--line); font-weight: 400; overflow-wrap: anywhere; }
  thead th { color: var(--soft); font-size: .85rem; }
</style>
</head>
<body>
<main>
  <h1>${escape(app)}</h1>
  ${
    trouble === undefined
      ? `<p class="count">${visits}</p><p>${visits === 1 ? 'visit' : 'visits'}, counted in the cache at <code>${escape(cache)}</code></p>`
      : `<p class="trouble" role="status">Visits are not counted: ${escape(trouble)}</p>`
  }
  ${
    rows
      ? `<table><caption>Bound services</caption><thead><tr><th scope="col">Name</th><th scope="col">Type</th><th scope="col">Address</th></tr></thead><tbody>${rows}</tbody></table>`
      : '<p>No service is bound to this app.</p>'
  }
  <p>Instance ${escape(instance)}. Reload the page to be counted again.</p>
</main>
</body>
</html>
`;
}
