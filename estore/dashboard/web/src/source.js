// The source of answers: the server, or the tables inside a report.

import { isReport, queryOf } from './address.js';
import { localAnswer, openReport } from './local.js';

const KEPT = 40;
const embedded = (id) => {
  const element = document.getElementById(id);
  return element?.textContent ? JSON.parse(element.textContent) : null;
};
/** Answers by address, of one snapshot. */
const answers = new Map();
let version = null;

function keep(page, address, answer) {
  answer.page = page;
  if (answer.version !== version) answers.clear();
  version = answer.version;
  answers.delete(address);
  answers.set(address, answer);
  if (answers.size > KEPT) answers.delete(answers.keys().next().value);
  return answer;
}

const addressOf = (page, filters) => `api/page/${page}?${queryOf(filters)}`;

/** The answer that came with the page; it is used once. */
export function takeFirst(page, filters) {
  const first = isReport ? null : embedded('first');
  return first ? keep(page, addressOf(page, filters), first) : null;
}

async function fetchAnswer(page, filters, signal) {
  const address = addressOf(page, filters);
  let response;
  try {
    response = await fetch(address, { signal, headers: { accept: 'application/json' } });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Error('The server does not respond. Check that `estore serve` is running.');
  }
  const body = await response.json().catch(() => null);
  if (!response.ok || !body)
    throw new Error(body?.error ?? `The server answered with an error (${response.status}).`);
  return keep(page, address, body);
}

/** A report contains its tables as JSON, or compressed: base64 of gzip. */
async function readReport() {
  const packed = document.getElementById('packed');
  if (!packed) return openReport(embedded('report'));
  const bytes = Uint8Array.from(atob(packed.textContent.trim()), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return openReport(await new Response(stream).json());
}

let report = null;

/** Runs before the first query. */
export async function openSource() {
  if (isReport) report = await readReport();
}

/** The cached answer to a page's queries, if there is one. */
export function known(page, filters) {
  return report ? localAnswer(report, page, filters) : (answers.get(addressOf(page, filters)) ?? null);
}

/** The answer to a page's questions. Raises an Error whose message can be shown. */
export async function ask(page, filters, signal) {
  return known(page, filters) ?? fetchAnswer(page, filters, signal);
}

/** The same without the cache: finds a newly published snapshot. */
export async function askAnew(page, filters) {
  return report ? localAnswer(report, page, filters) : fetchAnswer(page, filters);
}
