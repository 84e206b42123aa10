// The pages import the client from `/client/`, beside them on the server; on disk it has a folder of its own.
const CLIENT = new URL('../../clients/javascript/', import.meta.url);

export function resolve(specifier, context, next) {
  const inside = /^(?:\.\.\/)+client\/(.*)$/.exec(specifier);
  return inside ? next(new URL(inside[1], CLIENT).href, context) : next(specifier, context);
}
