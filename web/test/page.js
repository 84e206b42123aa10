import {html, render} from '../shared/vendor/preact.js';

/** Render a component into a fresh element and return it once effects have run. */
export async function show(component, props = {}) {
  const element = document.createElement('div');
  document.body.append(element);
  render(html`<${component} ...${props} />`, element);
  await settled();
  return element;
}

/** Wait until effects, promises and the updates that follow from them are done. */
export async function settled() {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** Return the visible text of an element. */
export function textOf(element) {
  return element.textContent.replace(/\s+/g, ' ').trim();
}

/**
 * Answer the page's requests: `answers` is a value, or a function of the request's body, by method and path without its query.
 * @param {Record<string, any>} answers
 */
export function serve(answers) {
  const asked = [];
  globalThis.fetch = async (url, {method = 'GET', body} = {}) => {
    const {pathname, search} = new URL(url, 'http://page.example/');
    asked.push(`${method} ${pathname}${search}`);
    const answer = answers[`${method} ${pathname}`];
    const value = typeof answer === 'function' ? answer(body && JSON.parse(body)) : answer;
    const {status = value === undefined ? 404 : 200, json = value} = value?.status ? value : {};
    return new Response(JSON.stringify(json ?? {message: 'There is no such route.'}), {status, headers: {'content-type': 'application/json'}});
  };
  return asked;
}
