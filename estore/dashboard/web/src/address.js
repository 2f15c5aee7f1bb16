// The address holds the page and the filters, so that a view can be shared. A server has one path a page; a
// report opened from disk has no paths and keeps the same text after the #.

import { pages } from '../../pages.json';

const KEYS = ['period', 'from', 'to', 'category', 'brand', 'segment'];
export const isReport = Boolean(document.querySelector('#report, #packed'));

/** @returns {{page: string} & Record<string, string>} the page and the filters that are set */
export function readAddress() {
  const [name, query] = isReport
    ? location.hash.slice(1).split('?')
    : [location.pathname.split('/').at(-1), location.search];
  const given = new URLSearchParams(query);
  const filters = KEYS.filter((key) => given.get(key)).map((key) => [key, given.get(key)]);
  return { page: name in pages ? name : Object.keys(pages)[0], ...Object.fromEntries(filters) };
}

/** The filters as a query, always in one order, so that equal views have equal addresses. */
export function queryOf(filters) {
  return new URLSearchParams(KEYS.filter((key) => filters[key]).map((key) => [key, filters[key]])).toString();
}

/** A link to a page with filters. */
export function linkTo(page, filters) {
  const query = queryOf(filters);
  return (isReport ? '#' : '') + page + (query ? `?${query}` : '');
}

/** Go there without a reload; `replace` adds no entry to the history. */
export function writeAddress(page, filters, { replace = false } = {}) {
  history[replace ? 'replaceState' : 'pushState'](null, '', linkTo(page, filters));
}
