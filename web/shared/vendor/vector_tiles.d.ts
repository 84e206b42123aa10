// The parts of pmtiles, @mapbox/vector-tile and pbf that the map uses.
export class FetchSource {
  constructor(url: string);
}
export class PMTiles {
  constructor(source: string | FetchSource);
  getHeader(): Promise<{minZoom: number; maxZoom: number; tileType: number}>;
  getZxy(z: number, x: number, y: number, signal?: AbortSignal): Promise<{data: ArrayBuffer} | undefined>;
}
export enum TileType {Unknown, Mvt}
export class PbfReader {
  constructor(data: Uint8Array);
}
export interface Feature {
  /** 1 is a point, 2 a line, 3 an area. */
  type: number;
  properties: Record<string, any>;
  loadGeometry(): {x: number; y: number}[][];
}
export class VectorTile {
  constructor(pbf: PbfReader);
  layers: Record<string, {length: number; extent: number; feature(index: number): Feature}>;
}
