// Writes shared/vendor/ from the packages of package-lock.json. Run by `npm run vendor`; the files are kept in the
// repository, so that the pages need no package.
import {build} from 'esbuild';
import {readFileSync, writeFileSync} from 'node:fs';

const FOLDER = new URL('shared/vendor/', import.meta.url);
const PACKAGES = new URL('node_modules/', import.meta.url);

/** The parts of the packages that the map reads street files with. */
const VECTOR_TILES = `
  export {FetchSource, PMTiles, TileType} from 'pmtiles';
  export {VectorTile} from '@mapbox/vector-tile';
  export {PbfReader} from 'pbf';`;

/** Return each vendored file's name and content. */
export async function vendored() {
  const {outputFiles: [bundle]} = await build({
    stdin: {contents: VECTOR_TILES, resolveDir: new URL('.', import.meta.url).pathname},
    bundle: true, format: 'esm', minify: true, legalComments: 'none', write: false,
  });
  return {
    'preact.js': readFileSync(new URL('htm/preact/standalone.module.js', PACKAGES), 'utf8'),
    'vector_tiles.js': bundle.text,
  };
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  for (const [name, text] of Object.entries(await vendored())) writeFileSync(new URL(name, FOLDER), text);
}
