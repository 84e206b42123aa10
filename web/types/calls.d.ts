// The calls of the API, typed by its OpenAPI document (`api.d.ts` is generated from it).
import type {RequestOptions} from './client/index.js';
import type {paths} from './api.js';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** A path of the document with its parameters as any text. */
type Filled<P extends string> = P extends `${infer Head}{${string}}${infer Rest}` ? `${Head}${string}${Filled<Rest>}` : P;

/** The paths of the document that a text can stand for; one without parameters wins. */
type Matching<S extends string> = S extends keyof paths
  ? S
  : S extends `${infer P extends keyof paths & string}?${string}`
    ? P
    : {[P in keyof paths & string]: S extends Filled<P> | `${Filled<P>}?${string}` ? P : never}[keyof paths & string];

type Operation<S extends string, M extends Method> = paths[Matching<S>][Lowercase<M> & keyof paths[Matching<S>]];

type Body<O> = O extends {requestBody?: {content: {'application/json': infer B}}} ? B : undefined;

type Content<R> = R extends {content: {'application/json': infer A}} ? A : undefined;

type Answer<O> = O extends {responses: infer R} ? {[S in keyof R & (200 | 201 | 202 | 204)]: Content<R[S]>}[keyof R & (200 | 201 | 202 | 204)] : never;

/** Call a route of the API: an unknown path or a body that its schema refuses is an error of the type checker. */
export type Call = <const S extends string, M extends Method>(
  method: M,
  path: Matching<S> extends never ? never : S,
  body?: Body<Operation<S, M>>,
  options?: RequestOptions,
) => Promise<Answer<Operation<S, M>>>;
