// Builds estore/dashboard/static from web/: the same bytes from the same sources, so that the committed bundle
// can be held against them (`--check`).

import { build } from 'esbuild';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const web = dirname(fileURLToPath(import.meta.url));
const target = join(web, '..', 'static');
const isCheck = process.argv.includes('--check');

// Two scripts, so that the page is laid out while a browser still reads the chart library.
const result = await build({
  absWorkingDir: web,
  entryPoints: { app: 'src/main.js', charts: 'src/drawing.js' },
  bundle: true,
  minify: true,
  format: 'iife',
  target: ['chrome123', 'firefox120', 'safari17.5'],
  charset: 'utf8',
  legalComments: 'none',
  outdir: target,
  write: false,
});

const files = new Map(
  result.outputFiles.map(({ path, contents }) => [path.split('/').at(-1), Buffer.from(contents)]),
);
// The first line has a browser that knows it compile the library while the page is laid out, not when it draws.
// The chart library's licence asks for its notice beside it.
files.set(
  'charts.js',
  Buffer.concat([
    Buffer.from(
      '//# allFunctionsCalledOnLoad\n' +
        '/*! Apache ECharts 6.1.0, Apache License 2.0, and zrender, BSD 3-Clause: see LICENSES.txt */\n',
    ),
    files.get('charts.js'),
  ]),
);
for (const name of ['icon.svg', 'index.html']) files.set(name, readFileSync(join(web, name)));
files.set(
  'LICENSES.txt',
  Buffer.concat(
    ['echarts/LICENSE', 'echarts/NOTICE', 'zrender/LICENSE'].map((name) =>
      readFileSync(join(web, 'node_modules', name)),
    ),
  ),
);
const packed = (bytes) => ({
  br: brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_LGWIN]: 22,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  }),
  gz: gzipSync(bytes, { level: 9 }),
});
for (const name of ['app.js', 'charts.js', 'app.css', 'icon.svg']) {
  for (const [ending, bytes] of Object.entries(packed(files.get(name))))
    files.set(`${name}.${ending}`, bytes);
}

if (isCheck) {
  // Compressed neighbors differ between versions of zlib; what they hold does not.
  const known = (name) => !/\.(br|gz)$/.test(name);
  const differing = [...files]
    .filter(([name, bytes]) => known(name) && !readOr(join(target, name)).equals(bytes))
    .map(([name]) => name);
  const unknown = readdirSync(target).filter((name) => !files.has(name) && name !== 'error.html');
  if (differing.length || unknown.length) {
    console.error(
      `static/ is not what web/ builds: ${[...differing, ...unknown].join(', ')}. Run: npm run build`,
    );
    process.exit(1);
  }
} else {
  mkdirSync(target, { recursive: true });
  for (const [name, bytes] of files) writeFileSync(join(target, name), bytes);
  for (const name of ['app.js', 'charts.js', 'app.css'])
    console.log(
      name,
      files.get(name).length,
      'br',
      files.get(`${name}.br`).length,
      'gz',
      files.get(`${name}.gz`).length,
    );
}

function readOr(path) {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0);
  }
}
